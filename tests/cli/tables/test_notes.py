"""What is said about columns before anything is trained on them."""

import numpy as np
import pandas as pd
import pytest

from sknet_hp.cli.tables.problem import pose_problem

DAYS = pd.date_range("2020-01-01", periods=60)


def list_notes(**columns):
    y = np.arange(60) % 2
    problem = pose_problem(pd.DataFrame({"x": np.sin(y), "y": y} | columns), "y")
    return (*problem.notes, *problem.id_notes)


@pytest.mark.parametrize("dates", [DAYS, DAYS.strftime("%Y-%m-%d"), DAYS.date], ids=["typed", "text", "objects"])
def test_dates_are_named_in_one_line(dates):
    [note] = list_notes(day=dates, then=dates)
    assert note.startswith(
        "the columns 'day', 'then' hold dates: features are the elapsed time and the position in the year"
    )
    [note] = list_notes(day=dates)
    assert note.startswith("the column 'day' holds dates: ")


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (np.arange(60), "counts the rows"),
        ([f"K-{k:04}" for k in range(60)], "has a different string in every row"),
    ],
)
def test_identifiers_are_named(cells, says):
    notes = list_notes(**{"customer no": cells})
    assert f"the column 'customer no' {says}: if it only identifies rows, leave it out" in notes[0]
    assert notes[0].endswith("--drop 'customer no'")


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (DAYS.strftime("%d/%m/%Y"), "because in '01/01/2020' day and month can't be told apart"),
        (
            [*DAYS.strftime("%Y-%m-%d")[:-1], "soon"],
            "because of cells like 'soon': if it holds dates, write them as 2025-01-31",
        ),
        ([f"{k}.5" for k in range(58)] + ["?"] * 2, "because of cells like '?': if it holds numbers"),
    ],
)
def test_text_in_doubt_is_named(cells, says):
    assert any("the column 'odd' is treated as text" in note and says in note for note in list_notes(odd=cells))


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (DAYS.strftime("%Y%m%d").astype(int), "treated as numbers, and its cells look like dates ('20200101')"),
        (DAYS.strftime("%d %b %Y"), "treated as text, and its cells look like dates ('01 Jan 2020')"),
        (DAYS.strftime("%B %d, %Y"), "treated as text, and its cells look like dates ('January 01, 2020')"),
    ],
)
def test_dates_that_are_not_read_are_named(cells, says):
    notes = list_notes(day=cells)
    assert any(f"the column 'day' is {says}: if they are, write them as 2025-01-31" in note for note in notes)


def test_a_row_in_place_of_the_header_is_named():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"0.5": rng.normal(size=60), "red": rng.choice(["red", "blue"], 60), "y": np.arange(60) % 2})
    assert "the names of columns look like values ('0.5', 'red')" in pose_problem(table, "y").notes[0]
    years = table.rename(columns={"0.5": "1990", "red": "1991"})
    assert pose_problem(years, "y").notes == ()


def test_nothing_is_said_of_plain_columns():
    rng = np.random.default_rng(0)
    assert list_notes(number=rng.normal(size=60), colour=rng.choice(["red", "blue"], 60)) == ()
    assert list_notes(span=pd.to_timedelta(rng.integers(9, size=60), unit="h")) == ()
