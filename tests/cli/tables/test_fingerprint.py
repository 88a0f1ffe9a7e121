import numpy as np
import pandas as pd
import pytest

from sknet_hp.cli.tables.fingerprint import KEPT, describe_rows, estimate_known_share


def make_rows(n, seed):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "n": rng.integers(0, 9, n), "word": rng.choice(list("abc"), n)})
    return X, rng.integers(0, 2, n)


@pytest.mark.parametrize("n", [50, 20_000])
def test_shares_of_known_rows(n):
    X, y = make_rows(n, 0)
    others, labels = make_rows(n, 1)
    described = describe_rows(X, y)
    assert described["n"] == n
    assert len(described["hashes"]) <= 8 * KEPT
    assert estimate_known_share(described, X.iloc[::-1], y[::-1]) == 1
    assert estimate_known_share(described, others, labels) == 0
    half = estimate_known_share(described, pd.concat([X, others], ignore_index=True), np.concatenate([y, labels]))
    assert half == pytest.approx(0.5, abs=0.15)


def test_whole_numbers_are_known_beside_a_missing_cell():
    X, y = make_rows(10, 0)
    again = X.assign(n=X["n"].where(X.index > 0))
    assert again["n"].dtype == float
    assert estimate_known_share(describe_rows(X, y), again, y) == 0.9


def test_nothing_is_known_of_runs_that_kept_nothing():
    assert estimate_known_share(None, *make_rows(10, 0)) is None
