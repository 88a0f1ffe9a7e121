"""Positions in the cycles of calendar and clock."""

import numpy as np
import pandas as pd
import pytest

from sknet_hp.estimators.encoding.dates.cycles import CYCLES

HOURS = pd.date_range("1967-12-30", "2026-01-02", freq="7h")
MOMENTS = HOURS.to_numpy().astype("datetime64[us]")


def test_positions_agree_with_the_calendar_of_pandas():
    days_in_year = np.where(HOURS.is_leap_year, 366, 365)
    expected = {
        "year": (HOURS.day_of_year - 1) / days_in_year,
        "month": (HOURS.day - 1) / HOURS.days_in_month,
        "week": HOURS.day_of_week / 7,
        "day": HOURS.hour / 24,
    }
    assert set(expected) == set(CYCLES)
    for name, cycle in CYCLES.items():
        np.testing.assert_allclose(cycle.locate(MOMENTS), expected[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", CYCLES)
def test_positions_are_below_one(name):
    edges = np.array(["1969-12-31T23:59:59.999999", "0001-01-01", "9999-12-31T23:59:59.999999"], "M8[us]")
    positions = CYCLES[name].locate(edges)
    assert ((positions >= 0) & (positions < 1)).all()


@pytest.mark.parametrize("name", CYCLES)
def test_days_that_come_again_have_the_position_that_they_have_alone(name):
    many = MOMENTS[::-1][:500].repeat(50)
    alone = np.concatenate([CYCLES[name].locate(many[k : k + 1]) for k in range(0, len(many), 50)])
    np.testing.assert_array_equal(CYCLES[name].locate(many), alone.repeat(50))
