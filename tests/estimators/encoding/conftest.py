import numpy as np
import pytest


@pytest.fixture(scope="module")
def mixed():
    """Columns as lists, the order being numbers, categories and numbers again."""
    rng = np.random.default_rng(0)
    n_rows = 7000

    def with_gaps(values):
        return [None if gap else value for value, gap in zip(values, rng.random(n_rows) < 0.1, strict=True)]

    return {
        "height": rng.normal(1.7, 0.1, n_rows).tolist(),
        "city": with_gaps(rng.choice(["Oslo", "Paris", "Rome"], n_rows).tolist()),
        "age": with_gaps(rng.integers(18, 90, n_rows).tolist()),
        "member": with_gaps((rng.random(n_rows) < 0.5).tolist()),
        "income": with_gaps(rng.lognormal(size=n_rows).tolist()),
        "visits": rng.integers(0, 9, n_rows).tolist(),
    }
