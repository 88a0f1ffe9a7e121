"""Journals: a search that is killed at any moment is taken up where it was, and ends as if nothing had been."""

import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import joblib
import numpy as np
import pytest
from curves import TRAINED, Curve, numbers_of, table
from scipy import stats
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknet_hp
from sknet_hp import NetClassifier
from sknet_hp.search import BOHBSearchCV, HalvingSearchCV, HyperbandSearchCV, JournalError, PBTSearchCV, TPESearchCV, search_space
from sknet_hp.search.running import journal as room
from sknet_hp.search.running.identity import digest
from sknet_hp.search.running.journal import Journal
from sknet_hp.search.running.run import Candidate

pytestmark = pytest.mark.timeout(120)

X, y = table()
CV = StratifiedKFold(2)
NET = NetClassifier(width=8, n_layers=1, max_epochs=9, batch_size=16, dropout=0.1, random_state=0, lr_schedule="cosine")
SPACE = {"lr": stats.loguniform(1e-3, 0.3), "dropout": [0.0, 0.2]}


@pytest.fixture(autouse=True)
def nothing_trained():
    TRAINED.clear()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run"


def networks(path=None, estimator=NET, space=SPACE, Search=HyperbandSearchCV, **parameters):
    return Search(estimator, space, **{"cv": CV, "random_state": 0, "min_resources": 1, "journal": path} | parameters)


def follow(path=None, n=27, **parameters):
    parameters = {"n_candidates": "grid", "cv": CV, "random_state": 0, "n_jobs": 1, "min_resources": 1, "journal": path} | parameters
    return HalvingSearchCV(Curve(max_epochs=27), {"index": list(range(n))}, **parameters)


class Stop(Exception):
    pass


def stop_after(n, monkeypatch):
    """The n-th record is written, and then the process is as good as dead."""
    original, count = Journal.record, [0]

    def record(self, *args, **more):
        original(self, *args, **more)
        count[0] += 1
        if count[0] == n:
            raise Stop

    monkeypatch.setattr(Journal, "record", record)


def same(a, b):
    assert numbers_of(a) == numbers_of(b)
    assert a.best_params_ == b.best_params_
    assert np.array_equal(a.predict_proba(X), b.predict_proba(X))


def trained_of(search):
    """What a search hands to `fit`, in all."""
    seen = []
    original = type(search.estimator).fit

    def fit(self, *args, **more):
        seen.append(getattr(self, "n_iter_", 0))
        return original(self, *args, **more)

    with pytest.MonkeyPatch.context() as patch, joblib.parallel_config("sequential"):
        patch.setattr(type(search.estimator), "fit", fit)
        search.fit(X, y)
    return seen


# ---- taken up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refit", [True, "ensemble"])
@pytest.mark.parametrize("moment", [1, 17, 34, 35, 41, 44])
def test_taken_up_bit_for_bit(path, moment, refit, monkeypatch, whole):
    with monkeypatch.context() as patch:
        stop_after(moment, patch)
        with pytest.raises(Stop):
            networks(path, refit=refit).fit(X, y)
    again = networks(path, refit=refit).fit(X, y)
    same(again, whole[refit])
    if refit == "ensemble":
        assert again.ensemble_ == whole[refit].ensemble_


@pytest.fixture(scope="module")
def whole():
    return {refit: networks(refit=refit).fit(X, y) for refit in (True, "ensemble")}


def test_nothing_is_trained_twice(path, monkeypatch):
    with monkeypatch.context() as patch, joblib.parallel_config("sequential"):
        stop_after(60, patch)
        with pytest.raises(Stop):
            follow(path).fit(X, y)
    first, n = list(TRAINED), len(TRAINED)
    assert n == 60
    before = len((path / "records").read_bytes().splitlines())
    search = follow(path).fit(X, y)
    assert 55 < before < len((path / "records").read_bytes().splitlines()) == 2 * (27 + 9 + 3 + 1)
    assert {index for index, _, end in TRAINED[n:] if end == 1} < {index for index, _, end in first if end == 1}  # they come back to go on
    same_numbers = follow().fit(X, y)
    assert numbers_of(search) == numbers_of(same_numbers)


