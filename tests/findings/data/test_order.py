"""The order of time."""

import numpy as np
import pandas as pd
import polars
import pytest
from sklearn.model_selection import KFold, TimeSeriesSplit

from sknet_hp.findings.data import find_in_data
from tests.helpers.tables import make_table

N_ROWS = 400
DAYS = pd.date_range("2021-01-01", periods=N_ROWS, freq="D")
SHUFFLED = KFold(5, shuffle=True, random_state=0)


def find(cv=SHUFFLED, convert=pd.DataFrame, **columns):
    frame = convert(make_table(N_ROWS)[0].assign(**columns))
    return find_in_data(frame, splits=cv.split(np.zeros(N_ROWS))).of("time_overlap")


@pytest.mark.parametrize("convert", [pd.DataFrame, polars.from_pandas])
@pytest.mark.parametrize(
    "cells",
    [DAYS, DAYS.tz_localize("Europe/Vienna"), DAYS.strftime("%Y-%m-%d"), DAYS.date],
    ids=["datetimes", "with zone", "text", "dates"],
)
def test_dates(cells, convert):
    [finding] = find(convert=convert, when=cells)
    assert finding.severity == "warning"
    assert finding.evidence["share"] > 0.8


def test_numbers_that_are_moments():
    assert find(stamp=DAYS.astype("datetime64[s]").astype(np.int64))
    assert find(year=np.repeat(np.arange(1980, 2020), 10))
    assert find(date_of_sale=np.arange(N_ROWS) / 7)
    assert find(timely=np.arange(N_ROWS) / 7) == []
    assert find(height=np.arange(N_ROWS) / 7) == []


def test_columns_that_order_the_table_alike_are_one_finding():
    rng = np.random.default_rng(0)
    found = find(when=DAYS, then=DAYS + pd.Timedelta("2h"), asked=rng.permutation(DAYS))
    assert [(each.evidence["column"], each.severity) for each in found] == [("'when'", "warning"), ("'asked'", "info")]


def test_splits_by_time():
    assert find(cv=TimeSeriesSplit(5), when=DAYS) == []


def test_dates_in_any_order_are_less_suspect():
    days = np.random.default_rng(0).permutation(DAYS)
    assert find(when=days)[0].severity == "info"
    assert find(date_of_birth=days) == []


def test_few_moments_and_missing_ones():
    assert find(wave=np.repeat(DAYS[:4], 100)) == []
    assert find(when=[pd.NaT] * N_ROWS) == []
    assert find(when=DAYS.where(np.arange(N_ROWS) % 3 > 0))[0].severity == "warning"
