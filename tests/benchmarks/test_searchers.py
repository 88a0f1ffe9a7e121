"""The benchmark of searchers runs as it says, in processes of its own, and counts what
it says.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "searchers.py"


@pytest.mark.timeout(110)
def test_it_plays_a_table_in_two_processes(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "taskset_made.npz", valid_loss=rng.random((80, 9)).cumsum(axis=1)[:, ::-1], hp=rng.random((80, 3))
    )
    methods = ["random", "HalvingSearchCV", "HyperbandSearchCV", "BOHBSearchCV"]
    command = [sys.executable, str(BENCHMARK), str(tmp_path), "--seeds", "2", "--jobs", "2", "--only", *methods]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    lines = {line.split()[0]: line for line in ran.stdout.splitlines() if line.endswith("epochs, 2 seeds")}
    assert set(lines) == set(methods)
    assert " 69 epochs" in lines["HyperbandSearchCV"], "the paper's number for 9 epochs"
