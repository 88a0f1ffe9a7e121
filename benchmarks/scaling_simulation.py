"""How halving, Hyperband and ASHA use 1 to 1,024 workers: the searchers' own code, with
a virtual clock and stragglers in place of training.

Usage: scaling_simulation.py [TABLES_DIR] [--workers N ...] [--candidates N] [--seeds N]
[--straggling SIGMA] [--within X] [--tables NAME ...]

A network trained for n epochs takes n units of time times a lognormal factor of mean 1,
drawn anew for each rung of each candidate, and the same for all methods and numbers of
workers. Halving, Hyperband and waves of ASHA hand out all that they have decided on;
workers take the longest first, and the next decision waits for the last of them.
Asynchronous ASHA decides whenever a worker is free. Scores are read from learning
curves: made ones, or those of the tables of TABLES_DIR (as `searchers.py` takes them).
Halving and ASHA have the same candidates; Hyperband, whose brackets say how many it
takes, is run again and again until it has trained for as many epochs as halving.

utilisation: the share of the workers' time, from the first step to the last, in which
they train. A search that has few candidates left, or steps that take long one after
another, leaves workers without work however it decides. time to within X of the best:
until a network has been trained to the end (searchers choose among those) whose score
lacks at most X of what the best final score of the table is above the median one.

Times are in epochs of one network; medians over seeds, of which each draws other made
curves, candidates and stragglers. "-": not reached by half.
"""

import argparse
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import joblib
import numpy as np

from sknet_hp.search import ASHASearchCV, HalvingSearchCV, HyperbandSearchCV
from sknet_hp.search.arithmetic.brackets import count_halvings, plan_bracket
from sknet_hp.search.arithmetic.cost import sum_resources
from sknet_hp.search.base.searcher import BaseSearcher
from sknet_hp.search.candidates import Step
from sknet_hp.search.running.run import Run
from sknet_hp.search.spaces.space import Space


@dataclass
class Cluster:
    """Virtual workers, and how long what they do takes."""

    n_workers: int
    straggling: float  # σ of the lognormal factor
    seed: int = 0
    clock: float = 0.0
    busy: float = 0.0  # over all workers
    trained: list[tuple[float, Step]] = field(default_factory=list)  # when each step ended

    def seconds(self, step: Step) -> float:
        """How long a worker takes for a step, from where the candidate stands."""
        normal = np.random.default_rng((self.seed, step.candidate.params["index"], step.n_resources)).normal()
        factor = np.exp(self.straggling * normal - self.straggling**2 / 2)
        return float(factor * (step.n_resources - step.candidate.n_resources))


class SimulatedRun(Run):
    """A search under way on a virtual cluster: what policies see of it is `Run`'s own.

    Parameters
    ----------
    curves : ndarray of shape (candidates, epochs), the scores.
    """

    def __init__(self, curves: np.ndarray, cluster: Cluster):
        resource: Any = SimpleNamespace(name="max_epochs", least=1, most=curves.shape[1], of_rows=False)
        rows = np.arange(1)
        nothing: dict[str, Any] = {}
        super().__init__(
            None,
            rows,
            None,
            [(rows, rows)],
            resource=resource,
            metric="score",
            settings={"error_score": np.nan, "return_train_score": False, "scorer": None},
            fit_params=nothing,
            score_params=nothing,
            random_state=0,
            n_jobs=1,
        )
        self.curves, self.cluster = curves, cluster

    def train(self, steps: Sequence[Step], *, all_may_fail: bool = False) -> None:
        """Steps together: the next worker that is free takes the longest that is left,
        and the clock stops at the end of the last.
        """
        free = [self.cluster.clock] * self.cluster.n_workers
        for step in sorted(steps, key=self._count_resources, reverse=True):
            end = free[0] + self.cluster.seconds(step)
            heapq.heapreplace(free, end)
            self._ends(step, end)
        self.cluster.clock = max(free)
        super().train(steps, all_may_fail=all_may_fail)

    def keep_busy(self, n_workers: int, next_step: Callable[[], Step | None], done: Callable[[Step], None]) -> None:
        """Steps each by itself: the clock stops at the end of each."""
        under_way: list[tuple[float, int, Step]] = []
        order = count()
        while True:
            for step in islice(iter(next_step, None), n_workers - len(under_way)):
                heapq.heappush(under_way, (self.cluster.clock + self.cluster.seconds(step), next(order), step))
            if not under_way:
                return
            self.cluster.clock, _, step = heapq.heappop(under_way)
            self._ends(step, self.cluster.clock)
            super().train([step], all_may_fail=True)
            done(step)

    def _ends(self, step: Step, end: float) -> None:
        self.cluster.busy += self.cluster.seconds(step)
        self.cluster.trained.append((end, step))

    def _train_tasks(
        self, steps: Sequence[Step], tasks: list[tuple[int, int]], outcomes: dict[tuple[int, int], dict[str, Any]]
    ) -> None:
        scores = [float(self.curves[step.candidate.params["index"], step.n_resources - 1]) for step in steps]
        outcomes |= {(k, split): {"test_scores": scores[k], "fit_error": None} for k, split in tasks}


# ---- methods -------------------------------------------------------------------------------------------------------


def halving(n_candidates: int, n_workers: int, seed: int) -> BaseSearcher:
    return HalvingSearchCV(None, None, n_candidates=n_candidates, initial_candidates=None, random_state=seed)


def hyperband(n_candidates: int, n_workers: int, seed: int) -> BaseSearcher:
    return HyperbandSearchCV(None, None, initial_candidates=None, random_state=seed)


