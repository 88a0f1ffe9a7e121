"""Searches led by a model: their libraries' proposals, each tried once, whatever the
space.
"""

import numpy as np
import optuna
import pytest
import skopt
from scipy import stats
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import RandomizedSearchCV
from sklearn.utils.estimator_checks import check_estimator

from sknet_hp import NetClassifier, search
from sknet_hp.search import CmaEsSearchCV, GPSearchCV, TPESearchCV
from sknet_hp.search.arithmetic.brackets import plan_hyperband
from sknet_hp.search.arithmetic.cost import sum_resources
from sknet_hp.search.spaces.axes import Axes
from sknet_hp.search.spaces.space import Space
from tests.helpers.formulas import LR, Formula, X, compute_value, fit_search, list_candidates, make_listener, y
from tests.helpers.scripts import run_code

pytestmark = pytest.mark.timeout(110)


@pytest.mark.parametrize("searcher", [TPESearchCV, CmaEsSearchCV])
def test_better_than_random(searcher):
    space, draws = (
        {"lr": LR, "dropout": (0.0, 0.9)},
        {"lr": stats.loguniform(1e-6, 1), "dropout": stats.uniform(0, 0.9)},
    )
    ours = [
        fit_search(searcher, space, n_candidates=32, n_points=8, random_state=seed).best_score_ for seed in range(8)
    ]
    random = [
        RandomizedSearchCV(Formula(), draws, n_iter=32, cv=2, random_state=seed).fit(X, y).best_score_
        for seed in range(8)
    ]
    assert np.median(ours) > np.median(random) / 1.5


# ---- spaces --------------------------------------------------------------------------------------------------------

SPACES = {
    "tuples": {"shape": [(1,), (1, 1), (2, 2)], "lr": LR},
    "foreign distributions": {
        "lr": stats.lognorm(2, scale=0.01),
        "width": stats.randint(4, 64),
        "dropout": stats.beta(2, 5),
    },
    "dimensions": {
        "lr": skopt.space.Real(1e-5, 1, prior="log-uniform"),
        "activation": skopt.space.Categorical(["relu", "selu"]),
    },
    "distributions of Optuna": {
        "lr": optuna.distributions.FloatDistribution(1e-5, 1, log=True),
        "width": optuna.distributions.IntDistribution(8, 64, step=8),
    },
    "alternatives": [
        {"lr": LR, "activation": ["relu"], "dropout": (0.0, 0.9)},
        {"lr": LR, "activation": ["selu", "tanh"], "width": [8, 64, 16, 32]},
    ],
}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_any_space(searcher, space):
    found = fit_search(searcher, space)
    candidates = list_candidates(found)
    assert len(candidates) == 14
    assert len({repr(params) for params in candidates}) == 14
    axes = Axes(Space(space))
    assert all(axes.encode(params) is not None for params in candidates)
    assert found.best_score_ == max(compute_value(**params) for params in candidates)
    if isinstance(space, list):
        assert {"dropout" in params for params in candidates} == {True, False}, "both alternatives"


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_points_and_parameters(space, ordered):
    axes = Axes(Space(space), ordered=ordered)
    for params in Space(space).sample(20, 0):
        again = axes.decode(axes.encode(params))
        assert again.keys() == params.keys()
        for name, value in params.items():
            assert again[name] == (pytest.approx(value) if isinstance(value, float) else value)


def test_alternatives_share_what_is_the_same():
    axes = Axes(Space(SPACES["alternatives"]), ordered=True)
    assert [axis.label for axis in axes.list_shared()] == ["lr"]
    assert len(axes.list_varied()) == 5, "the branch, lr, dropout, activation of the second, width"
    assert [axes.decode(axes.encode({"lr": 0.1, "activation": "tanh", "width": 64}))["width"]] == [64]


# ---- each once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_points", [1, 4, 32])
@pytest.mark.parametrize(
    "space",
    [{"activation": ["relu", "selu", "tanh"], "lr": [0.1, 0.01]}, {"width": (4, 9)}],
    ids=["choices", "whole numbers"],
)
def test_a_space_is_exhausted(searcher, space, n_points):
    found = fit_search(searcher, space, n_candidates=32, n_points=n_points)
    assert found.n_candidates_ == 6
    assert len({repr(params) for params in list_candidates(found)}) == 6


@pytest.mark.parametrize("searcher", [TPESearchCV, CmaEsSearchCV])
def test_proposals_that_are_known_lead_to_others(searcher):
    """A model that has converged on a point of a grid repeats it; the search goes on
    around it.
    """
    space = {
        "width": [4, 8, 16, 32, 64, 128, 256],
        "dropout": [0.0, 0.2, 0.4, 0.6, 0.8],
        "activation": ["relu", "selu", "tanh"],
    }
    found = fit_search(searcher, space, n_candidates=60, n_points=4)
    assert len({repr(params) for params in list_candidates(found)}) == 60
    assert found.best_params_["activation"] == "selu"


