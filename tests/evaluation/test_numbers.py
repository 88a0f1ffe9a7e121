import pytest

from sknet_hp.evaluation.numbers import write_number, write_p


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0000"),
        (0.81234, "0.8123"),
        (-0.00013271, "-0.00013"),
        (612.345, "612.3"),
        (-53325.4, "-53,325"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_numbers(value, text):
    assert write_number(value) == text


def test_p_values():
    assert write_p(0.0004) == "< 0.001"
    assert write_p(0.0456) == "= 0.046"