def test_progress_counts_what_was_known(path, monkeypatch, capsys):
    with monkeypatch.context() as patch, joblib.parallel_config("sequential"):
        stop_after(60, patch)  # the first rung's 54 networks, and 6 of the second's 18
        with pytest.raises(Stop):
            follow(path).fit(X, y)
    follow(path, verbose=2).fit(X, y)
    first, second, *_, last = capsys.readouterr().err.splitlines()
    assert first == "rung 1, 54 networks, 54 of 162 epochs (54 from the journal)"
    assert re.fullmatch(r"rung 2, 18 networks, 66 of 162 epochs \(66 from the journal\), best score \d+\.\d{4}", second), (
        "no time left: none is known"
    )
    assert re.fullmatch(r"rung 4, 2 networks, 126 of 162 epochs \(66 from the journal\), best score \d+\.\d{4}, \d+ s left", last)


def test_networks_go_on_from_their_states(path, monkeypatch):
    search = networks(path, Search=HalvingSearchCV, space={"lr": [1e-3, 1e-2, 0.1]}, n_candidates="grid", refit=False)
    with monkeypatch.context() as patch, joblib.parallel_config("sequential"):
        stop_after(6, patch)
        with pytest.raises(Stop):
            search.fit(X, y)
    assert trained_of(clone(search)) == [3, 3], "one candidate in two splits, from three epochs on"


def test_a_finished_search_is_only_read(path, whole):
    networks(path).fit(X, y)
    seen = trained_of(networks(path, refit=False))
    assert seen == []
    again = networks(path).fit(X, y)
    same(again, whole[True])
    times = again.cv_results_["mean_fit_time"]
    assert np.array_equal(times, networks(path).fit(X, y).cv_results_["mean_fit_time"]), "times are those of the journal"


def test_other_ways_of_choosing_read_the_same_journal(path, whole):
    """`refit` is no part of what was searched. Networks that were let go of are trained again."""
    networks(path).fit(X, y)
    ensemble = networks(path, refit="ensemble").fit(X, y)
    same(ensemble, whole["ensemble"])
    assert ensemble.ensemble_ == whole["ensemble"].ensemble_


def test_in_other_company(path, whole):
    with joblib.parallel_config("sequential"):
        networks(path).fit(X, y)
    same(networks(path, n_jobs=2).fit(X, y), whole[True])


def test_ctrl_c_leaves_a_journal_to_take_up(path, monkeypatch, whole):
    original, count = Journal.record, [0]

    def record(self, *args, **more):
        original(self, *args, **more)
        count[0] += 1
        if count[0] == 38:
            raise KeyboardInterrupt

    search = networks(path)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "record", record)
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, y)
    assert len(search.cv_results_["params"]) == 17
    same(search.fit(X, y), whole[True])


def test_time_budget_then_more_time(path, whole):
    search = networks(path, time_budget=1e-9).fit(X, y)
    assert search.stopped_ == "time_budget"
    same(networks(path).fit(X, y), whole[True])


def test_pipelines_and_failures(path, monkeypatch):
    pipeline = make_pipeline(StandardScaler(), NET)
    space = {"netclassifier__lr": [1e-3, 1e-2, 0.1], "netclassifier__width": [8, -1]}
    search = HalvingSearchCV(pipeline, space, n_candidates="grid", cv=CV, random_state=0, factor=2)
    with pytest.warns(Warning, match="fits failed"):
        expected = clone(search).fit(X, y)
    with monkeypatch.context() as patch:
        stop_after(13, patch)
        with pytest.raises(Stop):
            clone(search).set_params(journal=path).fit(X, y)
    with pytest.warns(Warning, match="fits failed"):
        same(clone(search).set_params(journal=path).fit(X, y), expected)


