"""Which text is dates, and what moments it names."""

import numpy as np
import pytest

from sknet_hp.estimators.encoding.dates.text import are_dates, find_doubtful_date, find_nondate_cell, parse_dates


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-31", "2025-01-31"),
        ("2025/1/3", "2025-01-03"),
        (" 2025-01-31 18:30 ", "2025-01-31T18:30"),
        ("2025-01-31T18:30:05.25", "2025-01-31T18:30:05.25"),
        ("2025-01-31 18:30:05,123456789", "2025-01-31T18:30:05.123456"),
        ("2025-01-31T18:30Z", "2025-01-31T18:30"),
        ("2025-01-31 18:30 +0200", "2025-01-31T18:30"),
        ("9999-12-31", "9999-12-31"),
    ],
)
def test_dates_with_the_year_first_are_read(text, moment):
    assert are_dates([text])
    assert parse_dates([text]) == [np.datetime64(moment, "us")]


@pytest.mark.parametrize(
    "text",
    [
        *["", "soon", "2025", "2025-01", "20250131", "31.01.2025", "01/02/2025", "2025-01/31", "2025-13-01"],
        *["2025-02-30", "2025-01-31x", "2025-01-31 25:00", "2025-01-31 18", "12025-01-31"],
    ],
)
def test_other_text_is_no_date(text):
    assert not are_dates([text])
    assert not are_dates(["2025-01-31", text])
    assert np.isnat(parse_dates([text])).all()


@pytest.mark.parametrize(
    "odd", ["", "soon", "2025-02-30", "2025-01", "NaT", "today", "2025/1/3", "2025-01-31 18:30:01"]
)
def test_texts_of_one_shape_are_read_as_each_alone(odd):
    for shape in ("2025-01-{:02}", "2025-01-{:02}T18:30", "2025-01-{:02} 18:30:05"):
        texts = [shape.format(day) for day in range(1, 32)]
        alone = np.concatenate([parse_dates([text, " "])[:1] for text in texts])
        np.testing.assert_array_equal(parse_dates(texts), alone)
        np.testing.assert_array_equal(parse_dates([*texts, odd])[:-1], alone)
        np.testing.assert_array_equal(parse_dates([*texts, odd])[-1:], parse_dates([odd, " "])[:1])


def test_no_text_is_no_dates():
    assert not are_dates([])


def test_one_cell_behind_many_dates_counts():
    assert not are_dates(["2025-01-31"] * 100 + ["soon"])


def test_clocks_show_the_time_of_a_zone():
    texts = ["2025-07-01T12:00Z", "2025-07-01T12:00", "2025-01-01 12:00+0000"]
    assert parse_dates(texts, "Europe/Vienna").astype(str).tolist() == [
        "2025-07-01T14:00:00.000000",
        "2025-07-01T12:00:00.000000",
        "2025-01-01T13:00:00.000000",
    ]


@pytest.mark.parametrize("text", ["01/02/2025", "31.12.99", "1-2-2025", "1/31/2025 6:30 PM"])
def test_doubtful_dates_are_found(text):
    assert find_doubtful_date([text, text]) == text
    assert find_doubtful_date([text, "soon"]) is None


@pytest.mark.parametrize("text", ["1.2", "1/2", "555-12-1234", "192.168.1.1", "1.2-3", "2025-01-31"])
def test_what_is_no_doubtful_date(text):
    assert find_doubtful_date([text]) is None


def test_the_cell_for_which_a_column_is_text_is_found():
    dates = {f"2025-01-{day:02}": 2 for day in range(1, 31)}
    assert find_nondate_cell(dates | {"soon": 3, "?": 5, None: 50}) == "?"
    assert find_nondate_cell(dates) is None
    assert find_nondate_cell(dates | {"soon": 20}) is None
    assert find_nondate_cell({"soon": 1, 3: 1}) is None
    assert find_nondate_cell({}) is None
