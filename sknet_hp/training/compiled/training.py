"""Training of one network on the CPU, from a job to a result.

Whole trainings are one call of the compiled loop where nobody observes them; else each
epoch is one.
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sknet_hp.nets.compiled.tape_walk import BARRIER
from sknet_hp.nets.graph import Graph
from sknet_hp.training.cancellation import Cancellation, Cancelled
from sknet_hp.training.compiled.kernels import loop_progress as P
from sknet_hp.training.compiled.kernels.epochs import judge
from sknet_hp.training.compiled.kernels.loop import train
from sknet_hp.training.compiled.loop_inputs import LoopInputs, make_progress
from sknet_hp.training.compiled.tapes import TrainingTapes, ValidationTapes
from sknet_hp.training.compiled.workspace import Workspace
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.rules.averaging import Average
from sknet_hp.training.rules.stopping import Plateau
from sknet_hp.training.rules.torch_loss import get_loss_class
from sknet_hp.training.start import make_initial_state
from sknet_hp.training.state import EpochRecord, Reaction, State, TrainingResult
from sknet_hp.training.threads import run_in_threads

_WORTH_SHARING = 1 << 24
"""Multiplications of a step from which on another core is worth its synchronisation."""

_SHORT = 0.05
"""Seconds within which the number of cores need not be asked for again."""


def train_compiled(job: TrainingJob, cancellation: Cancellation, cores: Callable[[], int]) -> TrainingResult:
    """Train a network of known layers on the CPU.

    Parameters
    ----------
    job : with a graph, in float32.
    cancellation : when it is set, `Cancelled` is raised within a step.
    cores : asked before an epoch how many cores may work on this network.
    """
    return Training(job, cancellation, cores).finish()


def is_worth_sharing(job: TrainingJob) -> bool:
    """Return whether a network is large enough for several cores.

    The number of cores does not change what is computed.
    """
    return job.rows_per_step * count_multiplications(job) > _WORTH_SHARING


def count_multiplications(job: TrainingJob) -> int:
    """Count the multiplications of a row's forward and backward pass in matrices."""
    assert isinstance(job.graph, Graph)
    total = 0
    for node in job.graph.nodes:
        heads = node.n_heads if node.kind == "ensemble_linear" else 1  # others' matrices are of each head
        total += heads * sum(
            int(np.prod(shape)) for role, _, shape in node.parameters if role == "weight" and node.kind != "categories"
        )
    return 3 * total