@pytest.mark.parametrize("piped", [False, True])
def test_foreign_estimators_go_on(path, piped, monkeypatch):
    trees = GradientBoostingClassifier(n_estimators=9, random_state=0, subsample=0.7)
    estimator, prefix = (make_pipeline(StandardScaler(), trees), "gradientboostingclassifier__") if piped else (trees, "")
    search = HalvingSearchCV(estimator, {f"{prefix}max_depth": [1, 2, 3]}, resource=f"{prefix}n_estimators", n_candidates="grid", cv=CV)
    search.set_params(random_state=0, min_resources=1)
    expected = clone(search).fit(X, y)
    with monkeypatch.context() as patch:
        stop_after(6, patch)
        with pytest.raises(Stop):
            clone(search).set_params(journal=path).fit(X, y)
    assert any(b"skops" in state.read_bytes() for state in (path / "states").iterdir())
    starts = []
    original = GradientBoostingClassifier.fit

    def fit(self, *args, **more):
        starts.append(len(getattr(self, "estimators_", ())))
        return original(self, *args, **more)

    with monkeypatch.context() as patch, joblib.parallel_config("sequential"):
        patch.setattr(GradientBoostingClassifier, "fit", fit)
        again = clone(search).set_params(journal=path).fit(X, y)
    assert starts[:2] == [3, 3]
    same(again, expected)


def test_states_that_can_not_be_kept_are_trained_again(path, monkeypatch):
    """A class of one's own is nothing that skops trusts."""
    with monkeypatch.context() as patch:
        stop_after(57, patch)
        with pytest.raises(Stop):
            follow(path).fit(X, y)
    assert not list((path / "states").iterdir())
    TRAINED.clear()
    search = follow(path).fit(X, y)
    assert {index for index, _, end in TRAINED if end == 3} <= {index for index, start, _ in TRAINED if start == 0}
    assert numbers_of(search) == numbers_of(follow().fit(X, y))


# ---- damage --------------------------------------------------------------------------------------------------------


def test_a_half_written_record(path, whole):
    networks(path).fit(X, y)
    records = path / "records"
    content = records.read_bytes()
    lines = content.splitlines(keepends=True)
    assert len(lines) == 44
    for damaged in (
        content[:-1],
        content[:-20],
        b"".join(lines[:20]) + lines[20][:9],
        content[:5],
        b"",
        content + b"deadbeef {}",
        content + b"\x00" * 99,
    ):
        records.write_bytes(damaged)
        same(networks(path).fit(X, y), whole[True])
        assert len(records.read_bytes().splitlines()) == 44


