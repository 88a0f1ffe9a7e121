"""Digests: equal things have equal ones in every process, and different things
different ones.
"""

import dataclasses
import functools
import json
import sys
from types import ModuleType

import numpy as np
import optuna
import pandas as pd
import polars as pl
import pytest
import skopt.space
import torch
from scipy import sparse, stats
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn

from sknet_hp import NetClassifier
from sknet_hp.search import HalvingSearchCV, search_space
from sknet_hp.search.journal.identity import digest
from sknet_hp.search.journal.journal import JournalError
from sknet_hp.search.spaces.space import Space
from tests.helpers.scripts import run_code

X = np.random.RandomState(0).randn(40, 3)
y = (X[:, 0] > 0).astype(int)


class Module(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, width), nn.ReLU())


class Slots:
    __slots__ = ("space",)

    def __init__(self, space):
        self.space = space


@dataclasses.dataclass
class Held:
    tags: set
    space: object


class OnlyRvs:
    def __init__(self, high):
        self.high = high

    def rvs(self, random_state=None):
        return random_state.uniform(0, self.high)


def scored(y, prediction, by=1):
    return by


def seeded(make, seed):
    torch.manual_seed(seed)
    return make()


def own_family(power):
    class Own(stats.rv_continuous):
        def _cdf(self, x):
            return x**power

    return Own(a=0, b=1, name="own")()


def cut(n):
    return stats.rv_histogram(np.histogram(np.arange(n), bins=3))


def touched():
    table = sparse.csr_matrix(np.eye(3))
    assert table.has_sorted_indices  # which it remembers
    return table


THINGS = {
    "loguniform": lambda k: stats.loguniform(1e-4, k),
    "by names": lambda k: stats.uniform(loc=0, scale=k),
    "randint": lambda k: stats.randint(1, 5 + k),
    "values": lambda k: stats.rv_discrete(values=([1, 1 + k], [0.5, 0.5])),
    "values, frozen": lambda k: stats.rv_discrete(values=([1, 1 + k], [0.5, 0.5]))(),
    "histogram": lambda k: cut(5 + k),
    "histogram, frozen": lambda k: cut(5 + k)(),
    "own family": own_family,
    "vector": lambda k: stats.multivariate_normal([0, k]),
    "space": lambda k: (
        Space(
            {"lr": stats.norm(0, k), "l1": (1e-4, 1.0 + k), "l2": OnlyRvs(k), "act": [nn.ReLU(), nn.LeakyReLU(k)]}
        ).branches
    ),
    "spaces of other libraries": lambda k: (
        Space(
            {
                "real": skopt.space.Real(1e-3, k, prior="log-uniform"),
                "integer": skopt.space.Integer(1, 9),
                "choice": skopt.space.Categorical(["a", "b"]),
                "steps": optuna.distributions.FloatDistribution(0, 1, step=0.1),
                "unordered": optuna.distributions.CategoricalDistribution([1, None]),
                "frozen": stats.loguniform(1e-3, 1),
                "range": (1, 100, "log-uniform"),
            }
        ).branches
    ),
    "space to begin with": lambda k: [search_space(NetClassifier()), k],
    "splitters": lambda k: [ShuffleSplit(random_state=k), ShuffleSplit(random_state=np.random.RandomState(0))],
    "settings of a search": lambda k: [
        NetClassifier(),
        {"a": stats.uniform(0, k), "b": ["x", None, (1,)]},
        np.arange(3),
        {"s", "t", "u"},
    ],
    "array of distributions": lambda k: np.array([stats.uniform(0, k), {"s", "t", "u"}], dtype=object),
    "tensor": lambda k: torch.tensor([1.0, k]),
    "bfloat16": lambda k: torch.tensor([1.0, k], dtype=torch.bfloat16),
    "type of tensor": lambda k: torch.zeros(2, dtype=[torch.float32, torch.float64][k - 1]),
    "loss": lambda k: nn.CrossEntropyLoss(weight=torch.tensor([1.0, k])),
    "smoothing": lambda k: nn.CrossEntropyLoss(label_smoothing=k / 10),
    "module": lambda k: seeded(lambda: Module(3), k),
    "width": lambda k: seeded(lambda: Module(k), 0),
    "generator of torch": lambda k: torch.Generator().manual_seed(k),
    "generator of NumPy": np.random.default_rng,
    "RandomState": np.random.RandomState,
    "pandas": lambda k: pd.DataFrame({"a": [1, k], "b": pd.Categorical(["u", "v"]), "c": ["x", None]}),
    "categories": lambda k: pd.Series(pd.Categorical(["u", "v"], categories=["u", "v"][:: (-1) ** k])),
    "polars": lambda k: pl.DataFrame({"a": [1, k], "b": ["x", "y"]}),
    "sparse": lambda k: sparse.csr_matrix(k * np.eye(3)),
    "masked": lambda k: np.ma.array([1, 2, 3], mask=np.arange(3) == k),
    "partial": lambda k: functools.partial(scored, by=k),
    "lambda": lambda k: [lambda x: x + 1, lambda x: x + 2][k - 1],
    "bound": lambda k: ["a", "b"][k - 1].upper,
    "estimator": lambda k: make_pipeline(
        FunctionTransformer([np.log1p, np.exp][k - 1]), NetClassifier(loss=nn.CrossEntropyLoss())
    ),
    "fitted and frozen": lambda k: FrozenEstimator(LogisticRegression().fit(X[20 * k - 20 :], y[20 * k - 20 :])),
    "weights to start from": lambda k: NetClassifier(
        init_from=NetClassifier(max_epochs=1, width=4, random_state=k).fit(X, y)
    ),
    "search": lambda k: HalvingSearchCV(NetClassifier(), {"lr": stats.loguniform(1e-4, k)}),
    "scorer": lambda k: make_scorer(scored, by=k),
    "slots": lambda k: Slots(stats.uniform(0, k)),
    "data class": lambda k: Held({"s", "t", "u"}, stats.uniform(0, k)),
    "keys": lambda k: {frozenset(["s", "t", "u"]): k, scored: 1},
    "kind of key": lambda k: {[1, "1"][k - 1]: 0},
    "module of functions": lambda k: [np, np.random][k - 1],
}
"""Functions of 1 or 2, whose results are different."""


