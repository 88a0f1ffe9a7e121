"""Columns that give the target away."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris

from sknet_hp.findings.data import find_in_data
from tests.helpers.tables import make_table

N_ROWS = 400
RNG = np.random.default_rng(0)


def find(y, **columns):
    frame, _ = make_table(N_ROWS)
    return find_in_data(frame.assign(**columns), y).of("leakage")


LABELS = make_table(N_ROWS)[1]
IS_YES = LABELS == "yes"
NUMBERS = RNG.lognormal(size=N_ROWS)


@pytest.mark.parametrize(
    "cells",
    [
        IS_YES,
        np.where(IS_YES, "left", "stayed"),
        np.where(IS_YES, RNG.normal(size=N_ROWS), np.nan),
        IS_YES + 0.1 * RNG.normal(size=N_ROWS),
        np.where(IS_YES, RNG.integers(0, 5, N_ROWS), RNG.integers(5, 9, N_ROWS)).astype(str),
    ],
    ids=["copy", "renamed", "filled for one class", "blurred", "codes"],
)
def test_classes_given_away(cells):
    [finding] = find(LABELS, result=cells)
    assert finding.severity == "error"
    assert finding.evidence == {"column": "'result'", "strength": pytest.approx(1, abs=0.01)}


@pytest.mark.parametrize("cells", [NUMBERS, np.log(NUMBERS), 3 - 2 * NUMBERS], ids=["copy", "logarithm", "turned"])
def test_numbers_given_away(cells):
    assert find(NUMBERS, result=cells)[0].severity in ("error", "warning")


def test_one_that_stands_out():
    """A column that avoids four of five errors is suspect if all others are weak."""
    wrong = RNG.random(N_ROWS) < 0.04
    [finding] = find(LABELS, boat=IS_YES ^ wrong)
    assert finding.severity == "warning"
    assert 0.8 < finding.evidence["strength"] < 0.95
    assert find_in_data((IS_YES ^ wrong)[:, None], LABELS).of("leakage") == []  # nothing to stand out from


def test_strong_columns_are_not_suspect():
    for load in (load_iris, load_breast_cancer):
        data = load(as_frame=True)
        assert find_in_data(data.data, data.target).of("leakage") == []


def test_noise_and_names_are_not_suspect():
    assert find(LABELS, name=[f"n{number}" for number in range(N_ROWS)], noise=RNG.normal(size=N_ROWS)) == []


def test_a_rare_class_in_a_large_table():
    y = np.zeros(40_000, dtype=int)
    y[RNG.choice(40_000, 60, replace=False)] = 1
    X = RNG.normal(size=(40_000, 3))
    assert find_in_data(X, y).of("leakage") == []
    X[:, 1] += 100 * y
    [finding] = find_in_data(X, y).of("leakage")
    assert finding.evidence["column"] == "1"


def test_the_column_is_found_among_very_many():
    X = RNG.normal(size=(200, 1_000))
    y = X[:, 700] > 0
    assert find_in_data(X, y).of("leakage")[0].evidence["column"] == "700"


def test_targets_with_nothing_to_give_away():
    frame, _ = make_table(N_ROWS)
    for y in (np.zeros(N_ROWS), np.column_stack([NUMBERS, NUMBERS]), None):
        assert find_in_data(pd.DataFrame(frame), y).of("leakage") == []