def test_a_flipped_bit_in_a_record(path, whole):
    networks(path).fit(X, y)
    content = bytearray((path / "records").read_bytes())
    content[len(content) // 2] ^= 1
    (path / "records").write_bytes(content)
    same(networks(path).fit(X, y), whole[True])


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no number", "garbage", "gone", "partial"])
def test_a_damaged_state(path, damage, monkeypatch, whole):
    with monkeypatch.context() as patch:
        stop_after(34, patch)
        with pytest.raises(Stop):
            networks(path).fit(X, y)
    states = sorted((path / "states").iterdir())
    assert len(states) == 34 - 6, "those of the last rung need none"
    for state in states:
        content = state.read_bytes()
        flipped = bytearray(content)
        flipped[-40] ^= 4
        made = {
            "cut": content[: len(content) // 2],
            "flipped": bytes(flipped),
            "empty": b"",
            "no number": b"x" + content,
            "garbage": b"3\nown garbage",
        }
        if damage == "gone":
            state.unlink()
        elif damage == "partial":
            state.rename(state.with_name(state.name + ".partial"))
        else:
            state.write_bytes(made[damage])
    same(networks(path).fit(X, y), whole[True])


def test_a_damaged_header(path):
    networks(path).fit(X, y)
    for damaged in ("", "[1, 2", "[1]"):
        (path / "search.json").write_text(damaged)
        with pytest.raises(JournalError, match=r"is damaged: search\.json can not be read; give another path"):
            networks(path).fit(X, y)


class Full:
    """A file on a disk that is full after so many bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        taken = min(self.room, len(data))
        self.room -= taken
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data[:taken])

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.mark.parametrize("room_left", [0, 100, 1000, 5000])
def test_full_disk_for_records(path, room_left, monkeypatch, whole):
    original = Journal._read

    def read(self):
        original(self)
        self._file = Full(self._file, room_left)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_read", read)
        with pytest.raises(OSError, match=r"journal=.*run.* can not be written \(No space left on device\); what it holds is whole"):
            networks(path).fit(X, y)
    content = (path / "records").read_bytes()
    assert all(room._decoded(line) for line in content.splitlines(keepends=True))
    assert len(content) <= room_left
    same(networks(path).fit(X, y), whole[True])


def test_full_disk_for_networks(path, monkeypatch, whole):
    count = [0]
    original = Path.write_bytes

    def write_bytes(self, data):
        if self.name.endswith(".partial") and self.parent.name == "states":
            count[0] += 1
            if count[0] > 20:
                original(self, data[: len(data) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_bytes)
        with pytest.raises(OSError, match=r"No space left on device.*what it holds is whole"):
            networks(path).fit(X, y)
    assert not list((path / "states").glob("*.partial"))
    same(networks(path).fit(X, y), whole[True])


# ---- what proposals depend on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("Search", "same_candidates"), [(HalvingSearchCV, True), (PBTSearchCV, False), (BOHBSearchCV, False), (TPESearchCV, False)])
def test_another_score_to_go_by(path, Search, same_candidates):
    """Where scores make the candidates, those of another score are others: a journal can not be read with it."""
    size = {HalvingSearchCV: {"n_candidates": 4}, PBTSearchCV: {"population_size": 4}, TPESearchCV: {"n_candidates": 4}}.get(Search, {})
    own = {"cv": CV, "random_state": 0, "journal": path, "scoring": ["accuracy", "neg_log_loss"]} | size
    Search(NET, {"lr": stats.loguniform(1e-3, 0.3)}, refit="accuracy", **own).fit(X, y)
    again = Search(NET, {"lr": stats.loguniform(1e-3, 0.3)}, refit="neg_log_loss", **own)
    if same_candidates:
        again.fit(X, y)
    else:
        with pytest.raises(JournalError, match="another setting of the search"):
            again.fit(X, y)


def test_copies_of_others(path):
    """The scores of a copy are a function of whose copy it is."""
    one, other = Candidate(0, {"lr": 0.1}), Candidate(1, {"lr": 0.2})
    child = Candidate(2, {"lr": 0.3}, history=[(one, 2)], estimators=[None])
    outcome = {"test_scores": 0.5, "fit_time": 1.0, "score_time": 1.0, "n_test_samples": 3, "fit_error": None}
    journal = Journal(path, {"a": "1"})
    journal.record(child, 0, 4, outcome, goes_on=False)
    journal.close()
    child.history.append((child, 4))
    journal = Journal(path, {"a": "1"})
    try:
        assert journal.known(child, 0, 4) == outcome
        with pytest.raises(JournalError, match=r"candidate 2 with other parameters than .*, or as a copy of another"):
            journal.known(Candidate(2, {"lr": 0.3}, history=[(other, 2)]), 0, 4)
    finally:
        journal.close()


# ---- refused -------------------------------------------------------------------------------------------------------

OTHERS = {
    "rows": (lambda path: networks(path).fit(X + 1, y), "data set"),
    "target": (lambda path: networks(path).fit(X, 1 - y), "data set"),
    "weights": (lambda path: networks(path).fit(X, y, sample_weight=np.ones(60)), "data set"),
    "space": (lambda path: networks(path, space=SPACE | {"lr": stats.loguniform(1e-3, 0.4)}).fit(X, y), "space"),
    "names": (lambda path: networks(path, space={"lr": SPACE["lr"]}).fit(X, y), "space"),
    "seed": (lambda path: networks(path, random_state=1).fit(X, y), "random_state"),
    "folds": (lambda path: networks(path, cv=KFold(2, shuffle=True, random_state=0)).fit(X, y), "cv"),
    "number of folds": (lambda path: networks(path, cv=3).fit(X, y), "cv"),
    "estimator": (lambda path: networks(path, clone(NET).set_params(width=9)).fit(X, y), "estimator"),
    "its seed": (lambda path: networks(path, clone(NET).set_params(random_state=1)).fit(X, y), "estimator"),
    "searcher": (lambda path: networks(path, Search=HalvingSearchCV).fit(X, y), "searcher and another setting of the search"),
    "factor": (lambda path: networks(path, factor=4).fit(X, y), "setting of the search"),
    "resources": (lambda path: networks(path, max_resources=27).fit(X, y), "setting of the search"),
    "scoring": (lambda path: networks(path, scoring="roc_auc").fit(X, y), "setting of the search"),
    "initial candidates": (lambda path: networks(path, initial_candidates="current").fit(X, y), "setting of the search"),
    "two": (lambda path: networks(path, random_state=1, factor=4).fit(X, y), "random_state and another setting of the search"),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "run"
    networks(path).fit(X, y)
    return path


@pytest.mark.parametrize(("search", "what"), OTHERS.values(), ids=OTHERS)
def test_of_another_search(finished, search, what):
    before = (finished / "records").read_bytes()
    with pytest.raises(JournalError, match=f"is of a search with another {what}; give another path to begin anew"):
        search(finished)
    assert (finished / "records").read_bytes() == before


def test_of_another_version(finished, monkeypatch):
    from sknet_hp.search import base

    monkeypatch.setattr(base, "_VERSION", "99")
    with pytest.raises(JournalError, match="another version of sknet_hp"):
        networks(finished).fit(X, y)


def test_the_same_search_is_not_refused(finished, whole):
    """Where and how it runs is no part of it, nor is the path's kind."""
    same(networks(str(finished), n_jobs=2, verbose=0, time_budget=1e6).fit(X, y), whole[True])


def test_seeds_must_be_numbers(path):
    for seed in (None, np.random.RandomState(0)):
        with pytest.raises(ValueError, match="needs an integer random_state, so that the same search can be taken up; got"):
            networks(path, random_state=seed).fit(X, y)


def test_candidates_that_changed(path):
    """What the digests do not see: a distribution that draws otherwise than before."""
    networks(path).fit(X, y)
    lines = (path / "records").read_bytes().splitlines(keepends=True)
    changed = [room._decoded(line) | {"origin": "of another"} for line in lines]
    (path / "records").write_bytes(b"".join(map(room._encoded, changed)))
    with pytest.raises(JournalError, match=r"knows candidate \d+ with other parameters than \{'dropout'"):
        networks(path).fit(X, y)


def test_two_at_once(path):
    first = Journal(path, {"a": "1"})
    with pytest.raises(JournalError, match="is in use by another process; wait for it, or give another path"):
        Journal(path, {"a": "1"})
    code = f"from sknet_hp.search.running.journal import Journal\nJournal({str(path)!r}, {{'a': '1'}})"
    ours = str(Path(sknet_hp.__file__).parent.parent)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ours})
    assert "is in use by another process" in ran.stderr
    first.close()
    Journal(path, {"a": "1"}).close()


