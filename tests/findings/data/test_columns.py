"""Columns that say nothing, or say who a row is."""

import numpy as np
import pytest

from sknet_hp.findings.data import find_in_data
from tests.helpers.tables import make_table

N_ROWS = 400


def find(code, **columns):
    frame, y = make_table(N_ROWS)
    return find_in_data(frame.assign(**columns), y).of(code)


def test_constant_and_empty_columns():
    [finding] = find("useless_columns", unit="cm", note=None, zero=0)
    assert finding.evidence == {"empty": ["'note'"], "constant": ["'unit'", "'zero'"]}
    begin, end = finding.message.split(". ")
    assert begin == "Column 'note' has no values"
    assert end == "2 columns ('unit', 'zero') have the same value in every row."
    assert find("useless_columns", flag=["x"] * (N_ROWS - 1) + [None]) == []  # missing or not says something


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "cells",
    [
        np.arange(N_ROWS),
        np.arange(N_ROWS)[::-1] + 7.0,
        RNG.permutation(N_ROWS),
        [f"{number:x}-{number}" for number in RNG.permutation(N_ROWS)],
    ],
    ids=["counted", "counted down", "numbered", "keys"],
)
def test_identifiers(cells):
    [finding] = find("id_column", which=cells)
    assert finding.evidence["column"] == "'which'"


def test_the_name_tells_where_numbers_do_not():
    cells = RNG.choice(10**9, N_ROWS, replace=False)
    assert find("id_column", customer_id=cells)
    assert find("id_column", cents=cells) == []


@pytest.mark.parametrize(
    "cells",
    [
        RNG.normal(size=N_ROWS),
        np.sort(RNG.choice(10**6, N_ROWS, replace=False)),
        RNG.integers(0, 300, N_ROWS),
        [f"Smith, Mr. John {number}" for number in range(N_ROWS)],
    ],
    ids=["measured", "sorted amounts", "repeated", "names"],
)
def test_no_identifiers(cells):
    assert find("id_column", which=cells) == []
