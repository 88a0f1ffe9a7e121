"""The simulated cluster of the benchmark: it decides as a real search does, and its
clock is right where one can tell.
"""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sknet_hp.search.candidates import Candidate, Step
from sknet_hp.search.spaces.space import Space
from tests.helpers.curves import CURVES, Curve, draw_table

simulation = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "scaling_simulation.py")))
SPACE = {"index": list(range(81))}
SCORES = CURVES[:81, :27]


def simulated(method, n_workers, straggling=0.5):
    return simulation.simulate(method, SCORES, 81, n_workers, straggling, 0.1, seed=0)


@pytest.mark.parametrize("method", ["halving", "Hyperband", "ASHA, waves"])
def test_it_decides_as_a_real_search_does(method):
    made = simulation.METHODS[method](81, 4, 0)
    run = simulation.SimulatedRun(SCORES, simulation.Cluster(4, 0.5))
    made._search(run, Space(SPACE))
    real = made.set_params(
        estimator=Curve(max_epochs=27),
        param_distributions=SPACE,
        min_resources=1,
        cv=[(np.arange(30), np.arange(30, 60))],
    )
    results = real.set_params(refit=False).fit(*draw_table()).cv_results_
    assert [(row.candidate.params["index"], row.n_resources) for row in run.rows] == [
        (params["index"], params["max_epochs"]) for params in results["params"]
    ]


@pytest.mark.parametrize("method", list(simulation.METHODS))
def test_one_worker_is_always_busy(method):
    assert simulated(method, 1).utilisation == pytest.approx(1)
    even = simulated(method, 1, straggling=0)
    assert even.total_time == pytest.approx(even.trained), "a unit of time for an epoch"


def test_the_longest_step_goes_to_the_first_free_worker():
    run = simulation.SimulatedRun(SCORES, simulation.Cluster(2, straggling=0))
    run.train([Step(Candidate(k, {"index": k}, estimators=[None]), n, 0) for k, n in enumerate((5, 1, 3, 2))])
    assert (run.cluster.clock, run.cluster.busy) == (6, 11)
    assert sorted(end for end, _ in run.cluster.trained) == [3, 5, 5, 6]


@pytest.mark.parametrize("n_workers", [4, 16])
def test_who_does_not_wait_for_stragglers_is_faster(n_workers):
    waves, free = simulated("ASHA, waves", n_workers), simulated("ASHA, asynchronous", n_workers)
    assert free.utilisation > waves.utilisation
    assert free.total_time < waves.total_time
