"""An executor that trains nothing, to test where and in what company the engine sends
jobs; and the smallest jobs there are.
"""

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from torch import nn

from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.job import EncodedTable, Rows, TrainingJob
from sknet_hp.training.state import State, TrainingResult

DEVICE = "meta"
"""Where the smallest jobs want to train: neither the CPU, on which each trains in its
own thread, nor a GPU that there is.
"""

TABLE = EncodedTable(Inputs.from_wide(np.zeros((4, 2))), np.array([0, 1, 0, 1]))


@lru_cache
def make_graph(width: int) -> Graph:
    return trace(nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 2)))[0]


def make_job(seed: int = 0, width: int = 3, epochs: int = 1, **changes: Any) -> TrainingJob:
    """A job; jobs of one width may train together."""
    return TrainingJob(make_graph(width), 2, seed, Rows(TABLE), max_epochs=epochs, **({"device": DEVICE} | changes))


def make_result(job: TrainingJob) -> TrainingResult:
    """A result that tells which job it belongs to: by its epoch."""
    nothing = np.zeros(0, np.float32)
    return TrainingResult(State(nothing, nothing, np.zeros((0, 0), np.float32), epoch=job.seed), [])


class FakeExecutor:
    """Notes the seeds of each bundle it is given, and answers.

    Parameters
    ----------
    answer : called with the jobs; gives the results, or the exception that training
        them ends in. Default: results that carry the job's seed.
    seconds : how long a bundle takes.
    hold : answer only when `release` is called.
    """

    def __init__(
        self, answer: Callable[[list[TrainingJob]], Any] | None = None, seconds: float = 0.0, hold: bool = False
    ):
        self.busy = False
        self.answer = answer or (lambda jobs: [make_result(job) for job in jobs])
        self.seconds, self.hold = seconds, hold
        self.bundles: list[list[int]] = []
        self.arrived = threading.Event()
        self.cancelled = threading.Event()
        self._held: list[Callable[[], None]] = []

    @property
    def sizes(self) -> list[int]:
        return [len(seeds) for seeds in self.bundles]

    def submit(self, bundle: Any, done: Callable[[Any], None]) -> None:
        self.busy = True
        self.bundles.append([job.seed for job in bundle.jobs])

        def finish() -> None:
            self.busy = False
            done(self.answer(bundle.jobs))

        self._held.append(finish)
        self.arrived.set()
        if self.seconds:
            threading.Timer(self.seconds, self.release).start()
        elif not self.hold:
            self.release()

    def release(self) -> None:
        self.hold = False
        held, self._held = self._held, []
        for finish in held:
            finish()

    def cancel(self, bundle: Any) -> None:
        self.cancelled.set()
