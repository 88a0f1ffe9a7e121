"""BOHB: what its model is made of, what it proposes, and the paper's toy problem."""

from zlib import crc32

import joblib
import numpy as np
import pytest
from scipy import stats
from sklearn.exceptions import FitFailedWarning

from sknet_hp.search import BOHBSearchCV, HyperbandSearchCV
from sknet_hp.search.proposals.kde import fit_densities
from sknet_hp.search.spaces.space import Space
from tests.helpers.playing import FITS, Played, ScoredRun, assert_same_results

X, y = np.zeros((12, 2)), np.array([0, 1] * 6)
CV = [(np.arange(6), np.arange(6, 12))]
UNIT = {"quality": stats.uniform(0, 1), "other": ["a", "b", "c"]}


def make(max_epochs=9, space=None, **changes):
    return BOHBSearchCV(
        Played(max_epochs=max_epochs),
        space or UNIT,
        **{"cv": CV, "random_state": 0, "initial_candidates": None} | changes,
    )


# ---- the model -----------------------------------------------------------------------------------------------------


def model(losses, d=2, **changes):
    configs = np.column_stack([np.arange(len(losses)) / len(losses)] * d)
    return fit_densities(
        configs, np.array(losses), np.zeros(d, int), np.random.RandomState(0), **{"min_points": d + 1} | changes
    )


@pytest.mark.parametrize(("n", "n_good", "n_bad"), [(6, 3, 3), (10, 3, 7), (20, 3, 17), (40, 6, 34), (101, 15, 85)])
def test_how_many_are_good_and_bad(n, n_good, n_bad):
    """n_good = max(3, 15 n // 100), n_bad = max(3, 85 n // 100), as far as there are so
    many.
    """
    made = model(range(n))
    assert (len(made.good.data), len(made.bad.data)) == (n_good, n_bad)
    assert list(made.good.data[:, 0]) == [k / n for k in range(n_good)]


def test_a_model_needs_more_data_than_dimensions_on_both_sides():
    assert model(range(5)) is None
    assert model(range(7), d=3) is None
    assert model(range(8), d=3) is not None


def test_the_failed_count_as_the_worst():
    made = model([np.nan, np.nan, 3.0, 2.0, np.nan, 1.0])
    assert list(made.good.data[:, 0] * 6) == pytest.approx([5, 3, 2])
    assert list(made.bad.data[:, 0] * 6) == pytest.approx([0, 1, 4])


def proposals_after(scores_of, n=100, **changes):
    """What is proposed after 40 candidates, whose `quality` runs from 0 to 1, were
    scored at given resources.
    """
    search, run, space = make(**changes), ScoredRun(None, most=9), Space(UNIT)
    vectors = []
    for k in range(40):
        candidate = run.propose({"quality": k / 40, "other": "abc"[k % 3]})
        vectors.append(space.encode(candidate.params))
        for n_resources, score in scores_of(k).items():
            run.score = lambda params, at, score=score: score
            run.train([(candidate, n_resources, 0)])
    random_state = np.random.RandomState(0)
    made = search._fit_densities(run, vectors, np.array([0, 3]), random_state)
    return made, [search._propose(made, space, set(), random_state) for _ in range(n)]


def test_proposals_are_where_the_good_ones_are():
    _, proposals = proposals_after(lambda k: {1: -abs(k / 40 - 0.7)}, random_fraction=0)
    assert np.quantile([abs(p["quality"] - 0.7) for p in proposals], 0.9) < 0.15
    _, proposals = proposals_after(lambda k: {1: float(k % 3 == 1)}, random_fraction=0)
    assert np.mean([p["other"] == "b" for p in proposals]) > 0.9


def test_a_third_is_drawn_at_random():
    _, proposals = proposals_after(lambda k: {1: -abs(k / 40 - 0.9)}, n=600)
    assert np.mean([p["quality"] < 0.6 for p in proposals]) == pytest.approx(0.6 / 3, abs=0.05)


def test_the_largest_budget_that_has_a_model_is_asked():
    """At 3 the order is that of 1 upside down; 9 has too few for a model."""
    made, _ = proposals_after(
        lambda k: {1: float(k)} | ({3: float(-k)} if k < 20 else {}) | ({9: 1.0} if k < 3 else {})
    )
    assert len(made.good.data) + len(made.bad.data) == 20
    assert made.good.data[:, 0].max() < 0.1
    made, _ = proposals_after(lambda k: {1: float(k)} | ({3: float(-k)} if k < 5 else {}))
    assert made.good.data[:, 0].min() > 0.8


def test_without_a_model_proposals_are_random():
    made, proposals = proposals_after(lambda k: {1: 1.0} if k < 5 else {}, n=300)
    assert made is None
    assert stats.kstest([p["quality"] for p in proposals], "uniform").pvalue > 0.01


def test_conditional_spaces():
    space = [{"other": ["a"], "quality": (0.0, 1.0)}, {"other": ["b", "c"]}]
    search = make(27, space, n_brackets=8).fit(X, y)
    assert all(("quality" in p) == (p["other"] == "a") for p in search.cv_results_["params"])
    assert search.best_params_["other"] == "a"


# ---- brackets ------------------------------------------------------------------------------------------------------