def test_a_path_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(JournalError, match="must be a directory"):
            networks(path).fit(X, y)
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(JournalError, match="holds other files"):
        networks(tmp_path).fit(X, y)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_networks_without_a_seed(path):
    """They could not be taken up with the same bits."""
    pipeline = make_pipeline(StandardScaler(), NetClassifier(max_epochs=2))
    for net, space in ((pipeline[-1], {"lr": [0.1]}), (pipeline, {"netclassifier__lr": [0.1]})):
        with pytest.raises(ValueError, match=r"needs networks with an integer random_state, .*random_state=None"):
            networks(path, net, space).fit(X, y)


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
                networks(own, estimator, space, resource=resource).fit(X, y)
        files = [file for file in own.rglob("*") if file.is_file()]
        assert {file.name for file in files} >= {"search.json", "records"}
        for file in files:
            content = file.read_bytes()
            for start in range(min(len(content), 40)):
                assert content[start : start + 2] not in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), f"{file} looks like a pickle"
    assert json.loads((path / "NetClassifier" / "search.json").read_text())["searcher"] == "HyperbandSearchCV"


def test_networks_that_go_no_further_are_deleted(path):
    networks(path).fit(X, y)
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


OWN = """
import functools
import numpy as np
from sklearn.base import BaseEstimator

FACTOR = 2.0
SEEN = []


def helper(x, by=1):
    return x * FACTOR + by


def score(net, X, y):
    'What it is worth.'
    SEEN.append(len(SEEN))
    return max(helper(value) for value in y if value in {'a', 'b', 1, 2})


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def made(limit):
    def inner(x):
        return x < limit

    return inner


class Base:
    def base(self):
        return 1


class Own(Base, BaseEstimator):
    DEPTH = 3

    def __init__(self, a=1):
        self.a = a

    @property
    def size(self):
        return self.a + 1

    @staticmethod
    def fixed():
        return 10

    def fit(self, X, y=None):
        return helper(self.a)


class Plain:
    def __init__(self):
        self.of = 5

    def __call__(self, net, X, y):
        return self.of + Own.DEPTH


class Values(list):
    def best(self):
        return 7


@functools.lru_cache
def cached(x):
    return x + 20


ALL = dict(score=score, even=even, made=made(4), own=Own(), type=Own, plain=Plain(), bound=Own().fit)
ALL |= dict(part=functools.partial(helper, by=6), cached=cached, lam=lambda x: x + 30)
"""


