import numpy as np
import pytest

from sknet_hp.report import SeedsDisplay
from tests.helpers.seeds import make_seeds_result


def get_note(display):
    return display.ax_.texts[-1].get_text().replace("\n", " ")


@pytest.mark.parametrize("n_repeats", [1, 2])
def test_each_seed_is_a_line_that_ends_at_its_mean(n_repeats):
    result = make_seeds_result(n_repeats=n_repeats)
    display = SeedsDisplay.from_result(result)
    lines = [line.get_ydata() for line in display.ax_.lines if len(line.get_ydata()) == len(result.splits) + 1]
    scores = result.get_scores()
    np.testing.assert_allclose(lines, np.column_stack([scores, scores.mean(axis=1)]))
    assert display.ax_.get_xticklabels()[-1].get_text() == "mean"


def test_the_best_and_the_worst_seed_are_named():
    result = make_seeds_result()
    texts = {text.get_text() for text in SeedsDisplay.from_result(result).ax_.texts}
    means = result.get_scores().mean(axis=1)
    assert {f"seed {means.argmax()}: {means.max():.4f}", f"seed {means.argmin()}: {means.min():.4f}"} <= texts


def test_the_bar_has_the_shares_of_the_variance():
    display = SeedsDisplay.from_result(make_seeds_result())
    [bar] = display.ax_.child_axes
    np.testing.assert_allclose([patch.get_width() for patch in bar.patches], display.variance["share"])
    assert "variance of a single fit's score" in get_note(display)


def test_without_variance_there_is_no_bar():
    display = SeedsDisplay.from_result(make_seeds_result(np.array([[0.8], [0.8]])))
    assert not display.ax_.child_axes
    assert get_note(display).endswith("Better is up.")


def test_errors_are_positive_and_less_of_them_is_above():
    ax = SeedsDisplay.from_result(make_seeds_result(), metric="neg_log_loss").ax_
    assert ax.get_ylabel() == "Log loss (lower is better)"
    assert ax.yaxis.get_major_formatter()(-0.25, 0) == "0.25"
    assert ax.get_ylim()[0] < ax.get_ylim()[1] < 0


def test_a_metric_that_was_not_computed_is_refused():
    with pytest.raises(ValueError, match="metric='r2' was not computed"):
        SeedsDisplay.from_result(make_seeds_result(), metric="r2")