def test_brackets_are_hyperbands_one_after_another():
    search, hyperband = (
        make(27).fit(X, y),
        HyperbandSearchCV(Played(max_epochs=27), UNIT, cv=CV, random_state=0, initial_candidates=None).fit(X, y),
    )
    counts = [
        sorted(
            zip(
                *(s.cv_results_[name].tolist() for name in ("bracket", "iter", "n_resources", "candidate")), strict=True
            )
        )
        for s in (search, hyperband)
    ]
    assert [row[:3] for row in counts[0]] == [row[:3] for row in counts[1]]
    assert list(search.cv_results_["bracket"]) == sorted(search.cv_results_["bracket"])
    assert search.n_candidates_ == 49


def test_brackets_begin_again_at_the_first():
    search = make(n_brackets=4).fit(X, y)
    assert list(np.bincount(search.cv_results_["bracket"])) == [13, 6, 3, 13]


def test_initial_candidates_are_first():
    search = make(initial_candidates=[{"quality": 7.0, "other": "a"}, "current"]).fit(X, y)
    assert [params["quality"] for params in search.cv_results_["params"][:2]] == [7.0, 0.5]
    assert search.best_params_["quality"] == 7.0


def test_one_from_outside_the_space_takes_nobodys_place():
    space = {"quality": [0.1, 0.2, 0.3], "other": ["a"]}
    search = make(space=space, initial_candidates=[{"quality": 7.0, "other": "a"}]).fit(X, y)
    assert {params["quality"] for params in search.cv_results_["params"]} == {0.1, 0.2, 0.3, 7.0}


def test_no_candidate_is_tried_twice():
    space = {"quality": [k / 9 for k in range(9)], "other": ["a", "b"]}
    search = make(space=space, n_brackets=5, initial_candidates=[{"quality": 0.0, "other": "a"}]).fit(X, y)
    assert search.n_candidates_ == 18, "all there are, though brackets would take 31"
    first = search.cv_results_["n_resources"] == [
        min(search.cv_results_["n_resources"][search.cv_results_["candidate"] == c])
        for c in search.cv_results_["candidate"]
    ]
    settings = {(p["quality"], p["other"]) for p in np.array(search.cv_results_["params"])[first]}
    assert len(settings) == 18


def test_the_failed_rank_last():
    with pytest.warns(FitFailedWarning, match="fits failed"):
        search = make(space={"quality": [None, *(k / 20 for k in range(20))]}).fit(X, y)
    assert search.best_params_["quality"] == 0.95
    with pytest.raises(ValueError, match="fits failed"):
        make(space={"quality": [None], "other": (0, 99)}).fit(X, y)


@pytest.mark.parametrize(
    "space", [UNIT, [{"quality": (0.0, 1.0)}, {"other": ["a", "b"]}]], ids=["plain", "conditional"]
)
def test_second_run_from_a_journal_trains_nothing(tmp_path, space):
    def again(journal=None):
        return make(27, space, refit=False, n_brackets=6, journal=journal).fit(X, y)

    search = again()
    assert_same_results(again(tmp_path / "j"), search)
    FITS.clear()
    assert_same_results(again(tmp_path / "j"), search)
    assert not FITS


def test_results_do_not_depend_on_the_backend():
    search = make(n_brackets=6).fit(X, y)
    with joblib.parallel_config("threading", n_jobs=3):
        assert_same_results(make(n_brackets=6).fit(X, y), search)


def test_nothing_to_choose_from():
    search = make(space={"quality": [0.5]}).fit(X, y)
    assert search.n_candidates_ == 1


# ---- counting ones -------------------------------------------------------------------------------------------------

D = 8
ONES = {f"choice{k}": [0, 1] for k in range(D)} | {f"number{k}": (0.0, 1.0) for k in range(D)}


def counted(params, n_samples):
    """Counting ones (section 4.1 of the paper): choices that are 1, and the mean of
    coins, thrown as often as the budget says.
    """
    values = np.array([params[name] for name in ONES], dtype=float)
    coins = np.random.RandomState(crc32(values.tobytes()))
    return values[:D].sum() + coins.binomial(n_samples, values[D:]).sum() / n_samples


def regret_of(search, most=729, least=9):
    """What the best lacks of D + D ones, had its coins been thrown endlessly often."""
    run = ScoredRun(counted, most=most, least=least)
    search._search(run, Space(ONES))
    best = max((row for row in run.rows if row.n_resources == most), key=run.get_score).candidate
    return 2 * D - sum(best.params.values()), sum(c.n_resources for c in run.candidates)


def random_search(seed, budget, most=729):
    drawn = Space(ONES).sample(budget // most, np.random.RandomState(seed))
    return 2 * D - sum(max(drawn, key=lambda params: counted(params, most)).values())


def test_counting_ones():
    """Within equal budgets BOHB finds more ones than Hyperband and random search, by
    far: Hyperband is BOHB that never asks its model.
    """
    bohb, hyperband, random = [], [], []
    for seed in range(5):
        regret, budget = regret_of(BOHBSearchCV(None, ONES, n_brackets=10, random_state=seed))
        bohb.append(regret)
        regret, same = regret_of(BOHBSearchCV(None, ONES, n_brackets=10, random_fraction=1.0, random_state=seed))
        hyperband.append(regret)
        random.append(random_search(seed, budget))
        assert same == budget
    assert np.median(bohb) < 0.7 * np.median(hyperband)
    assert np.median(hyperband) < np.median(random)
