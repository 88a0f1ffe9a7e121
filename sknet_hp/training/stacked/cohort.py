"""Training of many networks at once by torch: stack, train, retire, unstack."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.stacked.networks import get_trained_shapes
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.environment import use_training_environment
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.layout import Layout
from sknet_hp.training.rules.torch_loss import make_loss
from sknet_hp.training.stacked.batches import Pool
from sknet_hp.training.stacked.bound_members import BoundMembers
from sknet_hp.training.stacked.stack import Stack, make_stack
from sknet_hp.training.stacked.validation import Scores
from sknet_hp.training.start import make_initial_state
from sknet_hp.training.state import EpochRecord, Reaction, State, TrainingResult

_UNSET = Cancellation()


def train_cohort(jobs: list[TrainingJob], is_cancelled: Callable[[], bool] = _UNSET.is_set) -> list[TrainingResult]:
    """Train jobs of one key as one cohort; a network alone is a cohort of one.

    Parameters
    ----------
    jobs : of equal `key`.
    is_cancelled : asked between steps; when it says True, `Cancelled` is raised.
    """
    if not jobs:
        return []
    is_ours = isinstance(jobs[0].graph, Graph) and isinstance(jobs[0].loss, str)
    with use_training_environment(jobs[0].device), nullcontext() if is_ours else use_float32_on_cpu():
        cohort = Cohort(jobs, is_cancelled)
        while cohort.jobs:
            cohort.train_epoch()
        return cohort.results


class Cohort:
    """Members in training, from the first epoch until the last of them has left.

    Attributes
    ----------
    jobs, states, histories : position k of each list belongs to the member
        `numbers[k]` of the jobs given.
    stack : the members' numbers now.
    sound : those of the last epoch whose numbers were finite.
    best : weights of the members' best epochs, (members, length).
    bound : what is made anew when members leave.
    """

    def __init__(self, jobs: list[TrainingJob], is_cancelled: Callable[[], bool]):
        first, device = jobs[0], torch.device(jobs[0].device)
        self.is_cancelled = is_cancelled
        self.jobs = list(jobs)
        self.numbers = list(range(len(jobs)))
        self.states = [job.start or make_initial_state(job) for job in jobs]
        self.histories: list[list[EpochRecord]] = [[] for _ in jobs]
        self._results: dict[int, TrainingResult] = {}
        self._errors: dict[int, BaseException] = {}
        graph = first.graph
        shapes = (graph.parameters, graph.buffers) if isinstance(graph, Graph) else get_trained_shapes(graph)
        self.layout = Layout(*shapes)
        self.pool = Pool(jobs, make_loss(first.loss), device)
        self.stack = make_stack(self.jobs, self.states, self.layout, device)
        self.best = self.layout.stack([_get_best_weights(s) for s in self.states], device)
        self.sound = self.stack.copy()
        self.bound = BoundMembers(self.jobs, self.states, self.stack, self.pool)
        self._retire()

    @property
    def results(self) -> list[TrainingResult]:
        """Those of the members that have left, in the order of the jobs given."""
        return [self._results[number] for number in sorted(self._results)]

    # ---- an epoch --------------------------------------------------------------------------------------------------

    def train_epoch(self) -> None:
        """Train each member for one of its epochs, score it, and retire who is done."""
        self._announce_epoch()
        if not self.jobs:
            return
        start = time.perf_counter()
        train_losses = self.bound.train_epoch(self.states, self.is_cancelled)
        finite = self.stack.find_finite() & np.isfinite(train_losses)
        scores = self.bound.score()
        duration = (time.perf_counter() - start) / len(self.jobs)
        changed = [
            self._record(k, bool(finite[k]), float(train_losses[k]), scores[k], duration) for k in range(len(self.jobs))
        ]
        self._settle(any(changed))

    def _announce_epoch(self) -> None:
        """Tell observers that an epoch begins, and do what they want."""
        observed = [(k, job.observer) for k, job in enumerate(self.jobs) if job.observer is not None]
        if observed:
            changed = [self._follow(k, observer.on_epoch_begin) for k, observer in observed]
            if any(changed) or any(self.states[k].finished for k, _ in observed):
                self._settle(any(changed))

    def _settle(self, changed: bool) -> None:
        """Retire who is done, and bind the optimizer to what observers have changed."""
        members = len(self.jobs)
        self._retire()
        if changed and members == len(self.jobs):
            self.bound.bind_optimizer(self.jobs, self.states)
        if self.jobs:  # those that diverged are gone, with what was sound before this epoch; the rest is sound
            self.sound = self.stack.copy()

    # ---- what an epoch means for a member --------------------------------------------------------------------------

    def _record(self, k: int, finite: bool, train_loss: float, scores: Scores | None, duration: float) -> bool:
        """Record an epoch and what follows; return whether an observer changed it."""
        job, state = self.jobs[k], self.states[k]
        epoch = int(self.bound.epochs_done[k])
        loss, accuracy, score, error = scores or (None, None, None, None)
        record = EpochRecord(epoch, train_loss, loss, accuracy, score, duration)
        self.histories[k].append(record)
        changes: dict[str, Any] = {"epoch": epoch, "step": int(self.bound.steps_done[k])}
        if not finite:
            changes["finished"] = "diverged"
        elif error is not None:
            self._errors[self.numbers[k]] = error
            changes["finished"] = "observer"
        elif loss is not None:
            changes |= self._judge(k, loss if score is None else -score, epoch)
        if job.schedule.name == "plateau" and not job.schedule.is_warming((epoch - 1) / job.horizon):
            changes["plateau"] = state.plateau.compute_next(epoch, loss, job.schedule)
        self.states[k] = replace(state, **changes)
        if job.observer is None:
            return False
        state = self.stack.read_state(k, self.states[k])
        return self._follow(k, partial(job.observer.on_epoch_end, record, state))

    def _judge(self, k: int, value: float, epoch: int) -> dict[str, Any]:
        """Keep the weights of a best epoch; return what changes in the state."""
        job, state = self.jobs[k], self.states[k]
        is_first = state.best_epoch == 0 or state.judged_by != job.judged_by
        changes: dict[str, Any]
        if job.stopping.improves(value, state.best_loss, is_first):
            changes = {"best_loss": value, "best_epoch": epoch, "judged_by": job.judged_by, "waited": 0}
            self.best[k] = self.stack.predicting[k]
        else:
            changes = {"waited": state.waited + 1}
        if job.stopping.is_over(changes["waited"]):
            changes["finished"] = "patience"
        return changes

    def _follow(self, k: int, observe: Callable[[], Reaction]) -> bool:
        """Ask an observer and do what it wants; return whether it changed something."""
        try:
            stop, rates, changes = observe()
        except Exception as error:
            self._errors[self.numbers[k]] = error
            stop, rates, changes = Reaction(stop=True)
        if stop and not self.states[k].finished:
            self.states[k] = replace(self.states[k], finished="observer")
        if rates is not None:
            self.jobs[k] = replace(self.jobs[k], rates=rates)
        if changes:
            state = replace(self.stack.read_state(k, self.states[k]), **changes)
            self.states[k] = replace(self.states[k], step=state.step)
            self.stack.write_state(k, state)
        return rates is not None or bool(changes)

    # ---- leaving ---------------------------------------------------------------------------------------------------

    def _retire(self) -> None:
        """Let members that are done leave; the others' numbers stay the same."""
        members = enumerate(zip(self.jobs, self.states, strict=True))
        done = [k for k, (job, s) in members if s.finished or s.epoch >= job.max_epochs]
        if not done:
            return
        for k in done:
            self._results[self.numbers[k]] = self._make_result(k)
        self._keep([k for k in range(len(self.jobs)) if k not in set(done)])

    def _make_result(self, k: int) -> TrainingResult:
        stack: Stack = self.sound if self.states[k].finished == "diverged" else self.stack
        state = stack.read_state(k, self.states[k])
        if state.best_epoch:
            best_parameters, best_buffers = self.layout.copy_member(self.best[k])
            state = replace(state, best_parameters=best_parameters, best_buffers=best_buffers)
        return TrainingResult(state, self.histories[k], self._errors.get(self.numbers[k]))

    def _keep(self, keep: list[int]) -> None:
        """Drop all other members from the lists and from the stack."""
        self.jobs, self.states = [self.jobs[k] for k in keep], [self.states[k] for k in keep]
        self.numbers, self.histories = [self.numbers[k] for k in keep], [self.histories[k] for k in keep]
        if not keep:
            return
        self.stack, self.sound, self.best = self.stack.select(keep), self.sound.select(keep), self.best[keep]
        self.bound = BoundMembers(self.jobs, self.states, self.stack, self.pool)


def _get_best_weights(state: State) -> tuple[np.ndarray, np.ndarray]:
    """Return the (parameters, buffers) of the best epoch, or those there are."""
    if state.best_parameters is None or state.best_buffers is None:
        return state.parameters, state.buffers
    return state.best_parameters, state.best_buffers
