"""Journals of another search are refused, and what makes it another one."""

import json
import os
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.search import HalvingSearchCV, JournalError, search_space
from sknet_hp.search.journal.identity import Identity, digest
from sknet_hp.search.journal.journal import Journal
from sknet_hp.search.journal.lines import decode, encode
from tests.helpers.journaled import NET, SPACE, Stop, X, assert_same_search, make_network_search, stop_after, y
from tests.helpers.scripts import run_code

pytestmark = pytest.mark.timeout(120)


# ---- refused -------------------------------------------------------------------------------------------------------

OTHERS = {
    "rows": (lambda path: make_network_search(path).fit(X + 1, y), "data set"),
    "target": (lambda path: make_network_search(path).fit(X, 1 - y), "data set"),
    "weights": (lambda path: make_network_search(path).fit(X, y, sample_weight=np.ones(60)), "data set"),
    "space": (
        lambda path: make_network_search(path, space=SPACE | {"lr": stats.loguniform(1e-3, 0.4)}).fit(X, y),
        "space",
    ),
    "names": (lambda path: make_network_search(path, space={"lr": SPACE["lr"]}).fit(X, y), "space"),
    "seed": (lambda path: make_network_search(path, random_state=1).fit(X, y), "random_state"),
    "folds": (lambda path: make_network_search(path, cv=KFold(2, shuffle=True, random_state=0)).fit(X, y), "cv"),
    "number of folds": (lambda path: make_network_search(path, cv=3).fit(X, y), "cv"),
    "estimator": (lambda path: make_network_search(path, clone(NET).set_params(width=9)).fit(X, y), "estimator"),
    "its seed": (lambda path: make_network_search(path, clone(NET).set_params(random_state=1)).fit(X, y), "estimator"),
    "searcher": (
        lambda path: make_network_search(path, Search=HalvingSearchCV).fit(X, y),
        "searcher and another setting of the search",
    ),
    "factor": (lambda path: make_network_search(path, factor=4).fit(X, y), "setting of the search"),
    "resources": (lambda path: make_network_search(path, max_resources=27).fit(X, y), "setting of the search"),
    "scoring": (lambda path: make_network_search(path, scoring="roc_auc").fit(X, y), "setting of the search"),
    "initial candidates": (
        lambda path: make_network_search(path, initial_candidates=None).fit(X, y),
        "setting of the search",
    ),
    "two": (
        lambda path: make_network_search(path, random_state=1, factor=4).fit(X, y),
        "random_state and another setting of the search",
    ),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "run"
    make_network_search(path).fit(X, y)
    return path


@pytest.mark.parametrize(("search", "what"), OTHERS.values(), ids=OTHERS)
def test_of_another_search(finished, search, what):
    before = (finished / "records").read_bytes()
    with pytest.raises(JournalError, match=f"is of a search with another {what}; give another path to start again"):
        search(finished)
    assert (finished / "records").read_bytes() == before


def test_of_another_version(finished, monkeypatch):
    from sknet_hp.search.base import journaling

    monkeypatch.setattr(journaling, "_VERSION", "99")
    with pytest.raises(JournalError, match="another version of sknet_hp"):
        make_network_search(finished).fit(X, y)


def test_the_same_search_is_not_refused(finished, whole):
    """Where and how it runs is no part of it, nor is the path's kind."""
    assert_same_search(make_network_search(str(finished), n_jobs=2, verbose=0, time_budget=1e6).fit(X, y), whole[True])


def test_seeds_must_be_numbers(path):
    for seed in (None, np.random.RandomState(0)):
        with pytest.raises(
            ValueError, match="needs an integer random_state, so that the same search can be resumed; got"
        ):
            make_network_search(path, random_state=seed).fit(X, y)


def test_candidates_that_changed(path):
    """What the digests do not see: a distribution that draws otherwise than before."""
    make_network_search(path).fit(X, y)
    lines = (path / "records").read_bytes().splitlines(keepends=True)
    changed = [decode(line) | {"origin": "of another"} for line in lines]
    (path / "records").write_bytes(b"".join(map(encode, changed)))
    with pytest.raises(JournalError, match=r"knows candidate \d+ with other parameters than \{'"):
        make_network_search(path).fit(X, y)


def test_two_at_once(path):
    first = Journal(path, Identity({"a": "1"}))
    with pytest.raises(JournalError, match="is in use by another process; wait for it, or give another path"):
        Journal(path, Identity({"a": "1"}))
    code = (
        f"from sknet_hp.search.journal.journal import Identity, Journal\nJournal({str(path)!r}, Identity({{'a': '1'}}))"
    )
    assert "is in use by another process" in run_code(code, check=False).stderr
    first.close()
    Journal(path, Identity({"a": "1"})).close()


def test_a_path_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(JournalError, match="must be a directory"):
            make_network_search(path).fit(X, y)
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(JournalError, match="holds other files"):
        make_network_search(tmp_path).fit(X, y)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_networks_without_a_seed(path):
    """They could not be taken up with the same bits."""
    pipeline = make_pipeline(StandardScaler(), NetClassifier(max_epochs=2))
    for net, space in ((pipeline[-1], {"lr": [0.1]}), (pipeline, {"netclassifier__lr": [0.1]})):
        with pytest.raises(ValueError, match=r"needs networks with an integer random_state, .*random_state=None"):
            make_network_search(path, net, space).fit(X, y)


def test_networks_without_a_seed_within_others(path):
    held = TransformedTargetRegressor(NetRegressor(max_epochs=2))
    with pytest.raises(ValueError, match=r"got regressor__random_state=None"):
        make_network_search(path, held, {"regressor__lr": [0.1]}, cv=2).fit(X, X[:, 0])
    choices = Pipeline([("scale", StandardScaler()), ("net", NET)])
    with pytest.raises(ValueError, match=r"got net__random_state=None"):
        make_network_search(path, choices, {"net": [NET, NetClassifier(max_epochs=2)]}).fit(X, y)
    seeded = BaggingClassifier(NetClassifier(max_epochs=2), 2, random_state=0)  # gives each a seed
    make_network_search(path, seeded, {"max_samples": [9, 10]}, resource="n_samples", min_resources=20).fit(X, y)


# ---- what is in it -------------------------------------------------------------------------------------------------


def test_no_pickle_anywhere(path, monkeypatch):
    for estimator, space, resource in (
        (NET, SPACE, "auto"),
        (GradientBoostingClassifier(n_estimators=9), {"max_depth": [1, 2, 3]}, "n_estimators"),
        (LogisticRegression(), {"C": [0.1, 1.0]}, "n_samples"),
    ):
        own = path / type(estimator).__name__
        with monkeypatch.context() as patch:
            stop_after(3, patch)
            with pytest.raises(Stop):
                make_network_search(own, estimator, space, resource=resource).fit(X, y)
        files = [file for file in own.rglob("*") if file.is_file()]
        assert {file.name for file in files} >= {"search.json", "records"}
        for file in files:
            content = file.read_bytes()
            for start in range(min(len(content), 40)):
                assert content[start : start + 2] not in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), (
                    f"{file} looks like a pickle"
                )
    assert json.loads((path / "NetClassifier" / "search.json").read_text())["searcher"] == "HyperbandSearchCV"