def digests_of(text, path, monkeypatch):
    """Of what a module of this text has."""
    path.write_text(text)
    own = ModuleType("own")
    own.__file__ = str(path)
    monkeypatch.setitem(sys.modules, "own", own)
    exec(compile(text, path, "exec"), own.__dict__)
    return {name: digest(value) for name, value in own.ALL.items()}


EDITS = {
    "FACTOR = 2.0": ("FACTOR = 2.5", {"score", "own", "type", "plain", "bound", "part"}),
    "by=1)": ("by=2)", {"score", "own", "type", "plain", "bound", "part"}),
    "x * FACTOR": ("x + FACTOR", {"score", "own", "type", "plain", "bound", "part"}),
    "n != 0": ("n > 0", {"even"}),
    "'a', 'b'": ("'a', 'c'", {"score"}),
    "made(4)": ("made(5)", {"made"}),
    "return 1\n": ("return 2\n", {"own", "type", "plain", "bound"}),
    "DEPTH = 3": ("DEPTH = 4", {"own", "type", "plain", "bound"}),
    "self.a + 1": ("self.a + 2", {"own", "type", "plain", "bound"}),
    "return 10": ("return 11", {"own", "type", "plain", "bound"}),
    "self.of = 5": ("self.of = 6", {"plain"}),
    "self.of + Own": ("self.of - Own", {"plain"}),
    "by=6": ("by=7", {"part"}),
    "x + 20": ("x + 21", {"cached"}),
    "x + 30": ("x + 31", {"lam"}),
    "What it is worth": ("What it is really worth", set()),
    "FACTOR = 2.0\n": ("FACTOR = 2.0  # as published\n\n\n", set()),
    "return 7": ("return 8", set()),
}


def test_edited_functions_and_classes(tmp_path, monkeypatch):
    """A name is not what a function does: who edits a scorer, or what it calls, must not be given old scores."""
    before = digests_of(OWN, tmp_path / "own.py", monkeypatch)
    code = "import json, own; from sknet_hp.search.running.identity import digest; print(json.dumps({k: digest(v) for k, v in own.ALL.items()}))"
    path = os.pathsep.join([str(Path(sknet_hp.__file__).parent.parent), str(tmp_path)])
    for seed in "12":
        environment = os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": seed}
        elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        assert json.loads(elsewhere.stdout) == before
    for old, (new, changed) in EDITS.items():
        assert old in OWN
        after = digests_of(OWN.replace(old, new, 1), tmp_path / "own.py", monkeypatch)
        assert {name for name in before if before[name] != after[name]} == changed, old


