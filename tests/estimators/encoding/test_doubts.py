"""Columns of text that may be meant as something else."""

import pytest

from sknet_hp.estimators.encoding.categorical.categories import CategoryCounts
from sknet_hp.estimators.encoding.doubts import describe_doubts

DATES = [f"2025-01-{day:02}" for day in range(1, 31)]


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([*map(str, range(30)), "?"], "because of cells like '?', though most are numbers; pandas.to_numeric"),
        (
            [*DATES, "soon"],
            "because of cells like 'soon', though most are dates; pandas.to_datetime(column, errors='coerce')",
        ),
        (["01/02/2025", "02/02/2025", None], "because in '01/02/2025' day and month can't be told apart"),
    ],
)
def test_each_doubt_is_one_note(texts, says):
    counts = dict.fromkeys(texts, 1)
    [note] = describe_doubts("Column 'x'", CategoryCounts(True, counts, counts))
    assert note.startswith("Column 'x' is treated as text because")
    assert says in note
    assert "astype('category')" in note


@pytest.mark.parametrize("texts", [["red", "blue"], [None], [], ["C22 C26", "1-2"]])
def test_plain_text_leaves_no_doubt(texts):
    counts = dict.fromkeys(texts, 1)
    assert describe_doubts("Column 'x'", CategoryCounts(True, counts, counts)) == []
