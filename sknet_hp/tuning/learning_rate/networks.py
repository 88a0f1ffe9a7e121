"""The trainings of a range test: many rates from the same start, together."""

import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from joblib import delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _num_samples

from sknet_hp.formatting.numbers import format_seconds
from sknet_hp.fusion.arguments import check_n_jobs
from sknet_hp.fusion.session import fused
from sknet_hp.search.base.fusing import is_backend_chosen
from sknet_hp.search.running.batches import Batches, SearchStopped
from sknet_hp.tuning.learning_rate.settings import Problem, choose_split

Trained = TypeVar("Trained")
"""What a training is told by: a `Training`, or a ramp."""


class Training(NamedTuple):
    """What came of one training.

    Attributes
    ----------
    seed : the number of the seed.
    rate : the learning rate, all the time.
    train_losses, valid_losses : (n_epochs,)
    diverged : whether it ended as loss or weights were no longer finite.
    shuffled : whether targets stood beside other rows of X, so that there was nothing
        to learn but how they are distributed.
    """

    seed: int
    rate: float
    train_losses: np.ndarray
    valid_losses: np.ndarray
    diverged: bool
    shuffled: bool

    @property
    def lowest(self) -> float:
        """The lowest validation loss; infinity if there is none."""
        return float(np.fmin.reduce(self.valid_losses, initial=np.inf))

    @property
    def first(self) -> float:
        """The validation loss after the first epoch; infinity if there is none."""
        return float(np.nan_to_num(self.valid_losses[0], nan=np.inf)) if len(self.valid_losses) else np.inf


class Trainings(Generic[Trained]):
    """Trains networks together until the time is up or somebody interrupts.

    Parameters
    ----------
    n_jobs : cores, as searches take them.
    time_budget : seconds, or None.
    verbose : whether to write on stderr how far it is.

    Attributes
    ----------
    done : what has been trained.
    stopped : "", "time_budget" or "interrupted".
    """

    def __init__(self, n_jobs: int | None, time_budget: float | None, verbose: int):
        self.n_jobs, self.verbose = check_n_jobs(n_jobs), verbose
        self.time_budget = time_budget
        self.start = time.monotonic()
        self.done: list[Trained] = []
        self.stopped = ""

    def run(self, train: Callable[..., Trained], tasks: Iterable[tuple[Any, ...]]) -> None:
        """Do what is to be trained, as far as time allows, and add to what is done."""
        calls = [delayed(train)(*task) for task in tasks]
        left = np.inf if self.time_budget is None else self.time_budget - (time.monotonic() - self.start)
        if self.stopped or left <= 0:
            self.stopped = self.stopped or "time_budget"
            return
        batches, n_before = Batches(self.n_jobs), len(self.done)
        timer = threading.Timer(min(left, threading.TIMEOUT_MAX), batches.interrupt)
        timer.daemon = True
        timer.start()
        try:
            with self._fuse():
                batches.run(calls, lambda one: self._receive(one, n_before + len(calls)))
        except SearchStopped:
            self.stopped = "time_budget"
        except KeyboardInterrupt:
            self.stopped = "interrupted"
        finally:
            timer.cancel()

    def _fuse(self) -> AbstractContextManager[Any]:
        return nullcontext() if is_backend_chosen() else fused(self.n_jobs)

    def _receive(self, one: Trained, n_planned: int) -> None:
        self.done.append(one)
        if self.verbose:
            passed = format_seconds(time.monotonic() - self.start)
            text = f"find_lr: {len(self.done)} of {n_planned} networks, {passed}"
            live = sys.stderr.isatty()
            if live or self.verbose > 1:
                sys.stderr.write(f"\r\x1b[2K{text}" if live else f"{text}\n")


def train_constant(number: int, seed: int, problem: Problem, rate: float, shuffled: bool = False) -> Training:
    """Train a network at a constant rate.

    Parameters
    ----------
    number, seed : of the seed, from which weights, batches and the rows held out
        follow: the same for all rates.
    problem : of the range test.
    rate : the learning rate.
    shuffled : whether targets, and their weights, are shuffled.
    """
    y, weight = problem.y, problem.sample_weight
    if shuffled:  # not X, whose encoding the networks of a seed then share
        order = check_random_state(seed).permutation(_num_samples(y))
        y, weight = (None if part is None else _safe_indexing(part, order) for part in (y, weight))
    split = choose_split(problem.net, problem.groups, seed)
    net = clone(problem.net).set_params(lr=rate, random_state=seed, validation_split=split)
    groups = {} if problem.groups is None else {"groups": problem.groups}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(problem.X, y, sample_weight=weight, **groups)
    train, valid = (
        np.array([row.get(name, np.nan) for row in net.history_], dtype=float) for name in ("train_loss", "valid_loss")
    )
    return Training(number, rate, train, valid, net.state_.finished == "diverged", shuffled)
