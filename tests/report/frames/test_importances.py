import sys

import numpy as np
import pytest

from sknet_hp.report.frames.importances import measure_importances
from tests.helpers.evaluations import make_search

pytest.importorskip("optuna")
SPACE = {"lr": (1e-4, 0.1, "log-uniform"), "dropout": (0.0, 0.5), "activation": ["relu", "tanh"]}


def make_candidates(n):
    rng = np.random.default_rng(0)
    return [
        {
            "lr": float(10 ** rng.uniform(-4, -1)),
            "dropout": float(rng.uniform(0, 0.5)),
            "activation": str(rng.choice(["relu", "tanh"])),
        }
        for _ in range(n)
    ]


def score_by_lr(params):
    return [-((np.log10(each["lr"]) + 2) ** 2) for each in params]


@pytest.fixture(scope="module")
def params():
    return make_candidates(60)


@pytest.mark.parametrize("method", ["ped-anova", "fanova"])
def test_what_decides_is_found(params, method):
    found = measure_importances(make_search(params, score_by_lr(params), space=SPACE), method, n_resamples=0)
    assert found.frame["parameter"].iloc[0] == "lr"
    assert found.frame["share"].sum() == pytest.approx(1)
    assert found.frame["share"].iloc[0] > 0.6


def test_what_decides_exceeds_luck(params):
    frame = measure_importances(make_search(params, score_by_lr(params), space=SPACE), n_resamples=20).frame
    assert (frame["share"] > frame["luck"]).tolist() == [True, False, False]
    assert frame["sd"].between(0, 0.5).all()


def test_luck_is_no_importance(params):
    scores = np.random.default_rng(1).normal(size=60)
    frame = measure_importances(make_search(params, scores, space=SPACE), n_resamples=40).frame
    assert (frame["share"] <= frame["luck"]).all()


def test_the_same_seed_gives_the_same_numbers(params):
    search = make_search(params, score_by_lr(params), space=SPACE)
    first, second = (measure_importances(search, n_resamples=3).frame for _ in range(2))
    assert first.equals(second)


def test_scores_are_compared_after_the_same_epochs(params):
    """What went on to nine epochs is better for that alone."""
    went_on = np.arange(5)
    search = make_search(
        params + [params[k] for k in went_on],
        score_by_lr(params) + [10.0] * 5,
        resources=[3] * 60 + [9] * 5,
        candidates=[*range(60), *went_on],
        space=SPACE,
    )
    found = measure_importances(search, n_resamples=0)
    assert (found.n_candidates, found.resource) == (60, 3)
    assert found.frame["luck"].isna().all()
    alone = measure_importances(make_search(params, score_by_lr(params), space=SPACE), n_resamples=0)
    assert found.frame["share"].tolist() == pytest.approx(alone.frame["share"].tolist())


def test_too_few_candidates_are_refused(params):
    search = make_search(
        params[:30], score_by_lr(params[:30]), resources=[1] * 15 + [3] * 15, candidates=range(30), space=SPACE
    )
    with pytest.raises(ValueError, match=r"at least 20 candidates.* this search has 15 after the same resource \(1\)"):
        measure_importances(search)
    with pytest.raises(ValueError, match="this search has 8"):
        measure_importances(make_search(params[:8], score_by_lr(params[:8]), space=SPACE))


def test_failed_candidates_do_not_count(params):
    scores = np.array(score_by_lr(params))
    scores[:10] = np.nan
    assert measure_importances(make_search(params, scores, space=SPACE), n_resamples=0).n_candidates == 50


def test_what_is_missing_or_unknown_is_named(params, monkeypatch):
    search = make_search(params, score_by_lr(params), space=SPACE)
    with pytest.raises(ValueError, match=r"method='anova' must be one of \['ped-anova', 'fanova'\]"):
        measure_importances(search, "anova")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"pip install 'sknet_hp\[bayes\]'"):
        measure_importances(search)


def test_names_are_short_and_what_was_not_varied_is_left_out(params):
    piped = [{f"net__{name}": value for name, value in each.items()} | {"net__width": 64} for each in params]
    space = {f"net__{name}": dimension for name, dimension in SPACE.items()} | {"net__width": [64]}
    frame = measure_importances(make_search(piped, score_by_lr(params), space=space), n_resamples=0).frame
    assert sorted(frame["label"]) == ["activation", "dropout", "lr"]
    assert frame["parameter"].iloc[0] == "net__lr"
