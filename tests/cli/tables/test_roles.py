"""Columns that are no features."""

import pandas as pd
import pytest

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.options import TableOptions
from sknet_hp.cli.tables.reading import read_problem


@pytest.fixture
def read(table, tmp_path):
    """Read the table, changed by the given columns, with the given options."""

    def read_table(columns: dict, **options):
        path = tmp_path / "data.csv"
        table.assign(**columns).to_csv(path, index=False)
        return read_problem(TableOptions(data=str(path), target="label", **options))

    return read_table


def test_dropped_columns_are_no_features(read):
    problem = read({}, drop=("amount", "old"))
    assert list(problem.X) == ["size", "colour"]


def test_groups_are_no_feature(read):
    problem = read({"person": [f"p{k // 3}" for k in range(60)]}, groups="person")
    assert "person" not in problem.X
    assert problem.groups.tolist() == [k // 3 for k in range(60)]


def test_rows_without_target_are_left_out(read, table):
    known = table["label"].where(table.index > 2).where(table.index < 59, "?")
    problem = read({"label": known, "person": [f"p{k // 3}" for k in range(60)]}, groups="person")
    assert problem.y.tolist() == table["label"].tolist()[3:59]
    assert problem.X.index.tolist() == list(range(56))
    assert problem.groups.tolist() == [k // 3 - 1 for k in range(3, 59)]
    assert "the target 'label' is missing in 4 of 60 rows, which are left out" in problem.notes


def test_a_target_of_booleans_may_have_empty_cells(read, table):
    problem = read({"label": (table["label"] == "yes").astype(object).where(table.index > 2)})
    assert problem.y.dtype == bool
    assert problem.y.tolist() == (table["label"] == "yes").tolist()[3:]


@pytest.mark.parametrize(
    "times",
    [
        list(range(60, 0, -1)),
        [f"2024-{1 + k // 28:02d}-{1 + k % 28:02d}" for k in range(59, -1, -1)],
        [60.5 - k for k in range(60)],
    ],
    ids=["numbers", "dates", "fractions"],
)
def test_rows_are_sorted_by_time(read, table, times):
    problem = read({"day": times}, time="day")
    assert "day" not in problem.X
    assert problem.y.tolist() == table["label"].tolist()[::-1]
    assert problem.X["amount"].tolist() == pytest.approx(table["amount"].tolist()[::-1])


def test_rows_of_one_time_keep_their_order(read, table):
    assert read({"day": 1}, time="day").y.tolist() == table["label"].tolist()


@pytest.mark.parametrize(
    ("columns", "options", "says"),
    [
        ({}, {"drop": ("sise",)}, r"no column 'sise' \(did you mean 'size'\?\): --drop must be one of"),
        ({}, {"drop": ("sise",)}, "must be one of (?!.*label)"),
        ({}, {"time": "amount", "drop": ("amount",)}, "--time 'amount' is also in --drop, and a column can't be both"),
        ({}, {"groups": "old", "drop": ("old",)}, "--groups 'old' is also in --drop"),
        ({}, {"drop": ("label",)}, "--drop 'label' is the target"),
        ({}, {"groups": "persn"}, "--groups must be one of"),
        ({}, {"groups": "label"}, "--groups 'label' is the target"),
        ({}, {"groups": "colour"}, "--groups 'colour' is missing in"),
        ({"one": 1}, {"groups": "one"}, "--groups 'one' is '1' in all rows"),
        ({}, {"time": "label"}, "--time 'label' is the target"),
        ({"day": "soon"}, {"time": "day"}, "--time 'day' has cells that are neither numbers nor dates"),
        ({"day": 1, "p": range(60)}, {"time": "day", "groups": "p"}, "can't be used together"),
        ({}, {"drop": ("size", "colour", "old", "amount")}, "no column but the target"),
    ],
)
def test_bad_roles(read, columns, options, says):
    with pytest.raises(BadInput, match=says):
        read(columns, **options)


def test_parquet_dates(table, tmp_path):
    path = tmp_path / "data.parquet"
    table.assign(day=pd.date_range("2024-01-01", periods=60)[::-1]).to_parquet(path)
    problem = read_problem(TableOptions(data=str(path), target="label", time="day"))
    assert problem.y.tolist() == table["label"].tolist()[::-1]