def test_an_edited_scorer(path):
    first = {}
    for worth in ("net.lr", "-net.lr"):
        exec(compile(f"def score(net, X, y):\n    return {worth}", "scores.py", "exec"), first.setdefault(worth, {"__name__": "scores"}))
    networks(path, scoring=first["net.lr"]["score"]).fit(X, y)
    networks(path, scoring=first["net.lr"]["score"]).fit(X, y)
    with pytest.raises(JournalError, match="another setting of the search"):
        networks(path, scoring=first["-net.lr"]["score"]).fit(X, y)


def test_digests_are_the_same_in_every_process():
    code = """
import numpy as np, optuna, pandas as pd, skopt.space
from scipy import stats
from sklearn.model_selection import ShuffleSplit
from sknet_hp import NetClassifier
from sknet_hp.search import search_space
from sknet_hp.search.running.journal import digest
from sknet_hp.search.spaces.space import Space
print(digest(search_space(NetClassifier())))
own = {'real': skopt.space.Real(1e-3, 1, prior='log-uniform'), 'integer': skopt.space.Integer(1, 9), 'choice': skopt.space.Categorical(['a', 'b'])}
own |= {'steps': optuna.distributions.FloatDistribution(0, 1, step=0.1), 'unordered': optuna.distributions.CategoricalDistribution([1, None])}
own |= {'frozen': stats.loguniform(1e-3, 1), 'range': (1, 100, 'log-uniform')}
print(digest(Space(own).branches))
print(digest([ShuffleSplit(random_state=0), ShuffleSplit(random_state=np.random.RandomState(0))]))
print(digest([NetClassifier(), {'a': stats.uniform(0, 1), 'b': ['x', None, (1,)]}, np.arange(3), {'s', 't', 'u'}]))
print(digest(pd.DataFrame({'a': ['u', 'v'], 'b': [1, 2]})))
"""
    ours = str(Path(sknet_hp.__file__).parent.parent)
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": ours, "PYTHONHASHSEED": str(k)}
        ).stdout
        for k in (1, 2)
    }
    assert len(seen) == 1


# ---- killed --------------------------------------------------------------------------------------------------------

PROGRAM = """
import sys
import numpy as np
sys.path.insert(0, {here!r})
from curves import numbers_of, table
from test_journal import networks
X, y = table()
if __name__ == "__main__":
    search = networks(sys.argv[1], refit="ensemble").fit(X, y)
    np.save(sys.argv[2], search.predict_proba(X))
    print(repr((numbers_of(search), search.best_params_, search.ensemble_)))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_thirty_moments(path, tmp_path, whole):
    program, made = tmp_path / "program.py", tmp_path / "made.npy"
    program.write_text(PROGRAM.format(here=str(Path(__file__).parent)))
    command = [sys.executable, str(program), str(path), str(made)]
    ours = str(Path(sknet_hp.__file__).parent.parent)
    environment = os.environ | {"PYTHONPATH": ours}
    chance, killed, grown = random.Random(0), 0, set()
    while killed < 30:
        records = path / "records"
        before = records.stat().st_size if records.exists() else 0
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # Half of them as soon as something more is written, so that each gets a little further; the others at any moment.
        waited, limit = time.monotonic(), chance.uniform(0.0, 5.0)
        while process.poll() is None and time.monotonic() - waited < (30 if killed % 2 else limit):
            if killed % 2 and records.exists() and records.stat().st_size > before:
                time.sleep(chance.uniform(0, 0.005))
                break
            time.sleep(0.001)
        finished = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        assert not finished or process.returncode == 0, errors
        killed += 1
        grown.add(records.stat().st_size if records.exists() else 0)
        if finished:  # done: what is left of the thirty begins anew, elsewhere
            path = path.with_name(f"run{killed}")
            command[2] = str(path)
    assert len(grown) > 5, "killed at different places"
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    expected = whole["ensemble"]
    assert process.stdout.strip().splitlines()[-1] == repr((numbers_of(expected), expected.best_params_, expected.ensemble_))
    assert np.array_equal(np.load(made), expected.predict_proba(X))
