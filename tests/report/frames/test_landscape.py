import numpy as np
import pytest

from sknet_hp.report.frames.landscape import rank_by_slices, read_landscape
from tests.helpers.evaluations import make_search

SPACE = {"lr": (1e-4, 0.1, "log-uniform"), "alpha": (0.0, 1.0), "solver": ["a", "b"]}


def make_params(n=30):
    rng = np.random.default_rng(0)
    return [
        {"lr": float(10 ** rng.uniform(-4, -1)), "alpha": float(rng.uniform()), "solver": "ab"[k % 2]} for k in range(n)
    ]


def make_landscape(params, scores, names=None, **given):
    return read_landscape(make_search(params, scores, space=SPACE, **given), names)


def test_each_candidate_is_there_once_where_it_got_furthest():
    params = make_params(4)
    landscape = make_landscape(
        [*params, params[0]], [0.1, 0.2, 0.3, np.nan, 0.9], resources=[1, 1, 1, 1, 3], candidates=[0, 1, 2, 3, 0]
    )
    assert landscape.frame["score"].tolist()[:3] == [0.9, 0.2, 0.3]
    assert landscape.frame["resource"].tolist() == [3, 1, 1, 1]
    assert landscape.frame["failed"].tolist() == [False, False, False, True]
    assert landscape.frame["best"].tolist() == [True, False, False, False]
    assert landscape.has_rungs


def test_lines_are_of_scores_after_the_same_epochs():
    params = make_params()
    scores = [-(np.log10(each["lr"]) ** 2) for each in params]
    landscape = make_landscape(
        [*params, params[0]], [*scores, 99.0], resources=[3] * 30 + [9], candidates=[*range(30), 0]
    )
    assert landscape.resource == 3
    assert landscape.comparable["score"].tolist() == pytest.approx(scores)
    [places], surface = landscape.smooth(["lr"], 20)
    assert surface.r2 > 0.8
    assert np.diff(np.log(places)) == pytest.approx(np.full(19, np.log(places[-1] / places[0]) / 19))


def test_surfaces_have_the_last_axis_fastest():
    params = make_params(60)
    landscape = make_landscape(params, [each["alpha"] for each in params])
    _, surface = landscape.smooth(["lr", "alpha"], 10)
    heights = surface.heights.reshape(10, 10)
    assert np.nanmean(heights[:, -3:]) > np.nanmean(heights[:, :3]) + 0.3


def test_categories_have_no_line():
    landscape = make_landscape(make_params(), np.arange(30))
    assert landscape.smooth(["solver"], 5)[0] == []


@pytest.mark.parametrize("name", ["lr", "solver"])
def test_what_explains_most_comes_first(name):
    params = make_params(60)
    noise = np.random.default_rng(1).normal(scale=0.01, size=60)
    values = {"lr": lambda each: np.log10(each["lr"]), "solver": lambda each: float(each["solver"] == "a")}[name]
    assert rank_by_slices(make_landscape(params, [values(each) for each in params] + noise))[0] == name


def test_what_diverged_does_not_press_the_rest_flat():
    landscape = make_landscape(make_params(21), [0.8 + 0.01 * k for k in range(20)] + [-1e6])
    assert 0 < landscape.floor <= 0.81


def test_what_was_dropped_early_is_cut_off_but_for_half():
    scores = [0.3] * 10 + [0.5] * 5 + [0.9 + 0.001 * k for k in range(15)]
    resources = [1] * 15 + [9] * 15
    landscape = make_landscape(make_params(30), scores, resources=resources, candidates=range(30))
    assert 0.5 < landscape.floor < 0.9
    landscape = make_landscape(make_params(30), scores)
    assert landscape.floor == 0.3


def test_hyperparameters_with_one_value_are_left_out():
    params = [{**each, "solver": "a"} for each in make_params(5)]
    assert set(make_landscape(params, np.arange(5)).axes) == {"lr", "alpha"}
    assert list(make_landscape(params, np.arange(5), ["alpha"]).axes) == ["alpha"]
    with pytest.raises(ValueError, match="do not differ in any parameter"):
        make_landscape([{"solver": "a"}] * 3, np.arange(3))


def test_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="candidates do not differ in 'beta'"):
        make_landscape(make_params(3), np.arange(3), ["beta"])
    with pytest.raises(ValueError, match="none of the 3 candidates has a score"):
        make_landscape(make_params(3), [np.nan] * 3, best=0)
