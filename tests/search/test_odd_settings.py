"""Searches whose settings, or surroundings, are unusual and valid."""

import sys

import numpy as np
import pytest

from sknet_hp.search import BOHBSearchCV, GPSearchCV, HalvingSearchCV
from sknet_hp.search.spaces.space import Space
from tests.helpers.curves import Curve, draw_table
from tests.helpers.small_searches import NET, make_curve_search

X, y = draw_table()


@pytest.mark.parametrize(
    "numbers", [{"n_points": np.int64(3), "n_candidates": 5}, {"n_points": 3, "n_candidates": np.int64(5)}]
)
def test_numpy_numbers(numbers):
    search = GPSearchCV(NET, {"lr": (1e-3, 1e-1, "log-uniform")}, cv=2, random_state=0, max_resources=1, **numbers).fit(
        X, y
    )
    assert search.n_candidates_ == 5


@pytest.mark.parametrize("n_jobs", [0, False, True, 1.5, 2.0, "2"])
@pytest.mark.parametrize(
    ("estimator", "space"), [(NET, {"lr": [0.1, 0.2]}), (Curve(), {"index": [0, 1]})], ids=["networks", "others"]
)
def test_n_jobs_that_is_no_number_of_cores(estimator, space, n_jobs, monkeypatch):
    """True was taken for 1, and 0 failed after the splits were made, in joblib's words."""
    monkeypatch.setattr(type(estimator), "fit", lambda *_: pytest.fail("trained"))
    with pytest.raises(
        ValueError,
        match=f"n_jobs={n_jobs!r}; it must be a whole number|'n_jobs' .* must be an instance of 'int' or None",
    ):
        HalvingSearchCV(estimator, space, n_candidates=2, n_jobs=n_jobs).fit(X, y)


class Tee:
    """Stands for standard error in many a notebook and service."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass


@pytest.mark.parametrize("stream", [None, Tee()], ids=["none", "without isatty"])
@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_a_standard_error_that_is_none(stream, verbose, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream)
    make_curve_search(3, verbose=verbose).fit(X, y)
    assert stream is None or verbose != 2 or "epochs" in stream.text


def test_a_used_up_space_is_not_drawn_from(monkeypatch):
    draws = []
    sample = Space.sample
    monkeypatch.setattr(Space, "sample", lambda self, n, state: draws.append(n) or sample(self, n, state))
    search = BOHBSearchCV(
        NET, {"activation": ["silu", "selu"]}, cv=2, max_resources=9, min_resources=1, n_brackets=4, random_state=0
    ).fit(X, y)
    assert search.n_candidates_ == 2
    assert len(draws) < 100