def test_networks_that_go_no_further_are_deleted(path):
    make_network_search(path).fit(X, y)
    assert not list((path / "states").iterdir())


def test_digests():
    assert digest(NET) == digest(clone(NET))
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(1) != digest(1.0) != digest("1.0")
    assert digest([1, 2]) != digest((1, 2))
    assert digest(stats.loguniform(1e-3, 1)) == digest(stats.loguniform(1e-3, 1)) != digest(stats.loguniform(1e-3, 2))
    assert digest(np.arange(3)) != digest(np.arange(4))
    assert digest(StandardScaler()) != digest(StandardScaler(with_mean=False))
    assert digest(np.log) != digest(np.exp)
    assert digest(lambda x: x) != digest(lambda x: x + 1)
    around = search_space(NET)
    assert digest(around) == digest(search_space(NET)) != digest(search_space(NET, orders=1))
    assert digest(ShuffleSplit(random_state=0)) != digest(ShuffleSplit(random_state=1))
    knot = SimpleNamespace(name="knot")
    knot.itself = knot
    assert digest(knot) == digest(knot)


# ---- what can not be taken up, and what can -----------------------------------------------------------------------


def test_splits_that_differ_each_time_are_refused_at_once(tmp_path):
    """And not when the search is to be taken up, after the hours that it took."""
    with pytest.raises(
        ValueError,
        match=r"needs a cv that splits in the same way each time.*give StratifiedKFold.* an integer random_state",
    ):
        make_network_search(tmp_path / "j", cv=StratifiedKFold(2, shuffle=True)).fit(X, y)
    make_network_search(tmp_path / "j", cv=StratifiedKFold(2, shuffle=True, random_state=0)).fit(X, y)


def test_a_search_that_was_refused_before_it_began_can_be_put_right(tmp_path):
    """Its journal knew the wrong one for ever."""
    path = tmp_path / "j"
    with pytest.raises(ValueError, match="n_candidates='grid' needs a list"):
        make_network_search(
            path, Search=HalvingSearchCV, n_candidates="grid", space={"lr": stats.loguniform(1e-3, 0.1)}
        ).fit(X, y)
    search = make_network_search(
        path, Search=HalvingSearchCV, n_candidates=3, space={"lr": stats.loguniform(1e-3, 0.1)}
    ).fit(X, y)
    with pytest.raises(JournalError, match="another setting of the search"):
        make_network_search(
            path, Search=HalvingSearchCV, n_candidates=4, space={"lr": stats.loguniform(1e-3, 0.1)}
        ).fit(X, y)
    assert search.n_candidates_ == 3


SHORT = "there was not enough"


@pytest.mark.parametrize(
    ("Kind", "message", "passes"),
    [
        (MemoryError, SHORT, True),
        (ImportError, SHORT, True),
        (RuntimeError, "3 workers died in turn while they trained this network", True),
        (ValueError, SHORT, False),
    ],
)
def test_what_the_machine_lacked_is_not_remembered(tmp_path, Kind, message, passes):
    marker = str(tmp_path / "short of memory")

    class Short(type(NET)):
        def fit(self, X, y, **more):
            if self.lr == 1e-3 and os.path.exists(marker):
                raise Kind(message)
            return super().fit(X, y, **more)

    def search():
        return make_network_search(
            tmp_path / "j",
            Short(**NET.get_params()),
            Search=HalvingSearchCV,
            n_candidates="grid",
            space={"lr": [1e-3, 1e-2, 3e-2]},
        ).fit(X, y)

    Path(marker).touch()
    with pytest.warns(FitFailedWarning):
        first = search()
    assert np.isnan(first.cv_results_["mean_test_score"]).any()
    Path(marker).unlink()
    with nullcontext() if passes else pytest.warns(FitFailedWarning):
        again = search()
    assert np.isnan(again.cv_results_["mean_test_score"]).any() != passes
