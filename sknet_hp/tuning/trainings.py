"""Networks that one call trains together, until its time is up."""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, TypeVar

from joblib import delayed

from sknet_hp.formatting.numbers import format_seconds
from sknet_hp.fusion.arguments import check_n_jobs
from sknet_hp.fusion.session import fused
from sknet_hp.search.base.fusing import is_backend_chosen
from sknet_hp.search.deadline import check_time_budget
from sknet_hp.search.running.batches import Batches

Trained = TypeVar("Trained")
"""What comes of one of them."""


class Trainings(Generic[Trained]):
    """Trains networks together until the time is up or somebody interrupts.

    Parameters
    ----------
    what : what they are for, in lines of progress.
    n_jobs : cores, as searches take them.
    time_budget : seconds, or None.
    verbose : 1 shows on a terminal how far it is, 2 writes a line for each network.

    Attributes
    ----------
    done : what has been trained.
    stopped : "", "time_budget" or "interrupted".
    """

    def __init__(self, what: str, n_jobs: int | None, time_budget: float | None, verbose: int):
        check_time_budget(time_budget)
        self.what, self.n_jobs, self.verbose = what, check_n_jobs(n_jobs), verbose
        self.time_budget = time_budget
        self.start = time.monotonic()
        self.done: list[Trained] = []
        self.stopped = ""

    def run(self, train: Callable[..., Trained], tasks: Iterable[tuple[Any, ...]]) -> None:
        """Do what is to be trained, as far as time allows, and add to what is done."""
        calls = [delayed(train)(*task) for task in tasks]
        deadline = None if self.time_budget is None else self.start + self.time_budget
        if self.stopped or (deadline is not None and time.monotonic() >= deadline):
            self.stopped = self.stopped or "time_budget"
            return
        n_planned = len(self.done) + len(calls)
        try:
            with self._fuse():
                in_time = Batches(self.n_jobs).run_until(deadline, calls, lambda one: self._receive(one, n_planned))
            self.stopped = "" if in_time else "time_budget"
        except KeyboardInterrupt:
            self.stopped = "interrupted"

    def _fuse(self) -> AbstractContextManager[Any]:
        return nullcontext() if is_backend_chosen() else fused(self.n_jobs)

    def _receive(self, one: Trained, n_planned: int) -> None:
        self.done.append(one)
        if self.verbose:
            passed = format_seconds(time.monotonic() - self.start)
            text = f"{self.what}: {len(self.done)} of {n_planned} networks, {passed}"
            live = sys.stderr.isatty()
            if live or self.verbose > 1:
                sys.stderr.write(f"\r\x1b[2K{text}" if live else f"{text}\n")
