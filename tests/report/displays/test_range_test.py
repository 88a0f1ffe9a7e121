import numpy as np
import pytest

from sknet_hp.report import RangeTestDisplay
from sknet_hp.report.colours import SERIES
from tests.helpers.range_tests import make_result


def read_texts(display):
    return [text.get_text() for text in display.ax_.texts]


def test_rates_are_labelled_at_their_lines():
    display = RangeTestDisplay.from_result(make_result())
    expected = ["suggestion: 0.01", "steepest: 0.001", "tenth of lowest: 0.002", "edge of divergence: 0.1", "now: 0.01"]
    assert set(expected) <= set(read_texts(display))
    uprights = [line for line in display.ax_.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2]
    assert len({line.get_linestyle() for line in uprights}) == 4
    assert display.ax_.get_xscale() == "log"


def test_the_suggestion_has_the_band_of_its_spread():
    display = RangeTestDisplay.from_result(make_result())
    [band] = display.ax_.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((0.005, 0.02))
    assert display.ax_.lines[1].get_color() == SERIES[0]


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [({"edge": np.inf}, "edge of divergence"), ({"lr": 7.0}, "now"), ({"chance_loss": np.nan}, "chance")],
)
def test_what_is_not_there_is_not_drawn(attributes, missing):
    display = RangeTestDisplay.from_result(make_result(**attributes))
    assert not any(text.startswith(missing) for text in read_texts(display))


def test_losses_over_orders_of_magnitude_get_a_logarithmic_scale():
    low = {rate: [loss] for rate, loss in zip([0.001, 0.01, 0.1], [1.0, 0.01, 0.9], strict=True)}
    assert RangeTestDisplay.from_result(make_result(low)).ax_.get_yscale() == "log"
    assert RangeTestDisplay.from_result(make_result()).ax_.get_yscale() == "linear"


def test_losses_beyond_chance_do_not_press_the_rest_flat():
    losses = {rate: [loss] for rate, loss in zip([0.001, 0.01, 0.1, 1], [0.8, 0.3, 0.9, 1e9], strict=True)}
    result = make_result(losses)
    result.curve.loc[3, "loss"] = 1.0
    low, high = RangeTestDisplay.from_result(result).ax_.get_ylim()
    assert low < 0.3
    assert high < 3
