"""Specifications of charts: valid for Vega-Lite, small, and of the search."""

from copy import copy

import altair
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from sknet_hp import NetRegressor
from sknet_hp.evaluation import compare, nested_cross_validate, repeat_over_seeds
from sknet_hp.report import report
from sknet_hp.report.charts.base import group_ranks, list_log_ticks, make_data
from sknet_hp.report.charts.learning_curves import MOST_CURVES, draw_search_curves
from sknet_hp.report.charts.parallel_coordinates import draw_parallel_coordinates
from sknet_hp.report.charts.search_history import draw_history
from sknet_hp.report.charts.slices import draw_slices
from sknet_hp.report.page.subjects.pictures import draw_search, draw_seeds
from sknet_hp.report.searches import rank_candidates
from sknet_hp.search import HalvingSearchCV
from sknet_hp.search.views.metric import Metric, find_metric
from tests.helpers.html_pages import Page
from tests.helpers.populations import NET as POPULATION_NET
from tests.helpers.populations import SPACE as POPULATION_SPACE
from tests.helpers.populations import X as POPULATION_X
from tests.helpers.populations import y as population_y
from tests.helpers.seeds import make_seeds_result

MOST_BYTES = 3_000_000


class LargeSearch:
    """What a search of 500 candidates leaves behind, without one."""

    def __init__(self, n=500, n_splits=5, n_epochs=60):
        rng = np.random.default_rng(0)
        lr, dropout, width = 10 ** rng.uniform(-4, -1, n), rng.uniform(0, 0.5, n), rng.choice([16, 32, 64], n)
        columns = {"lr": lr, "dropout": dropout, "width": width}
        self.param_distributions = {"lr": (1e-4, 0.1, "log-uniform"), "dropout": (0.0, 0.5), "width": [16, 32, 64]}
        params = [{name: values[k].item() for name, values in columns.items()} for k in range(n)]
        scores = 0.8 - 0.02 * (np.log10(lr) + 2.5) ** 2 + rng.normal(0, 0.01, (n_splits, n))
        self.cv_results_ = {
            "params": params,
            "mean_test_score": scores.mean(axis=0),
            "std_test_score": scores.std(axis=0),
        }
        self.cv_results_ |= {f"split{k}_test_score": scores[k] for k in range(n_splits)}
        self.cv_results_ |= {f"param_{name}": np.ma.array(values) for name, values in columns.items()}
        self.cv_results_["mean_fit_time"] = np.ones(n)
        self.n_splits_, self.best_index_, self.refit = n_splits, int(scores.mean(axis=0).argmax()), True
        self.estimator, self.findings_ = NetRegressor(), []
        grid = pd.MultiIndex.from_product(
            [range(n), range(n_splits), range(1, n_epochs + 1)], names=["candidate", "split", "epoch"]
        )
        self.curves_ = grid.to_frame(index=False).assign(iter=0, bracket=0, n_resources=n_epochs, valid_score=np.nan)
        losses = 1 / self.curves_["epoch"] + rng.normal(0, 0.01, len(grid))
        self.curves_ = self.curves_.assign(train_loss=losses, valid_loss=losses + 0.1)

    def fit(self, X, y=None):
        """Is what makes it an estimator."""


@pytest.fixture(scope="module")
def large():
    return LargeSearch()


def test_a_page_of_500_candidates_is_small_and_says_what_it_leaves_out(large, tmp_path):
    path = report(large, tmp_path / "page.html")
    assert path.stat().st_size < MOST_BYTES
    assert f"{MOST_CURVES} of 497, spread evenly from best to worst" in Page(path).text


def test_the_best_curves_are_kept(large):
    data = draw_search_curves(large).spec
    rows = [row for values in data["datasets"].values() for row in values]
    assert large.best_index_ in {row.get("candidate") for row in rows}
    assert max(row["epoch"] for row in rows) == 60


def test_losses_over_decades_have_an_axis_of_powers_of_ten(large):
    """Without what has no meaning there: Vega-Lite would warn in the console."""
    wide = copy(large)
    wide.curves_ = large.curves_.assign(valid_loss=10 ** (-4 * large.curves_["valid_loss"]))
    y = draw_search_curves(wide).spec["layer"][-1]["encoding"]["y"]
    assert y["scale"] == {"type": "log"}
    assert {0.01, 0.001} <= set(y["axis"]["values"])