def asha_in_waves(n_candidates: int, n_workers: int, seed: int) -> BaseSearcher:
    return ASHASearchCV(
        None,
        None,
        n_candidates=n_candidates,
        min_resources=1,
        n_workers=n_workers,
        initial_candidates=None,
        random_state=seed,
    )


def asha(n_candidates: int, n_workers: int, seed: int) -> BaseSearcher:
    return asha_in_waves(n_candidates, n_workers, seed).set_params(asynchronous=True)


METHODS: dict[str, Callable[[int, int, int], BaseSearcher]] = {
    "halving": halving,
    "Hyperband": hyperband,
    "ASHA, waves": asha_in_waves,
    "ASHA, asynchronous": asha,
}


class Outcome(NamedTuple):
    """Of one simulated search."""

    utilisation: float
    time_to_best: float  # infinite if it was not reached
    total_time: float
    trained: float  # epochs


def simulate(
    method: str, curves: np.ndarray, n_candidates: int, n_workers: int, straggling: float, within: float, seed: int
) -> Outcome:
    """One search on a virtual cluster; of Hyperband as many as take the epochs of
    halving.
    """
    most, space, cluster, trained = (
        curves.shape[1],
        Space({"index": list(range(len(curves)))}),
        Cluster(n_workers, straggling, seed),
        0,
    )
    budget = (
        sum_resources(plan_bracket(n_candidates, most, 1, 3, count_halvings(most, 1, 3)))
        if method == "Hyperband"
        else 1
    )
    for again in count():
        run = SimulatedRun(curves, cluster)
        METHODS[method](n_candidates, n_workers, seed + 1000 * again)._search(run, space)
        trained += sum(candidate.n_resources for candidate in run.candidates)
        if trained >= budget:
            break
    final = curves[:, -1]
    goal = np.nanmax(final) - within * (np.nanmax(final) - np.nanmedian(final))
    whole = [(end, final[step.candidate.params["index"]]) for end, step in cluster.trained if step.n_resources == most]
    reached = min((end for end, score in whole if score >= goal), default=np.inf)
    return Outcome(cluster.busy / (n_workers * cluster.clock), reached, cluster.clock, trained)


# ---- curves --------------------------------------------------------------------------------------------------------


def made_curves(n: int, n_epochs: int, seed: int) -> np.ndarray:
    """Accuracies that rise by a power law to what a network has in it, some fast and
    some slowly, so that early scores mislead; with a little noise.

    Returns
    -------
    ndarray of shape (n, n_epochs)
    """
    rng = np.random.default_rng(seed)
    final = 0.95 - 0.3 * rng.beta(1.5, 3, size=(n, 1))
    speed = rng.lognormal(-0.3, 0.4, size=(n, 1))
    missing = (np.arange(1, n_epochs + 1) ** -speed - n_epochs**-speed) * (final - 0.5)
    return final - missing + rng.normal(0, 0.003, size=(n, n_epochs))


def tables(
    folder: Path | None, names: list[str] | None, n: int, n_epochs: int
) -> dict[str, Callable[[int], np.ndarray]]:
    """For each table, its curves by seed."""
    if folder is None:
        return {f"made curves, {n_epochs} epochs": lambda seed: made_curves(n, n_epochs, seed)}
    import searchers

    found = {table.name: table.scores for table in searchers.tables(folder, names) if table.n_epochs > 1}
    return {f"{name}, {scores.shape[1]} epochs": lambda seed, scores=scores: scores for name, scores in found.items()}


def table(title: str, rows: dict[int, list[str]], names: Sequence[str]) -> str:
    head = f"| {title} | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1)
    return "\n".join([head, *(f"| {workers} | " + " | ".join(cells) + " |" for workers, cells in rows.items())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, metavar="TABLES_DIR")
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 4, 16, 64, 256, 1024])
    parser.add_argument(
        "--candidates",
        type=int,
        default=4096,
        help="of halving and ASHA, at most as many as the table has rows (default: 4096)",
    )
    parser.add_argument("--epochs", type=int, default=27, help="of made curves (default: 27)")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--straggling", type=float, default=0.5, help="σ of the lognormal factor (default: 0.5)")
    parser.add_argument("--within", type=float, default=0.1, help="of what the best is above the median (default: 0.1)")
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    for name, curves_of in tables(arguments.folder, arguments.tables, arguments.candidates, arguments.epochs).items():
        first = curves_of(0)
        n, within = min(arguments.candidates, len(first)), arguments.within
        calls = [
            joblib.delayed(simulate)(method, curves_of(seed), n, workers, arguments.straggling, within, seed)
            for workers in arguments.workers
            for method in METHODS
            for seed in range(arguments.seeds)
        ]
        outcomes = np.array(joblib.Parallel(arguments.jobs)(calls)).reshape(
            len(arguments.workers), len(METHODS), arguments.seeds, 4
        )
        medians = np.median(outcomes, axis=2)
        print(
            f"\n{name}; {n} candidates "
            f"({', '.join(f'{m} {e:,.0f} epochs' for m, e in zip(METHODS, medians[0, :, 3], strict=True))})"
        )
        shown = {"utilisation": "{:.2f}", f"time to within {within:g} of the best": "{:,.0f}", "total time": "{:,.0f}"}
        for column, (title, form) in enumerate(shown.items()):
            rows = {
                w: [form.format(v) if np.isfinite(v) else "-" for v in medians[k, :, column]]
                for k, w in enumerate(arguments.workers)
            }
            print("\n" + table(f"workers: {title}", rows, list(METHODS)), flush=True)


if __name__ == "__main__":
    main()
