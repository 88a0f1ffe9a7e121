"""Columns of dates as numbers, learned from training rows."""

import datetime
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from tests.helpers.encoding import NAN, encode, list_names_out

ALL_CYCLES = [name + wave for name in ("year", "month", "week", "day") for wave in ("", "_sin", "_cos")]
DAYS = pd.date_range("2020-01-01", periods=1000, freq="D")
HOURS = pd.date_range("2020-01-01", periods=1000, freq="9h")


def frame(dates):
    return pd.DataFrame({"when": dates})


def list_parts(dates):
    return [name.removeprefix("when_") for name in list_names_out(frame(dates), numeric_transform="none")]


def encode_raw(dates, new=None, **parameters):
    """The numbers themselves, by name."""
    encoder = TableEncoder(numeric_transform="none")
    encoded = encoder.fit_transform(frame(dates), **parameters)
    encoded = encoded if new is None else encoder.transform(frame(new))
    return pd.DataFrame(encoded, columns=encoder.get_feature_names_out()).rename(columns=lambda c: c[5:])


# ---- which numbers there are ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "cycles"),
    [
        (HOURS, {"year", "month", "week", "day"}),
        (DAYS, {"year", "month", "week"}),
        (DAYS[:100], {"month", "week"}),
        (DAYS[:20], {"week"}),
        (DAYS[:5], set()),
        (pd.date_range("2020-01-01", periods=40, freq="W"), {"month"}),
        (pd.date_range("2020-01-01", periods=40, freq="MS"), {"year", "week"}),
        (pd.date_range("2020-01-01", periods=48, freq="h"), {"day"}),
        (DAYS[:1], set()),
    ],
    ids=["hours", "days", "a season", "weeks", "a week", "Sundays", "firsts of months", "two days", "constant"],
)
def test_only_cycles_that_training_rows_go_through_have_numbers(dates, cycles):
    assert list_parts(dates)[0] == "elapsed"
    assert {name.split("_")[0] for name in list_parts(dates)} - {"elapsed"} == cycles


def test_a_year_less_a_few_days_is_a_year():
    assert "year_sin" in list_parts(DAYS[:352])
    assert "year_sin" not in list_parts(DAYS[:340])


def test_one_flag_for_all_numbers_of_a_date():
    dates = pd.Series(HOURS)
    dates[::3] = pd.NaT
    assert list_parts(dates) == ["elapsed", *ALL_CYCLES, "missing"]
    encoded = encode_raw(dates)
    assert not encoded.iloc[0].drop("missing").any()
    assert encoded["missing"].tolist()[:4] == [1, 0, 0, 1]


def test_rows_without_weight_teach_nothing():
    weight = np.r_[np.ones(100), np.zeros(900)]
    encoder = TableEncoder()
    encoder.fit_transform(frame(DAYS), weight)
    alone = TableEncoder()
    alone.fit_transform(frame(DAYS[:100]))
    assert list(encoder.get_feature_names_out()) == list(alone.get_feature_names_out())
    np.testing.assert_array_equal(encoder.transform(frame(DAYS)), alone.transform(frame(DAYS)))


# ---- what they are --------------------------------------------------------------------------------------------------


def test_the_numbers():
    encoded = encode_raw(HOURS)
    assert encoded["elapsed"].diff()[1:].std() < 1e-6
    np.testing.assert_allclose(np.quantile(encoded["elapsed"], [0.01, 0.99]), [0, 1], atol=2e-3)
    np.testing.assert_allclose(encoded["week"], HOURS.day_of_week / 7, atol=1e-6)
    for name in ("year", "month", "week", "day"):
        np.testing.assert_allclose(encoded[f"{name}_sin"], np.sin(2 * np.pi * encoded[name]), atol=1e-6)
        np.testing.assert_allclose(encoded[f"{name}_cos"], np.cos(2 * np.pi * encoded[name]), atol=1e-6)


def test_later_years_go_on_and_come_to_an_end():
    later = pd.to_datetime(["2022-09-26", "2023-09-26", "2150-06-01", "1850-06-01"])
    elapsed = encode_raw(DAYS, later)["elapsed"]
    assert 1 < elapsed[0] < elapsed[1] < 2
    assert elapsed[2:].tolist() == [2, -1]


def test_a_placeholder_leaves_the_others_their_scale():
    dates = [*DAYS.date, datetime.date(9999, 12, 31)]
    assert np.ptp(encode_raw(dates)["elapsed"][:-1]) > 0.9
    mostly = pd.Series([DAYS[0]] * 999 + [DAYS[30]])  # quantiles agree
    assert encode_raw(mostly)["elapsed"].tolist()[-2:] == [0, 1]


