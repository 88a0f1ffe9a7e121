"""Its simulation in small: what it counts, not the counts themselves."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def coverage(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import interval_coverage

    yield interval_coverage
    for name in ("interval_coverage", "machine"):
        sys.modules.pop(name, None)


@pytest.mark.slow
def test_counts_are_shares_and_more_repeats_narrow_the_interval(coverage, capsys):
    rows = coverage.measure_coverage("network", coverage.network, coverage.repeat_folds(2), 3)
    assert [(row["metric"], row["splits"]) for row in rows] == [
        ("accuracy", 5),
        ("accuracy", 10),
        ("neg_log_loss", 5),
        ("neg_log_loss", 10),
    ]
    assert all(row["holds_procedure"] * 3 in (0, 1, 2, 3) for row in rows)
    assert rows[1]["half_width"] < rows[0]["half_width"]
    assert abs(rows[0]["bias"]) < 0.1
    assert "3 of 3 data sets" in capsys.readouterr().out


def test_equal_networks_are_compared(coverage):
    [row] = coverage.measure_false_alarms(1, 2)
    assert 0 <= row["p_below_5_percent"] <= 1