def test_batches(searcher):
    class Counting(searcher):
        """Notes its batches."""

        def _search(self, run, space):
            sizes, train = [], run.train
            run.train = lambda steps, **how: (sizes.append(len(steps)), train(steps, **how))
            super()._search(run, space)
            self.sizes_ = sizes

    assert fit_search(Counting, {"lr": LR, "dropout": (0.0, 0.9)}, n_candidates=11, n_points=4).sizes_ == [4, 4, 3]
    initial = [{"lr": 0.1, "dropout": 0.1}, "current"]
    assert fit_search(
        Counting, {"lr": LR, "dropout": (0.0, 0.9)}, n_candidates=11, n_points=4, initial_candidates=initial
    ).sizes_ == [2, 4, 4, 1]


# ---- what comes first ----------------------------------------------------------------------------------------------


def test_initial_candidates_come_first_and_are_told(searcher):
    space = {"lr": LR, "dropout": (0.0, 0.9)}
    good, outside = {"lr": 5e-3, "dropout": 0.2}, {"lr": 7.0, "dropout": 0.1}
    told = []
    found = fit_search(make_listener(searcher, told), space, initial_candidates=["current", good, good, outside])
    assert list_candidates(found)[:3] == [{"lr": 0.1, "dropout": 0.0}, good, outside], "each once"
    assert (good, compute_value(**good)) in told[:3]
    assert found.n_candidates_ == 14


# ---- failures, seeds, journals -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:(?s).*fits failed")
def test_failures_are_the_worst(searcher):
    told = []
    found = fit_search(make_listener(searcher, told), {"lr": LR, "dropout": (0.0, 0.9)}, Formula(fails=0.02))
    failed = [params["lr"] > 0.02 for params, _ in told]
    assert 0 < sum(failed) < 14 == len(told)
    so_far = np.inf
    for start in range(0, 14, 4):
        batch = told[start : start + 4]
        so_far = min([so_far, *(compute_value(**params) for params, _ in batch if params["lr"] <= 0.02)])
        assert all(score == (so_far if params["lr"] > 0.02 else compute_value(**params)) for params, score in batch)
    assert found.best_params_["lr"] <= 0.02


@pytest.mark.parametrize("multi_fidelity", [False, True])
def test_one_that_fails_does_not_end_the_search(searcher, multi_fidelity):
    """A batch of one, as an initial candidate is, was taken for all there are."""
    settings = {
        "n_candidates": 6,
        "multi_fidelity": multi_fidelity,
        "initial_candidates": [{"lr": 0.5}],
        "refit": False,
    }
    with pytest.warns(FitFailedWarning, match="fits failed out of"):
        found = fit_search(searcher, {"lr": (1e-6, 0.9, "log-uniform")}, Formula(fails=0.4, max_epochs=4), **settings)
    assert found.best_params_["lr"] < 0.4
    with pytest.raises(ValueError, match=r"All the \d+ fits failed"):
        fit_search(searcher, {"lr": (1e-6, 0.9, "log-uniform")}, Formula(fails=0, max_epochs=4), **settings)


def test_what_fails_first_is_not_the_best(searcher):
    """It was told as 0, above all negative losses; now it is told when there is a
    worst.
    """
    told = []
    score = lambda formula, X, y: np.nan if formula.lr == 0.5 else compute_value(formula.lr)  # noqa: E731
    fit_search(
        make_listener(searcher, told),
        {"lr": LR},
        n_candidates=4,
        n_points=1,
        scoring=score,
        initial_candidates=[{"lr": 0.5}],
    )
    assert told[0] == ({"lr": 0.5}, compute_value(told[1][0]["lr"]))
    assert len(told) == 4