def test_best_candidates_without_a_line_have_no_entry_in_the_legend(large):
    diverged = copy(large)
    [_, second, _] = rank_candidates(large)[:3]
    far = large.curves_["candidate"] == second
    diverged.curves_ = large.curves_.assign(valid_loss=large.curves_["valid_loss"].where(~far, 1e9))
    picture = draw_search_curves(diverged)
    assert picture.spec["layer"][-1]["encoding"]["color"]["legend"]["values"] == [1, 3]
    assert "Losses far above those of most candidates are left out." in picture.caption


def test_scores_below_the_scale_are_triangles(large):
    far = copy(large)
    [*_, worst] = rank_candidates(large)
    scores = large.cv_results_["mean_test_score"].copy()
    scores[worst] = -50
    far.cv_results_ = large.cv_results_ | {"mean_test_score": scores}
    slices = draw_slices(far, Metric("r2"))
    assert "Triangles at the bottom lie beyond the scale." in slices.caption
    assert "Triangles" not in draw_slices(large, Metric("r2")).caption
    rows = [row for values in slices.pictures[0].spec["datasets"].values() for row in values]
    assert [row["candidate"] for row in rows if row.get("kind") == "below"] == [worst]


def check_spec(spec):
    """Raise what is no specification of Vega-Lite."""
    altair.Chart.from_dict({key: value for key, value in spec.items() if key != "usermeta"}, validate=True)


def test_charts_of_searches_are_valid(large):
    for search in (large, population().fit(POPULATION_X, population_y)):
        sections = draw_search(search, find_metric(search))
        blocks = [block for section in sections for block in section.blocks]
        pictures = [each for block in blocks for each in getattr(block, "pictures", [block])]
        assert len(pictures) >= 5
        for picture in pictures:
            check_spec(picture.spec)
            assert picture.title


def test_parameters_of_pipelines_have_their_short_names():
    """As in parallel coordinates, and in pictures."""
    X, y = load_iris(return_X_y=True)
    pipeline = Pipeline([("tree", DecisionTreeClassifier(random_state=0))])
    grid = {"tree__max_depth": [1, 2, 3], "tree__min_samples_leaf": [1, 5]}
    slices = draw_slices(GridSearchCV(pipeline, grid, cv=2).fit(X, y), Metric("accuracy"))
    assert {picture.title for picture in slices.pictures} == {"max_depth", "min_samples_leaf"}


def population():
    from sknet_hp.search import PBTSearchCV

    return PBTSearchCV(POPULATION_NET, POPULATION_SPACE, population_size=4, cv=2, random_state=0)


def test_schedules_are_those_of_the_winner():
    search = population().fit(POPULATION_X, population_y)
    [schedules] = [
        block
        for section in draw_search(search, find_metric(search))
        for block in section.blocks
        if block.title == "The schedule that was found"
    ]
    assert {picture.title for picture in schedules.pictures} <= set(POPULATION_SPACE)


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=90), "b": rng.normal(size=90)})
    return X, pd.Series(1000 * X["a"] + rng.normal(size=90), name="price")


def test_pages_of_regressors_are_in_the_targets_unit(numbers, tmp_path):
    X, y = numbers
    net = NetRegressor(width=8, max_epochs=6, random_state=0)
    cv = KFold(3, shuffle=True, random_state=0)
    search = HalvingSearchCV(net, {"lr": [3e-3, 3e-2]}, n_candidates="grid", cv=2, random_state=0)
    result = nested_cross_validate(search, X, y, cv=cv, scoring="neg_mean_absolute_error")
    page = Page(report(result, tmp_path / "evaluation.html"))
    assert f"{-result.mean:,.4g} Mean absolute error (lower is better)".replace(",", "") in page.text.replace(",", "")
    assert "How large are the errors?" in page.headings
    comparison = compare(result, net, X=X, y=y, scoring="neg_mean_absolute_error")
    page = Page(report(comparison, tmp_path / "comparison.html"))
    assert page.headings[1:3] == ["Which is better?", "How good is each?"]
    for spec in page.specs:
        check_spec(spec)
    seeds = repeat_over_seeds(net, X, y, n_seeds=3, cv=cv)
    page = Page(report(seeds, tmp_path / "seeds.html"))
    assert "How much does the seed matter?" in page.headings


