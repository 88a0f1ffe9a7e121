"""Numbers and dates in the notation of people become what pandas knows."""

import numpy as np
import pandas as pd
import pytest

from sknet_hp.cli.tables.notation import read_notation


def read(cells, separator=",", text_columns=()):
    table, notes = read_notation(pd.DataFrame({"x": cells, "other": 1}), text_columns, separator)
    return table["x"].tolist(), notes


@pytest.mark.parametrize(
    ("cells", "separator", "numbers"),
    [
        (["1,234.50", "999", "-12,345,678"], ",", [1234.5, 999, -12345678]),
        (["1.234,50", "999", "-0,5"], ",", [1234.5, 999, -0.5]),
        (["1.234", "1.234.567,8"], ";", [1234, 1234567.8]),
        (["1'234.5", "2'000"], ",", [1234.5, 2000]),
        (["1\u202f234,5", "7"], ";", [1234.5, 7]),
        (["1,234", "2,345"], ",", [1234, 2345]),
        (["1,234", "2,345"], ";", [1.234, 2.345]),
        (["0,126", "2,345"], ",", [0.126, 2.345]),
    ],
)
def test_numbers(cells, separator, numbers):
    found, notes = read(cells, separator)
    assert found == numbers
    [note] = notes
    assert note.startswith("the column 'x' holds numbers with commas: ")


def test_marks_are_missing():
    found, notes = read(["1.5", "?", " - ", "3", None, "?"])
    np.testing.assert_array_equal(found, [1.5, np.nan, np.nan, 3, np.nan, np.nan])
    assert notes == ["'-' is read as missing in the column 'x'", "'?' is read as missing in the column 'x'"]


@pytest.mark.parametrize(
    "cells",
    [
        ["red", "?", "blue"],
        ["1.5", "2", "12a"],
        ["?", "?", "-"],
        ["1,234.5", "1.234,5"],
        ["10.20.30", "192.168.1.1"],
        ["1,2,3", "4"],
        [True, "1.5", None],
        ["01.02.2025", "soon"],
    ],
)
def test_other_text_stays(cells):
    assert read(cells) == (cells, [])


def test_text_of_the_model_stays():
    assert read(["1,234.5", "?"], text_columns=["x"]) == (["1,234.5", "?"], [])


def test_dates_with_points_have_the_day_first():
    found, notes = read(["1.2.2025", "31.12.2024 18:30"])
    assert found == ["2025-02-01", "2024-12-31 18:30"]
    assert notes == ["the column 'x' holds dates with the day first: '1.2.2025' is read as 2025-02-01"]


def test_the_given_table_is_not_changed():
    table = pd.DataFrame({"self": ["1,5", "2,5"]})
    changed, _ = read_notation(table, [], ";")
    assert changed["self"].tolist() == [1.5, 2.5]
    assert table["self"].tolist() == ["1,5", "2,5"]