def test_numbers_are_scaled_and_have_bins_as_others():
    encoded = encode(frame(HOURS), n_bins=8)
    np.testing.assert_allclose(encoded[:, :13].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(encoded[:, :13].std(axis=0), 1, atol=1e-5)
    assert "when_week_bin5" in list_names_out(frame(HOURS), n_bins=8)


# ---- every kind of column -------------------------------------------------------------------------------------------

CLOCK = pd.Series(HOURS)
CLOCK[::7] = pd.NaT
AS_OBJECTS = [None if pd.isna(moment) else moment.to_pydatetime() for moment in CLOCK]
KINDS = {
    "seconds": frame(CLOCK.astype("datetime64[s]")),
    "nanoseconds": frame(CLOCK.astype("datetime64[ns]")),
    "arrow": frame(CLOCK.astype("timestamp[us][pyarrow]")),
    "objects": frame(pd.Series(AS_OBJECTS, dtype=object)),
    "stamps": frame(CLOCK.astype(object)),
    "NumPy": CLOCK.to_numpy()[:, None],
    "NumPy objects": np.array([None if np.isnat(cell) else cell for cell in CLOCK.to_numpy()], dtype=object)[:, None],
    "periods": frame(CLOCK.dt.to_period("h")),
    "polars": pl.DataFrame({"when": AS_OBJECTS}),
    "polars milliseconds": pl.DataFrame({"when": AS_OBJECTS}).cast(pl.Datetime("ms")),
    "pyarrow": pl.DataFrame({"when": AS_OBJECTS}).to_arrow(),
    "text": frame(CLOCK.dt.strftime("%Y-%m-%d %H:%M")),
    "text with T": frame(CLOCK.dt.strftime("%Y-%m-%dT%H:%M:%SZ")),
    "list": [[cell] for cell in AS_OBJECTS],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_dates_gives_the_same_bits(kind):
    expected = encode(frame(CLOCK), n_bins=4)
    np.testing.assert_array_equal(encode(KINDS[kind], n_bins=4), expected)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("NumPy", "NumPy objects", "list")])
def test_trained_on_one_kind_predicts_on_another(kind):
    encoder = TableEncoder()
    expected = encoder.fit_transform(frame(CLOCK))
    np.testing.assert_array_equal(encoder.transform(KINDS[kind]), expected)
    encoder.fit_transform(KINDS[kind])
    np.testing.assert_array_equal(encoder.transform(frame(CLOCK)), expected)
    np.testing.assert_array_equal(encoder.transform(KINDS["text"]), expected)


@pytest.mark.parametrize(
    "dates", [list(DAYS.date), pl.Series(DAYS.date), pd.Series(DAYS.date).astype("date32[pyarrow]")]
)
def test_days_without_a_time(dates):
    table = pl.DataFrame({"when": dates}) if isinstance(dates, pl.Series) else frame(dates)
    np.testing.assert_array_equal(encode(table), encode(frame(DAYS)))


def test_clocks_show_the_time_of_the_training_rows_zone():
    vienna = HOURS.tz_localize("Europe/Vienna", nonexistent="shift_forward", ambiguous=True)
    encoder = TableEncoder(numeric_transform="none")
    expected = encoder.fit_transform(frame(vienna))
    zone = zoneinfo.ZoneInfo("America/New_York")
    for same in (
        vienna.tz_convert("UTC"),
        pd.Series([moment.to_pydatetime().astimezone(zone) for moment in vienna], dtype=object),
        vienna.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S%z"),
    ):
        np.testing.assert_array_equal(encoder.transform(frame(same)), expected)
    again = TableEncoder(numeric_transform="none").fit_transform(frame(pd.Series(vienna, dtype=object)))
    np.testing.assert_array_equal(again, expected)
    assert dict(zip(encoder.get_feature_names_out(), expected[1], strict=True))["when_day"] == np.float32(9 / 24)


@pytest.mark.parametrize("kind", ["typed", "objects"])
def test_a_zone_that_comes_or_goes_is_refused(kind):
    plain, zoned = pd.Series(HOURS), pd.Series(HOURS.tz_localize("UTC"))
    if kind == "objects":
        plain, zoned = plain.astype(object), zoned.astype(object)
    encoder = TableEncoder()
    encoder.fit_transform(frame(plain))
    with pytest.raises(ValueError, match=r"'when' had no time zone in fit, and now has the time zone UTC.*tz_localize"):
        encoder.transform(frame(zoned))
    encoder.fit_transform(frame(zoned))
    with pytest.raises(
        ValueError, match=r"'when' had the time zone UTC in fit, and now has none.*tz_localize\('UTC'\)"
    ):
        encoder.transform(frame(plain))
    with pytest.raises(ValueError, match="Column 'when': dates with a time zone and dates without one"):
        encoder.fit_transform(frame(pd.Series([plain.astype(object)[0], zoned.astype(object)[1]], dtype=object)))


def test_categories_stay_categories():
    dates = pd.Series(DAYS[:3].repeat(5))
    names = list_names_out(frame(dates.astype("category")))
    assert [name[:15] for name in names] == ["when_2020-01-01", "when_2020-01-02", "when_2020-01-03"]
    assert list_names_out(frame(dates.astype(str).astype("category"))) == [f"when_{day.date()}" for day in DAYS[:3]]