class Training:
    """The training of one network.

    Attributes
    ----------
    state : that of the start; `finished` is what has ended the training from outside.
    history : a record of each epoch.
    error : what the observer or the metric has raised.
    """

    def __init__(self, job: TrainingJob, cancellation: Cancellation, cores: Callable[[], int]):
        self.job, self.cancellation, self.cores = job, cancellation, cores
        self.state = job.start or make_initial_state(job)
        self.history: list[EpochRecord] = []
        self.error: BaseException | None = None
        self.most_cores = max(1, cores()) if is_worth_sharing(job) else 1
        self.workspace = Workspace(job, self.most_cores)
        self.tapes = TrainingTapes(self.workspace)
        self.validation = None if job.validation is None else ValidationTapes(self.workspace, job.validation)
        averaged = self.workspace.load(self.state)
        # The best epoch of an earlier training does not count where epochs are judged by something else.
        self._judged_anew = self.state.best_epoch > 0 and self.state.judged_by != job.judged_by
        self.progress = make_progress(job, self.state, averaged, self._judged_anew)
        self.inputs = LoopInputs(job, self.state.epoch, self.workspace, self.progress)
        self.inputs.connect(self.tapes, self.validation, cancellation)

    # ---- training --------------------------------------------------------------------------------------------------

    def finish(self) -> TrainingResult:
        """Train to the end."""
        job = self.job
        is_observed = job.observer is not None or job.metric is not None
        while not self._is_done():
            if is_observed:
                self._train_observed_epoch()
            elif self.most_cores == 1:
                self._run(job.max_epochs)
            else:
                self._run(min(job.max_epochs, self._count_epochs_done() + self._choose_epochs()))
        return TrainingResult(self.make_state(), self.history, self.error)

    def _count_epochs_done(self) -> int:
        return int(self.progress[P.EPOCH])

    def _choose_epochs(self) -> int:
        """Choose after how many epochs to ask again for the number of cores."""
        return 1 if not self.history else max(1, int(_SHORT / max(self.history[-1].duration, 1e-9)))

    def _is_done(self) -> bool:
        is_finished = bool(self.state.finished) or bool(self.progress[P.FINISHED])
        return is_finished or self._count_epochs_done() >= self.job.max_epochs

    def _run(self, until: int) -> None:
        """Train until so many epochs are done, and record them."""
        before, begin = self._count_epochs_done(), time.perf_counter()
        cores = min(self.most_cores, max(1, self.cores()))
        run_in_parts(train.address, (self.inputs.arguments, self.progress), until, cores, self.cancellation)
        if self.progress[P.FINISHED] == P.ENDINGS.index("cancelled"):
            raise Cancelled
        done = self._count_epochs_done()
        seconds = (time.perf_counter() - begin) / max(1, done - before)
        for epoch in range(before + 1, done + 1):
            self.history.append(self._make_record(epoch, seconds))

    def _make_record(self, epoch: int, seconds: float) -> EpochRecord:
        loss, valid_loss, accuracy = self.inputs.records[epoch - 1 - self.state.epoch].tolist()
        if self.validation is None:
            return EpochRecord(epoch, loss, None, None, None, seconds)
        has_accuracy = get_loss_class(self.job.loss).has_accuracy
        return EpochRecord(epoch, loss, valid_loss, accuracy if has_accuracy else None, None, seconds)

    # ---- observers and metrics -------------------------------------------------------------------------------------

    def _train_observed_epoch(self) -> None:
        """Train for an epoch that is observed, or scored by something not compiled."""
        observer = self.job.observer
        if observer is not None:
            self._follow(observer.on_epoch_begin)
            if self.state.finished:
                return
        self._run(self._count_epochs_done() + 1)
        if self.job.metric is not None:
            self._score()
        if observer is not None:
            self._follow(partial(observer.on_epoch_end, self.history[-1], self.make_state()))

    def _score(self) -> None:
        """Judge the last epoch by the job's metric."""
        if self.progress[P.FINISHED]:
            return
        assert self.job.metric is not None
        assert self.validation is not None
        assert self.validation.outputs is not None
        try:
            score = float(self.job.metric(self.validation.outputs))
        except Exception as error:
            self._stop(error)
            return
        record = self.history[-1] = self.history[-1]._replace(valid_score=score)
        loss = np.array([record.valid_loss])
        judge(arguments=self.inputs.arguments, progress=self.progress, value=np.array([-score]), loss=loss)

    def _follow(self, observe: Callable[[], Reaction]) -> None:
        """Ask an observer, and do what it wants."""
        try:
            stop, rates, changes = observe()
        except Exception as error:
            self._stop(error)
            return
        if stop and not self.progress[P.FINISHED]:
            self.state = replace(self.state, finished=self.state.finished or "observer")
        if rates is not None:
            self.inputs.write_rates(rates)
        if changes:
            state = replace(self.make_state(), **changes)
            self.workspace.load(state)
            self.progress[P.STEP] = state.step

    def _stop(self, error: BaseException) -> None:
        self.error = error
        self.state = replace(self.state, finished=self.state.finished or "observer")

    # ---- states ----------------------------------------------------------------------------------------------------

    def make_state(self) -> State:
        """Return the state in which the training is now, as a copy."""
        workspace, p = self.workspace, self.progress
        parameters, buffers = workspace.copy_weights(workspace.weights)
        average = None
        if workspace.average is not None:
            averaged = workspace.copy_weights(workspace.average)
            average = Average(self.job.averaging.kind, *averaged, int(p[P.AVERAGED]))
        return replace(
            self.state,
            parameters=parameters,
            buffers=buffers,
            slots=workspace.copy_slots(),
            epoch=int(p[P.EPOCH]),
            step=int(p[P.STEP]),
            waited=int(p[P.WAITED]),
            plateau=self._make_plateau(),
            average=average,
            finished=self.state.finished or P.ENDINGS[int(p[P.FINISHED])],
            **self._describe_best(),
        )

    def _describe_best(self) -> dict[str, Any]:
        """Return the fields of a state about the best epoch."""
        best = int(self.progress[P.BEST_EPOCH])
        described: dict[str, Any] = {"best_loss": float(self.progress[P.BEST_LOSS]), "best_epoch": best}
        if best:
            parameters, buffers = self.workspace.copy_weights(self.workspace.best)
            described |= {"best_parameters": parameters, "best_buffers": buffers}
        if best and (best != self.state.best_epoch or self._judged_anew):
            described["judged_by"] = self.job.judged_by
        return described

    def _make_plateau(self) -> Plateau:
        p = self.progress
        if not p[P.LOWERS]:
            return self.state.plateau
        fallen = int(p[P.FALLEN])
        if self.job.validation is None:
            drops = self.job.schedule.drops[:fallen]
        else:
            drops = tuple(int(epoch) for epoch in self.inputs.drops[:fallen])
        drops = (*self.state.plateau.drops, *drops)
        return Plateau(float(p[P.FACTOR]), float(p[P.LOWEST]), int(p[P.BAD_EPOCHS]), drops)


def run_in_parts(kernel: int, arrays: tuple[Any, ...], until: int, parts: int, cancellation: Cancellation) -> None:
    """Call a kernel in so many threads at once, each with its part."""
    barrier = np.zeros(BARRIER, np.int64)
    addresses = [array.ctypes.data for array in arrays]
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * (len(addresses) + 4))(kernel)
    run_in_threads(parts, lambda part, parts: call(part, parts, *addresses, barrier.ctypes.data, until), cancellation)
