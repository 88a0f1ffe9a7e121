import re

import pytest

from sknet_hp.formatting.numbers import (
    format_amount,
    format_bytes,
    format_count,
    format_number,
    format_p_value,
    format_percentage,
    format_score,
    format_seconds,
)
from tests.helpers.sources import SOURCES, get_place, read_lines


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.81234, "0.8123"), (27.0, "27"), (999.94, "999.9"), (-53325.4, "-53,325"), (0, "0"), (float("inf"), "inf")],
)
def test_numbers(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0.0000"),
        (0.81234, "0.8123"),
        (1, "1.0000"),
        (-0.00013271, "-0.00013"),
        (12.345, "12.35"),
        (612.345, "612.3"),
        (-53325.4, "-53,325"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_scores(value, text):
    assert format_score(value) == text


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.256, 0, "26 %"),
        (0.256, 1, "25.6 %"),
        (0.0, 0, "0 %"),
        (0.002, 0, "< 1 %"),
        (0.002, 1, "0.2 %"),
        (0.0002, 1, "< 0.1 %"),
        (-0.03, 0, "-3 %"),
        (0.95, None, "95 %"),
        (0.999, None, "99.9 %"),
        (0.07, None, "7 %"),
    ],
)
def test_percentages(share, digits, text):
    assert format_percentage(share, digits) == text


def test_p_values():
    assert format_p_value(0.0004) == "< 0.001"
    assert format_p_value(0.0456) == "= 0.046"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.26, "0.3 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (41.6, "42 s"),
        (59.7, "1 min"),
        (65, "1 min 5 s"),
        (599.7, "10 min"),
        (1500, "25 min"),
        (3599, "1 h"),
        (7620, "2 h 7 min"),
        (93720, "26 h 2 min"),
    ],
)
def test_times(seconds, text):
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("n", "text"), [(-5, "0 kB"), (12_300, "12 kB"), (12_345_678, "12 MB"), (1_200_000_000_000, "1,200.0 GB")]
)
def test_bytes(n, text):
    assert format_bytes(n) == text


def test_counts():
    assert [format_count(1, "fit"), format_count(1200, "fit")] == ["1 fit", "1,200 fits"]


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (1.0, "epochs", "1 epoch"),
        (27.0, "epochs", "27 epochs"),
        (2000, "rows", "2,000 rows"),
        (1, "max_bins", "1 max_bins"),
    ],
)
def test_amounts(amount, unit, text):
    assert format_amount(amount, unit) == text


def test_nobody_else_writes_percentages():
    """One space before the sign, everywhere: no format specification of Python's for it."""
    written = [
        f"{get_place(source)}, line {number}"
        for source in SOURCES
        for number, line in enumerate(read_lines(source), 1)
        if re.search(r":\.?\d*%\}|(?<![\w.])\d+%(?!\d|[a-z])|f\} %", line) and "format=" not in line
    ]
    assert [place for place in written if not place.startswith("formatting/")] == []