def list_parts(spec, key):
    """Everything that a specification has under a name, at any depth."""
    if isinstance(spec, dict):
        return [each for name, part in spec.items() for each in ([part] if name == key else list_parts(part, key))]
    return [each for part in spec for each in list_parts(part, key)] if isinstance(spec, list) else []


@pytest.mark.parametrize("name", ["accuracy", "neg_log_loss"])
def test_better_is_up_whatever_the_metric(large, name):
    """Scales of errors run the other way; heights of parallel coordinates are places."""
    metric = Metric(name)
    for picture in (draw_history(large, metric), draw_slices(large, metric).pictures[0]):
        reversed_ = [each for y in list_parts(picture.spec, "y") for each in list_parts(y, "reverse")]
        assert set(reversed_) == {metric.is_error}
    parallel = draw_parallel_coordinates(large, metric)
    rows = [row for values in parallel.spec["datasets"].values() for row in values if row.get("best")]
    assert max(row["place"] for row in rows if row["axis"] == 3) == 1.0
    assert "better is up" in parallel.caption


def test_stages_are_marked_with_their_numbers(large):
    large.cv_results_["stage"] = np.array(["learning rate"] * 200 + ["schedule"] * 300, dtype=object)
    picture = draw_history(large, Metric("accuracy"))
    check_spec(picture.spec)
    [axis] = [each for each in list_parts(picture.spec, "axis") if each and each.get("orient") == "top"]
    assert axis["values"] == [100.5, 350.5]
    assert axis["labelOverlap"] == "greedy", "every other one would be left out"
    assert '"350.5": "2"' in axis["labelExpr"]
    assert picture.caption.endswith("Stages: (1)\u00a0learning rate, (2)\u00a0schedule.")
    del large.cv_results_["stage"]


def test_charts_of_seeds_have_each_score_and_the_parts_of_the_variance():
    result = make_seeds_result(n_repeats=2)
    scores, variance = draw_seeds(result)[:2]
    for picture in (scores, variance):
        check_spec(picture.spec)
    rows = [row for values in scores.spec["datasets"].values() for row in values]
    assert len(rows) == result.get_scores().size + len(result.seeds)
    assert {row["split"] for row in rows} == {"0.0", "0.1", "1.0", "1.1", "mean"}
    assert {row["line"] for row in rows} == {"best mean", "worst mean", "other seeds"}
    [parts] = variance.spec["datasets"].values()
    assert sum(row["share"] for row in parts) == pytest.approx(1, abs=1e-4)
    assert len(draw_seeds(make_seeds_result(np.full((2, 1), 0.5)))) == 2  # one for each metric, no variance


def test_ranks_are_groups_of_equal_size_with_the_unknown_lowest():
    assert group_ranks(np.array([3.0, 1.0, np.nan, 2.0, 4.0])).tolist() == [4, 2, 1, 3, 5]
    assert group_ranks(np.array([1.0, 1.0])).tolist() == [1, 1]


def test_data_is_plain_and_short():
    rows = [{"a": np.float32(1 / 3), "b": np.nan, "c": np.int64(2), "d": None, "e": ("x",), "f": np.True_}]
    [row] = make_data(rows).to_dict()["values"]
    assert row == {"a": 0.33333, "b": None, "c": 2, "d": None, "e": "('x',)", "f": True}


def test_ticks_of_logarithms_lie_between_the_ends():
    assert list_log_ticks(2e-4, 0.1) == pytest.approx([1e-3, 1e-2, 1e-1])
    assert list_log_ticks(8e-4, 2.5e-3) == pytest.approx([1e-3, 2e-3])
    assert list_log_ticks(19, 60) == [20, 50]
    assert list_log_ticks(29, 45) == [30, 40]
    assert list_log_ticks(31, 31) == []


def test_errors_are_positive_and_lower_is_better():
    metric = Metric("neg_mean_absolute_error")
    assert metric.write(-31250.4) == "31,250"
    assert metric.write_interval(-3.0, -1.0) == "1.0000 to 3.0000"
    assert metric.write_gain(0.5) == "0.5000 lower"
    assert Metric("accuracy").write_gain(0.5) == "0.5000 higher"
    assert Metric("accuracy").write_gain(1e-9) == "the same"
