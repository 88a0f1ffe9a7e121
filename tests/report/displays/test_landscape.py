import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.collections import QuadMesh

from sknet_hp.report import LandscapeDisplay
from tests.helpers.evaluations import make_search

SPACE = {"lr": (1e-4, 0.1, "log-uniform"), "alpha": (0.0, 1.0), "solver": ["a", "b"]}


def make_example(n=40, n_failed=0, n_diverged=0, **given):
    rng = np.random.default_rng(0)
    params = [
        {"lr": float(10 ** rng.uniform(-4, -1)), "alpha": float(rng.uniform()), "solver": "ab"[k % 2]} for k in range(n)
    ]
    scores = np.array([1 - (np.log10(each["lr"]) + 2) ** 2 / 10 - each["alpha"] / 10 for each in params])
    scores[:n_failed] = np.nan
    scores[n_failed : n_failed + n_diverged] = -1e6
    return make_search(params, scores, space=SPACE, **given)


def get_note(display):
    return " ".join(text.get_text() for ax in display.figure_.axes for text in ax.texts).replace("\n", " ")


def test_slices_have_the_scales_of_the_space():
    display = LandscapeDisplay.from_search(make_example())
    scales = {panel.get_xlabel(): panel.get_xscale() for panel in display.axes_}
    assert scales == {"lr": "log", "alpha": "linear", "solver": "linear"}
    assert display.axes_[0].get_xlabel() == "lr"  # it explains most
    assert display.axes_[0].lines
    assert "Line: running mean, or median of a choice." in get_note(display)


def test_the_best_is_marked():
    display = LandscapeDisplay.from_search(make_example(), parameters=["alpha"])
    best = display.frame[display.frame["best"]].iloc[0]
    stars = [each.get_offsets()[0] for each in display.axes_[0].collections if len(each.get_offsets()) == 1]
    assert any(np.allclose(star, (best["alpha"], best["score"])) for star in stars)


def test_failed_and_diverged_candidates_are_told():
    display = LandscapeDisplay.from_search(make_example(n_failed=3, n_diverged=2))
    n_low = (display.frame["score"] < display.landscape.floor).sum()
    assert n_low >= 2
    assert f"Below the axis (▾): {n_low}. 3 failed (×)." in get_note(display)
    assert display.axes_[0].get_ylim()[0] > -10


def test_pairs_are_shaded_where_candidates_can_be_compared():
    display = LandscapeDisplay.from_search(make_example(80), kind="pairs", parameters=["lr", "alpha"])
    [panel] = display.axes_
    assert (panel.get_xlabel(), panel.get_ylabel(), panel.get_xscale()) == ("lr", "alpha", "log")
    assert "Shade: mean nearby." in get_note(display)
    assert not any(isinstance(each, QuadMesh) for each in panel.collections)
    search = make_example(80, resources=[1] * 40 + [3] * 40, candidates=range(80))
    display = LandscapeDisplay.from_search(search, kind="pairs", parameters=["lr", "alpha"])
    assert "Shade" not in get_note(display)
    assert "Larger dots were trained longer: 1 to 3 epochs." in get_note(display)


def test_all_pairs_have_a_panel():
    assert len(LandscapeDisplay.from_search(make_example(), kind="pairs").axes_) == 3


def test_axes_in_a_grid_are_divided():
    figure, axes = pyplot.subplots(1, 2)
    display = LandscapeDisplay.from_search(make_example(), ax=axes[1])
    assert display.figure_ is figure
    assert min(panel.get_position().x0 for panel in display.axes_) >= axes[0].get_position().x1
    with pytest.raises(ValueError, match="cannot be divided"):
        LandscapeDisplay.from_search(make_example(), ax=figure.add_axes((0, 0, 1, 1)))


def test_kinds_and_pairs_are_checked():
    with pytest.raises(ValueError, match=r"kind='cubes' must be one of \['slices', 'pairs'\]"):
        LandscapeDisplay.from_search(make_example(), kind="cubes")
    with pytest.raises(ValueError, match='kind="pairs" needs two hyperparameters or more'):
        LandscapeDisplay.from_search(make_example(), kind="pairs", parameters=["lr"])


@pytest.mark.parametrize("kind", ["slices", "pairs"])
def test_errors_are_positive_with_the_best_above(kind):
    search = make_example()
    search.scoring = "neg_mean_absolute_error"
    search.cv_results_["mean_test_score"] -= 5
    display = LandscapeDisplay.from_search(search, kind=kind)
    axis = display.axes_[0].yaxis if kind == "slices" else display.figure_.axes[-1].yaxis
    assert axis.get_label_text() == "Mean absolute error"
    assert axis.get_major_formatter()(-4.5) == "4.5"


def test_what_has_no_room_is_told():
    params = [{f"x{k}": (7 * k + i) % 10 / 10 for k in range(14)} for i in range(20)]
    display = LandscapeDisplay.from_search(make_search(params, np.linspace(0, 1, 20)))
    assert len(display.axes_) == 12
    assert "Not drawn: 2 other hyperparameters." in get_note(display)
    assert "Not drawn" not in get_note(LandscapeDisplay.from_search(make_example()))


def test_of_many_choices_some_are_named():
    params = [{"depth": None if k == 30 else k, "lr": k / 100} for k in range(31)]
    display = LandscapeDisplay.from_search(make_search(params, np.linspace(0, 1, 31)), parameters=["depth"])
    assert 5 <= len(display.axes_[0].get_xticks()) <= 10


def test_an_axis_of_many_decades_has_few_ticks():
    params = [{"alpha": 10.0 ** (k - 8)} for k in range(17)]
    [panel] = LandscapeDisplay.from_search(make_search(params, np.linspace(0, 1, 17))).axes_
    low, high = panel.get_xlim()
    assert sum(low <= tick <= high for tick in panel.get_xticks()) <= 4


def test_a_narrow_logarithmic_axis_has_few_ticks():
    params = [{"lr": lr} for lr in np.geomspace(0.002, 0.0045, 12)]
    search = make_search(params, np.linspace(0, 1, 12), space={"lr": (0.002, 0.0045, "log-uniform")})
    [panel] = LandscapeDisplay.from_search(search).axes_
    low, high = panel.get_xlim()
    assert panel.get_xscale() == "log"
    assert 2 <= sum(low <= tick <= high for tick in panel.get_xticks()) <= 4