def test_durations_and_times_of_day_are_numbers_of_seconds():
    minutes = np.arange(60.0)
    as_times = [datetime.time(0, int(minute)) for minute in minutes]
    expected = encode((60 * minutes)[:, None], numeric_transform="none")
    for table in (
        frame(pd.to_timedelta(minutes, unit="m")),
        frame(pd.to_timedelta(minutes, unit="m").astype("duration[us][pyarrow]")),
        frame(pd.Series([datetime.timedelta(minutes=minute) for minute in minutes], dtype=object)),
        (minutes.astype("m8[m]"))[:, None],
        frame(as_times),
        pl.DataFrame({"when": as_times}),
        pl.DataFrame({"when": pd.to_timedelta(minutes, unit="m").to_pytimedelta().tolist()}),
    ):
        np.testing.assert_array_equal(encode(table, numeric_transform="none"), expected)
    gap = encode(frame(pd.to_timedelta([1, None, 3], unit="s")), numeric_transform="none")
    np.testing.assert_array_equal(gap, [[1, 0], [0, 1], [3, 0]])


# ---- text -----------------------------------------------------------------------------------------------------------


def test_text_that_is_no_date_later_is_missing_with_a_warning():
    texts = pd.Series(DAYS.strftime("%Y-%m-%d"))
    encoder = TableEncoder(numeric_transform="none")
    encoder.fit_transform(frame(texts))
    with pytest.warns(UserWarning, match=r"Column 'when' holds dates, but 2 of 3 cells are none, such as 'soon': they"):
        strange = encoder.transform(frame(["soon", "2020-01-02", "2020-02-30"]))
    assert not strange[[0, 2]].any()
    assert strange[1].any()
    assert not encoder.transform(frame([NAN])).any()


def test_held_out_text_does_not_decide_whether_a_column_holds_dates():
    texts = [*DAYS.strftime("%Y-%m-%d"), "soon"]
    assert any("word" in name for name in list_names_out(frame(texts), words=True))
    encoder = TableEncoder()
    with pytest.warns(UserWarning, match="1 of 1,001 cells are none"):
        encoder.fit_transform(frame(texts), np.r_[np.ones(1000), 0])
    assert "when_year_sin" in encoder.get_feature_names_out()


def test_dates_in_doubt_stay_text_with_a_note():
    encoder = TableEncoder()
    encoder.fit_transform(frame(DAYS.strftime("%d/%m/%Y")))
    [note] = encoder.notes_
    assert note.startswith("Column 'when' is treated as text because in '01/01/2020' day and month can't be told")
    encoder.fit_transform(frame([*DAYS.strftime("%Y-%m-%d"), "?"]))
    [note] = encoder.notes_
    assert note.startswith(
        "Column 'when' is treated as text because of cells like '?', though most are dates; pandas.to_date"
    )
    encoder.fit_transform(frame(DAYS.strftime("%d/%m/%Y").astype("category")))
    assert not encoder.notes_


# ---- among other columns --------------------------------------------------------------------------------------------


def test_numbers_of_dates_stand_behind_the_other_numbers():
    table = pd.DataFrame({"when": DAYS, "kind": list("ab") * 500, "n": np.arange(1000.0), "then": DAYS[::-1]})
    table.loc[3, ["n", "when"]] = np.nan
    names = list_names_out(table, numeric_transform="none")
    parts = ["elapsed", *[name for name in ALL_CYCLES if "day" not in name]]
    expected = ["n", *(f"when_{part}" for part in parts), *(f"then_{part}" for part in parts)]
    assert names == [*expected, "n_missing", "when_missing", "kind_a", "kind_b"]
    encoded = encode(table, numeric_transform="none")
    assert encoded[3, [0, 21, 22]].tolist() == [0, 1, 1]
    np.testing.assert_array_equal(encoded[:, :1], encode(table[["n"]], numeric_transform="none")[:, :1])


def test_parts_of_a_table_are_encoded_as_the_whole(monkeypatch):
    monkeypatch.setattr("sknet_hp.estimators.encoding.table_encoder._PART_BYTES", 2**16)
    table = pl.DataFrame({"when": pd.date_range("2020-01-01", periods=5000, freq="h"), "n": np.arange(5000.0)})
    encoder = TableEncoder(n_bins=4)
    expected = encoder.fit_transform(table)
    parts = list(encoder.encode_in_parts(table))
    assert len(parts) > 1
    np.testing.assert_array_equal(np.concatenate([part.widen() for part in parts]), expected)


def test_an_error_names_the_column_of_numbers():
    table = pd.DataFrame({"when": DAYS, "n": np.inf})
    with pytest.raises(ValueError, match="Column 'n' holds it"):
        TableEncoder().fit_transform(table)