def digests():
    return {name: [digest(make(1)), digest(make(2))] for name, make in THINGS.items()}


def test_equal_or_different():
    once, again = digests(), digests()
    assert {name for name in THINGS if once[name] != again[name]} == set()
    assert {name for name in THINGS if once[name][0] == once[name][1]} == set()
    code = "import json; from tests.search.journal.test_identity import digests; print(json.dumps(digests()))"
    elsewhere = json.loads(run_code(code, PYTHONHASHSEED="7").stdout.splitlines()[-1])
    assert {name for name in THINGS if once[name] != elsewhere[name]} == set()


def test_what_was_done_before_does_not_matter():
    assert digest(sparse.csr_matrix(np.eye(3))) == digest(touched())
    before = digest(stats.multivariate_normal([0, 1]))
    stats.norm().rvs()
    assert digest(stats.multivariate_normal([0, 1])) == before


COUNTING = """
import functools
import helpers

COUNT = 0
LIMIT = 3


class Own:
    calls = 0
    made = 0
    width = 3

    def __init__(self, width=None):
        self.width = width or self.width
        type(self).made += 1

    def __call__(self, net, X, y):
        Own.calls += 1
        return self.deep

    @functools.cached_property
    def deep(self):
        return 4


@functools.lru_cache
def cached(x):
    return x + 5


def score(net, X, y):
    global COUNT
    COUNT += 1
    return min(cached(1), helpers.own(1)) + LIMIT
"""
HELPERS = "def own(x):\n    return x + 6\n"


def digests_of(counting, helpers, monkeypatch, *, used=False):
    for name, text in {"helpers": helpers, "counting": counting}.items():
        module = ModuleType(name)
        module.__file__ = f"{name}.py"
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(text, module.__file__, "exec"), module.__dict__)
    if used:
        module.score(None, X, y)
        module.Own()(None, X, y)
    return [digest(module.Own), digest(module.score)]


def test_counters_are_no_settings(monkeypatch):
    """A class that counts its calls was another one after the first of them."""
    before = digests_of(COUNTING, HELPERS, monkeypatch)
    assert digests_of(COUNTING, HELPERS, monkeypatch, used=True) == before
    edits = {"LIMIT = 3": (0, 1), "width = 3": (1, 0), "return 4": (1, 0), "x + 5": (0, 1), "x + 6": (0, 1)}
    for old, changed in edits.items():
        counting, helpers = (text.replace(old, old[:-1] + "9") for text in (COUNTING, HELPERS))
        after = digests_of(counting, helpers, monkeypatch)
        assert tuple(one != other for one, other in zip(before, after, strict=True)) == changed, old


def test_a_loss_with_weights(tmp_path):
    """Tensors were told by where they lie in memory: the same search again was refused."""

    def search(weight, estimator=None):
        net = estimator or NetClassifier(
            loss=nn.CrossEntropyLoss(weight=torch.tensor(weight)), max_epochs=3, width=4, random_state=0
        )
        return HalvingSearchCV(
            net, {"lr": stats.loguniform(1e-3, 0.1)}, n_candidates=3, cv=2, random_state=0, journal=tmp_path / "j"
        )

    first = search([1.0, 2.0]).fit(X, y)
    again = search([1.0, 2.0]).fit(X, y)
    assert again.cv_results_["mean_fit_time"].tolist() == first.cv_results_["mean_fit_time"].tolist(), (
        "read, not trained"
    )
    search([1.0, 2.0], first.estimator.fit(X, y)).fit(X, y)  # what the estimator has learned before is no matter
    with pytest.raises(JournalError, match="another estimator"):
        search([1.0, 3.0]).fit(X, y)


def test_large_tables_of_lists():
    """They are given to the search, and looked at whatever their size."""
    rows = [[k, k + 1] for k in range(150_000)]
    assert digest(rows) != digest([*rows[:-1], [0, 0]])
