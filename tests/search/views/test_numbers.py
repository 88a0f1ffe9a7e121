"""Numbers as people read them."""

import pytest

from sknet_hp.search.views.numbers import count, format_seconds, format_value, write_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0.0000"),
        (0.81234, "0.8123"),
        (-0.00013271, "-0.00013"),
        (12.345, "12.35"),
        (612.345, "612.3"),
        (-53325.4, "-53,325"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_numbers(value, text):
    assert write_number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.26, "0 s"), (3, "3 s"), (41.6, "42 s"), (65, "1:05 min"), (7620, "2:07 h")]
)
def test_times(seconds, text):
    assert format_seconds(seconds) == text


def test_values_and_counts():
    assert [format_value(value) for value in (0.00123456, 3, "relu", None)] == ["0.00123", "3", "'relu'", "None"]
    assert [count(1, "fit"), count(1200, "fit")] == ["1 fit", "1,200 fits"]
