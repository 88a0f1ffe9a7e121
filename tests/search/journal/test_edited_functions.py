"""Functions and classes of the user's are part of what a search is."""

import json
import sys
from types import ModuleType

import pytest

from sknet_hp.search import JournalError
from sknet_hp.search.journal.identity import digest
from tests.helpers.journaled import X, make_network_search, y
from tests.helpers.scripts import run_code

pytestmark = pytest.mark.timeout(120)


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
    """A name is not what a function does: who edits a scorer, or what it calls, must
    not be given old scores.
    """
    before = digests_of(OWN, tmp_path / "own.py", monkeypatch)
    code = (
        "import json, own; from sknet_hp.search.journal.identity import digest; "
        "print(json.dumps({k: digest(v) for k, v in own.ALL.items()}))"
    )
    assert json.loads(run_code(code, folders=[tmp_path], PYTHONHASHSEED="1").stdout) == before
    for old, (new, changed) in EDITS.items():
        assert old in OWN
        after = digests_of(OWN.replace(old, new, 1), tmp_path / "own.py", monkeypatch)
        assert {name for name in before if before[name] != after[name]} == changed, old


def test_an_edited_scorer(path):
    first = {}
    for worth in ("net.lr", "-net.lr"):
        exec(
            compile(f"def score(net, X, y):\n    return {worth}", "scores.py", "exec"),
            first.setdefault(worth, {"__name__": "scores"}),
        )
    make_network_search(path, scoring=first["net.lr"]["score"]).fit(X, y)
    make_network_search(path, scoring=first["net.lr"]["score"]).fit(X, y)
    with pytest.raises(JournalError, match="another setting of the search"):
        make_network_search(path, scoring=first["-net.lr"]["score"]).fit(X, y)
