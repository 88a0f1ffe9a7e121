"""Which columns hold dates, for those who ask before anything is learned."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sknet_hp.estimators.encoding.dates.columns import list_dates
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.encoding.tables.frames import open_table

DAYS = pd.date_range("2020-01-01", periods=50)
TEXTS = DAYS.strftime("%Y-%m-%d")
TABLE = pd.DataFrame(
    {
        "typed": DAYS,
        "objects": DAYS.date,
        "text": TEXTS,
        "gaps": [None, *TEXTS[1:]],
        "number": np.arange(50),
        "span": DAYS - DAYS[0],
        "category": pd.Categorical(TEXTS),
        "mostly": [*TEXTS[:-1], "soon"],
        "mixed": [*TEXTS[:-1], 1],
        "empty": [None] * 50,
        "doubtful": DAYS.strftime("%d/%m/%Y"),
    }
)


@pytest.mark.parametrize("make", [lambda frame: frame, lambda frame: frame.to_numpy(object)], ids=["pandas", "array"])
def test_they_are_those_that_an_encoder_takes_for_dates(make):
    encoder = TableEncoder()
    encoder.fit_transform(make(TABLE))
    found = list_dates(open_table(make(TABLE), encoder))
    assert found == [date.column for date in encoder._dates]
    assert found == [0, 1, 2, 3] + ([] if make(TABLE) is TABLE else [6])


def test_polars_and_late_text_that_is_no_date():
    table = pl.DataFrame({"typed": DAYS.date, "late": ["2020-01-01"] * 49 + ["soon"]})
    assert list_dates(open_table(pl.concat([table[:-1]] * 30 + [table]), TableEncoder())) == [0]