@pytest.mark.parametrize("multi_fidelity", [False, True])
def test_a_seed_fixes_all(searcher, multi_fidelity):
    global_state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (
        fit_search(searcher, SPACES["alternatives"], multi_fidelity=multi_fidelity, random_state=5) for _ in range(2)
    )
    other = fit_search(searcher, SPACES["alternatives"], multi_fidelity=multi_fidelity, random_state=6)
    assert list_candidates(first) == list_candidates(second)
    assert list_candidates(first) != list_candidates(other)
    assert np.array_equal(global_state, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("multi_fidelity", [False, True])
def test_a_journal_is_taken_up(searcher, multi_fidelity, tmp_path):
    settings = {"multi_fidelity": multi_fidelity, "initial_candidates": ["current"], "n_candidates": 14}
    whole = fit_search(searcher, SPACES["tuples"], **settings)
    fit_search(searcher, SPACES["tuples"], journal=tmp_path, **settings)
    records = (tmp_path / "records").read_bytes().splitlines(keepends=True)
    (tmp_path / "records").write_bytes(b"".join(records[: len(records) // 2]))
    before = Formula.trained
    again = fit_search(searcher, SPACES["tuples"], journal=tmp_path, **settings)
    assert 0 < Formula.trained - before < 9 * 2 * 14
    for name, values in whole.cv_results_.items():
        if not name.endswith("time"):
            assert np.array_equal(values, again.cv_results_[name]), name


def test_spaces_that_hold_one_value_or_can_only_be_drawn_from(searcher):
    """A float of Optuna whose bounds are equal was taken for 0."""
    one = {
        "dropout": optuna.distributions.FloatDistribution(0.1, 0.1),
        "lr": optuna.distributions.FloatDistribution(0.1, 0.1, log=True),
    }
    assert list_candidates(fit_search(searcher, one)) == [{"dropout": 0.1, "lr": 0.1}]

    class Drawn:
        def rvs(self, random_state=None):
            return 0.5

    before = Formula.trained
    with pytest.raises(ValueError, match=r"'lr'.*no methods `cdf` and `ppf`"):
        fit_search(searcher, {"lr": Drawn()})
    assert Formula.trained == before


# ---- brackets ------------------------------------------------------------------------------------------------------


def test_brackets_are_hyperbands(searcher):
    # A Gaussian process takes its time.
    most, n_candidates, n_epochs = (9, 17, 69) if searcher is GPSearchCV else (27, 49, 357)
    brackets = plan_hyperband(most, 1, 3)
    Formula.trained = 0
    found = fit_search(
        searcher,
        {"lr": LR},
        Formula(max_epochs=most),
        multi_fidelity=True,
        min_resources=1,
        cv=2,
        refit=False,
        n_points=9,
    )
    assert Formula.trained == 2 * sum(map(sum_resources, brackets)) == 2 * n_epochs
    assert found.n_candidates_ == n_candidates
    results = found.cv_results_
    for s, rungs in enumerate(brackets):
        for iteration, rung in enumerate(rungs):
            here = (np.array(results["bracket"]) == s) & (np.array(results["iter"]) == iteration)
            assert here.sum() == rung.n_candidates
            assert set(np.array(results["n_resources"])[here]) == {rung.n_resources}


@pytest.mark.parametrize("searcher", [TPESearchCV, CmaEsSearchCV])
def test_later_brackets_are_better(searcher):
    found = fit_search(
        searcher,
        {"lr": LR, "dropout": (0.0, 0.9)},
        Formula(max_epochs=27),
        multi_fidelity=True,
        min_resources=1,
        n_points=5,
    )
    scores, bracket = found.cv_results_["mean_test_score"], np.array(found.cv_results_["bracket"])
    entry = np.array(found.cv_results_["iter"]) == 0
    assert np.median(scores[entry & (bracket >= 1)]) > np.median(scores[entry & (bracket == 0)]) / 1.5


# ---- manners -------------------------------------------------------------------------------------------------------


def test_networks_are_fused(searcher, bundles):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)).astype(np.float32)
    net = NetClassifier(width=8, n_layers=1, max_epochs=3, random_state=0)
    found = searcher(net, {"lr": LR}, n_candidates=8, n_points=4, cv=3, random_state=0).fit(
        X, (X[:, 0] > 0).astype(int)
    )
    assert sum(bundles) == 24, "eight candidates of three folds; the best one is fitted alone"
    assert found.best_params_["max_epochs"] == 3


def test_nothing_of_optuna_is_changed_or_heard(capfd):
    for level in (optuna.logging.INFO, optuna.logging.ERROR):
        optuna.logging.set_verbosity(level)
        fit_search(TPESearchCV, SPACES["alternatives"])
        fit_search(CmaEsSearchCV, {"lr": LR, "width": (4, 64)}, initial_candidates="current")
        assert optuna.logging.get_verbosity() == level
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    assert capfd.readouterr() == ("", "")


LIBRARIES = {"TPESearchCV": "optuna", "CmaEsSearchCV": "cmaes", "GPSearchCV": "skopt"}


def test_without_their_libraries():
    code = f"""
import sys
import sknet_hp.search
for name, missing in {LIBRARIES}.items():
    sys.modules[missing] = None
    try:
        getattr(sknet_hp.search, name)
    except ImportError as error:
        print(error)
    del sys.modules[missing]
"""
    said = run_code(code).stdout.splitlines()
    for name, line in zip(LIBRARIES, said, strict=True):
        assert name in line
        assert "sknet_hp[bayes]" in line


@pytest.mark.parametrize("wrong", [{"n_points": 0}, {"n_candidates": "auto"}, {"multi_fidelity": "yes"}])
def test_wrong_settings(searcher, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        fit_search(searcher, {"lr": LR}, **wrong)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")
def test_conformance(searcher):
    net = NetClassifier(max_epochs=9, width=16, batch_size=32, random_state=0)
    results = check_estimator(
        searcher(net, {"lr": [1e-2, 3e-2, 1e-1], "dropout": [0.0, 0.1]}, cv=2), on_fail=None, on_skip=None
    )
    assert [
        (result["check_name"], result["exception"]) for result in results if result["status"] in ("failed", "xfail")
    ] == []
    assert len(results) > 40


def test_exported():
    assert {"CmaEsSearchCV", "GPSearchCV", "TPESearchCV"} <= set(search.__all__)
