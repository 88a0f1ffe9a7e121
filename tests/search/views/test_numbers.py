"""Numbers as people read them."""

import pytest

from sknet_hp.search.views.numbers import count, format_score, format_seconds, format_value


@pytest.mark.parametrize(
    ("value", "text"), [(0.12345, "0.1235"), (-1e-6, "0.0000"), (123.456, "123.5"), (12345.6, "12,346")]
)
def test_scores(value, text):
    assert format_score(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.26, "0 s"), (3, "3 s"), (41.6, "42 s"), (65, "1:05 min"), (7620, "2:07 h")]
)
def test_times(seconds, text):
    assert format_seconds(seconds) == text


def test_values_and_counts():
    assert [format_value(value) for value in (0.00123456, 3, "relu", None)] == ["0.00123", "3", "'relu'", "None"]
    assert [count(1, "fit"), count(1200, "fit")] == ["1 fit", "1,200 fits"]
