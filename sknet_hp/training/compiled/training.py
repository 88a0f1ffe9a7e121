"""Training on the CPU, from a job to a result: whole trainings in one call where nobody
looks on, else an epoch at a time.
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sknet_hp.nets.compiled.machine import BARRIER
from sknet_hp.nets.graph import Graph
from sknet_hp.training.augment import draw_mixing_shares
from sknet_hp.training.cancellation import Cancellation, Cancelled
from sknet_hp.training.compiled import loop_arguments as A
from sknet_hp.training.compiled import loop_progress as P
from sknet_hp.training.compiled.loop import FINISHED, RULES, judge, train
from sknet_hp.training.compiled.updates import Now
from sknet_hp.training.compiled.workspace import Workspace, make_rate_cells
from sknet_hp.training.job import EpochRecord, Reaction, State, TrainingJob, TrainingResult
from sknet_hp.training.rules.averaging import Average
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.schedules import SLACK, Schedule
from sknet_hp.training.rules.stopping import Plateau
from sknet_hp.training.rules.torch_loss import get_loss_class
from sknet_hp.training.start import make_initial_state
from sknet_hp.training.threads import run_in_threads

_AVERAGINGS = {"none": 0, "ema": 1, "swa": 2}


def train_compiled(job: TrainingJob, cancellation: Cancellation, cores: Callable[[], int]) -> TrainingResult:
    """Train a network of known layers on the CPU.

    Parameters
    ----------
    job : with a graph, in float32.
    cancellation : when it is set, `Cancelled` is raised within a step.
    cores : asked before an epoch how many cores may work on this network.
    """
    return Training(job, cancellation, cores).result()


_WORTH_SHARING = 1 << 24
"""Multiplications of a step from which on another core is worth meeting it after each
kernel.
"""


_SHORT = 0.05  # seconds


def is_worth_sharing(job: TrainingJob) -> bool:
    """Whether a network is large enough for several cores. What they make of it does
    not depend on it.
    """
    return job.rows_per_step * count_multiplications(job) > _WORTH_SHARING


def count_multiplications(job: TrainingJob) -> int:
    """What a row's way through the matrices of a network takes, there and back."""
    assert isinstance(job.graph, Graph)
    total = 0
    for node in job.graph.nodes:
        heads = node.n_heads if node.kind == "ensemble_linear" else 1  # others' matrices are of each head
        total += heads * sum(
            int(np.prod(shape)) for role, _, shape in node.parameters if role == "weight" and node.kind != "categories"
        )
    return 3 * total


class Training:
    """One network's training."""

    def __init__(self, job: TrainingJob, cancellation: Cancellation, cores: Callable[[], int]):
        self.job, self.cancellation, self.cores = job, cancellation, cores
        self.state = job.start or make_initial_state(job)
        self.history: list[EpochRecord] = []
        self.error: BaseException | None = None
        self.most_cores = max(1, cores()) if is_worth_sharing(job) else 1
        self.workspace = Workspace(job, self.most_cores)
        self._load(self.state)
        self._prepare()

    # ---- states ----------------------------------------------------------------------------------------------------

    def _load(self, state: State) -> None:
        """Put a state's numbers where the tapes work on them."""
        workspace = self.workspace
        self._put(state.parameters, state.buffers, workspace.weights)
        for own, slot in zip(workspace.slots, state.slots, strict=True):
            own[:] = workspace.of_parameters.arrange(slot)
        if workspace.average is not None:
            average = (
                state.average if state.average is not None and state.average.kind == self.job.averaging.kind else None
            )
            shown = state if average is None else average
            self._put(shown.parameters, shown.buffers, workspace.average)
            self.averaged = 0 if average is None else average.count
        if state.best_parameters is not None and state.best_buffers is not None:
            self._put(state.best_parameters, state.best_buffers, workspace.best)

    def _put(self, parameters: np.ndarray, buffers: np.ndarray, here: np.ndarray) -> None:
        workspace, n = self.workspace, self.workspace.n_parameters
        here[:n], here[n:] = workspace.of_parameters.arrange(parameters), workspace.of_buffers.arrange(buffers)

    def _taken(self, here: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(parameters, buffers) as states have them."""
        workspace, n = self.workspace, self.workspace.n_parameters
        return workspace.of_parameters.undo(here[:n]), workspace.of_buffers.undo(here[n:])

    def now(self) -> State:
        """Where the training stands."""
        workspace, c = self.workspace, self.progress
        parameters, buffers = self._taken(workspace.weights)
        best = int(c[P.BEST_EPOCH])
        average = None
        if workspace.average is not None:
            average = Average(self.job.averaging.kind, *self._taken(workspace.average), int(c[P.AVERAGED]))
        changes: dict[str, Any] = (
            dict(zip(("best_parameters", "best_buffers"), self._taken(workspace.best), strict=True)) if best else {}
        )
        if best and (best != self.state.best_epoch or self._judged_anew):
            changes["judged_by"] = self.job.judged_by
        return replace(
            self.state,
            parameters=parameters,
            buffers=buffers,
            slots=np.array([workspace.of_parameters.undo(slot) for slot in workspace.slots], np.float32).reshape(
                len(workspace.slots), len(parameters)
            ),
            epoch=int(c[P.EPOCH]),
            step=int(c[P.STEP]),
            best_loss=float(c[P.BEST_LOSS]),
            best_epoch=best,
            waited=int(c[P.WAITED]),
            plateau=self._plateau(),
            average=average,
            finished=self.state.finished or FINISHED[int(c[P.FINISHED])],
            **changes,
        )

    def _plateau(self) -> Plateau:
        c = self.progress
        if not c[P.LOWERS]:
            return self.state.plateau
        before = self.state.plateau.drops
        fallen = int(c[P.FALLEN])
        drops = (
            tuple(int(epoch) for epoch in self.drops[:fallen])
            if self.job.validation is not None
            else self.job.schedule.drops[:fallen]
        )
        return Plateau(float(c[P.FACTOR]), float(c[P.LOWEST]), int(c[P.BAD_EPOCHS]), (*before, *drops))

    # ---- what the loop is told -------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Write down what the compiled loop goes by."""
        job, state, workspace = self.job, self.state, self.workspace
        c = self.progress = np.zeros(P.LENGTH)
        c[P.EPOCH], c[P.STEP], c[P.WAITED] = state.epoch, state.step, state.waited
        # The best of an earlier training is none where epochs are judged by something else.
        self._judged_anew = state.best_epoch > 0 and state.judged_by != job.judged_by
        c[P.BEST_LOSS], c[P.BEST_EPOCH] = state.best_loss, 0 if self._judged_anew else state.best_epoch
        c[P.AVERAGED] = self.averaged if workspace.average is not None else 0
        c[P.PATIENCE] = np.inf if job.stopping.patience is None else job.stopping.patience
        c[P.MIN_DELTA] = job.stopping.min_delta
        c[P.EMA_DECAY], c[P.SWA_START] = job.averaging.decay, job.averaging.start * job.horizon + SLACK
        schedule, plateau = job.schedule, state.plateau
        lowers = schedule.name == "plateau"
        c[P.FACTOR] = plateau.factor if lowers else 1.0
        c[P.LOWEST], c[P.BAD_EPOCHS], c[P.LOWERS] = plateau.best, plateau.bad_epochs, lowers
        c[P.LR_PATIENCE], c[P.LR_GAMMA], c[P.LR_MIN_FACTOR] = (
            schedule.patience,
            schedule.gamma,
            schedule.min_factor,
        )
        c[P.WARM_FROM] = (schedule.warmup - SLACK) * job.horizon
        c[P.NADAM] = 0.96**0.004
        epochs = max(1, job.max_epochs - state.epoch)
        self.records = np.full((epochs, 3), np.nan)
        self.drops = np.array(
            [*schedule.drops, *[0] * epochs] if job.validation is None else [0] * (epochs + 1), np.int64
        )
        self._write_arguments(epochs)
        self._set_rates()

    def _set_rates(self) -> None:
        """Write down the numbers of the update, which observers may change."""
        rates, c, now = self.job.rates, self.progress, self.workspace.now
        c[P.BETA_1], c[P.BETA_2], c[P.EPS] = rates.beta1, rates.beta2, rates.eps
        decoupled = (self.job.decay_mode or OPTIMIZERS[self.job.optimizer].decay_mode) == "decoupled"
        numbers = {
            Now.L1: rates.l1,
            Now.CLIP: 1.0,
            Now.DECOUPLED: decoupled,
            Now.MOMENTUM: rates.momentum,
            Now.EPS: rates.eps,
        }
        numbers |= {
            Now.SHARE_1: 1 - rates.beta1,
            Now.SHARE_2: 1 - (rates.alpha if self.job.optimizer == "rmsprop" else rates.beta2),
        }
        for place, number in numbers.items():
            now[place] = number
        self.workspace.limit[:] = rates.clip
        self.lr = self._table(self.job.schedule, rates.lr)
        self.decay = self._table(self.job.decay_schedule, rates.weight_decay)
        p = self.arguments
        p[A.LR_AT], p[A.LR_STRIDE] = self.lr.ctypes.data, int(self.lr.size > 1)
        p[A.DECAY_AT], p[A.DECAY_STRIDE] = self.decay.ctypes.data, int(self.decay.size > 1)

    def _table(self, schedule: Schedule, base: float) -> np.ndarray:
        """A rate in each step of each epoch to come; one number where it stays."""
        job = self.job
        if schedule == Schedule() or (schedule.name == "plateau" and not schedule.warmup):
            return np.array([base])
        epochs, steps = len(self.records), job.steps
        t = (self.state.epoch + np.arange(epochs * steps) / steps) / job.horizon
        return base * schedule.compute_factors(t, 1 / (steps * job.horizon))

    def _write_arguments(self, epochs: int) -> None:
        job, workspace, p = self.job, self.workspace, np.zeros(A.LENGTH, np.int64)
        self.arguments = p
        schedule = job.dropout_schedule
        times = [0.0] if schedule == Schedule() else [(self.state.epoch + e) / job.horizon for e in range(epochs)]
        self.dropouts = np.array(
            [make_rate_cells(workspace.graph, job.layer_rates, schedule.compute_factor(t)) for t in times], np.float32
        )
        self.mixing = (
            draw_mixing_shares(job, range(self.state.epoch, self.state.epoch + epochs)) if job.mixup_alpha else None
        )
        arrays = {
            A.CANCELLED_AT: self.cancellation.flag,
            A.INDEX_AT: workspace.train.numbers,
            A.ORDER_AT: workspace.order,
            A.CURSOR_AT: workspace.cursor,
            A.KEY_AT: workspace.key,
            A.NOW_AT: workspace.now,
            A.TAPE_AT: workspace.step,
            A.REST_AT: workspace.last_step,
            A.TOTALS_AT: workspace.totals,
            A.DROPOUT_AT: self.dropouts,
            A.RATES_AT: workspace.rates,
            A.MIX_AT: self.mixing,
            A.FACTORS_AT: workspace.factors,
            A.FACTORS_AFTER_AT: workspace.factors_after,
            A.STATE_AT: workspace.state,
            A.AVERAGE_AT: workspace.average,
            A.SOUND_AT: workspace.sound,
            A.BEST_AT: workspace.best,
            A.SHOWN_AT: workspace.shown,
            A.HISTORY_AT: self.records,
            A.DROPS_AT: self.drops,
        }
        numbers = {
            A.SEED: job.seed,
            A.ROWS: len(job.train),
            A.BATCH: workspace.rows,
            A.STEPS: job.steps,
            A.SHUFFLE: job.shuffle,
            A.TAPE_LENGTH: len(workspace.step),
            A.REST_LENGTH: len(workspace.last_step),
            A.DROPOUT_STRIDE: len(self.dropouts) > 1,
            A.N_RATES: len(workspace.rates),
            A.N_FACTORS: workspace.factors.size,
            A.FACTORS_UNTIL: job.max_epochs + 1 if job.lr_factors_until is None else job.lr_factors_until,
            A.N_PARAMETERS: workspace.n_parameters,
            A.N_BUFFERS: workspace.n_buffers,
            A.N_STATE: len(workspace.state),
            A.JUDGES: job.metric is None,
            A.RULE: RULES.get(job.optimizer, 0),
            A.AVERAGING: _AVERAGINGS[job.averaging.kind],
            A.N_DROPS: len(job.schedule.drops) if job.validation is None else 0,
            A.FIRST_EPOCH: self.state.epoch,
        }
        if job.validation is not None:
            arrays |= {A.VALIDATION_AT: workspace.validate, A.VALIDATION_REST_AT: workspace.validate_last}
            numbers |= {A.VALIDATED: len(job.validation), A.VALIDATION_BATCH: workspace.validation_rows}
            numbers |= {
                A.VALIDATION_LENGTH: len(workspace.validate),
                A.VALIDATION_REST_LENGTH: len(workspace.validate_last),
            }
        for place, array in arrays.items():
            p[place] = 0 if array is None else array.ctypes.data
        for place, number in numbers.items():
            p[place] = number

    # ---- training --------------------------------------------------------------------------------------------------

    def result(self) -> TrainingResult:
        """Train to the end."""
        job = self.job
        looked_at = job.observer is not None or job.metric is not None
        while not self._is_done():
            if looked_at:
                self._epoch()
            else:
                epochs = (
                    job.max_epochs if self.most_cores == 1 else int(self.progress[P.EPOCH]) + self._epochs_at_once()
                )
                self._run(min(job.max_epochs, epochs))
        return TrainingResult(self.now(), self.history, self.error)

    def _epochs_at_once(self) -> int:
        """How many epochs are so short together that other cores may as well come and
        go after them.
        """
        return 1 if not self.history else max(1, int(_SHORT / max(self.history[-1].duration, 1e-9)))

    def _is_done(self) -> bool:
        return bool(self.state.finished or self.progress[P.FINISHED] or self.progress[P.EPOCH] >= self.job.max_epochs)

    def _run(self, until: int) -> None:
        """Train until so many epochs lie behind, and note what they were like."""
        c, before = self.progress, int(self.progress[P.EPOCH])
        begin = time.perf_counter()
        cores = min(self.most_cores, max(1, self.cores()))
        run_in_parts(train.address, (self.arguments, c), until, cores, self.cancellation)
        if c[P.FINISHED] == FINISHED.index("cancelled"):
            raise Cancelled
        seconds = (time.perf_counter() - begin) / max(1, int(c[P.EPOCH]) - before)
        for epoch in range(before + 1, int(c[P.EPOCH]) + 1):
            loss, valid_loss, accuracy = self.records[epoch - 1 - self.state.epoch].tolist()
            validated = self.job.validation is not None
            counted = validated and get_loss_class(self.job.loss).has_accuracy
            self.history.append(
                EpochRecord(
                    epoch, loss, valid_loss if validated else None, accuracy if counted else None, None, seconds
                )
            )

    def _epoch(self) -> None:
        """Train for an epoch that somebody looks at, or that is scored by something
        that is not compiled.
        """
        observer = self.job.observer
        if observer is not None:
            self._ask(observer.on_epoch_begin)
            if self.state.finished:
                return
        self._run(int(self.progress[P.EPOCH]) + 1)
        if self.job.metric is not None:
            self._score()
        if observer is not None:
            self._ask(partial(observer.on_epoch_end, self.history[-1], self.now()))

    def _score(self) -> None:
        """Judge the last epoch by the job's metric."""
        if self.progress[P.FINISHED]:
            return
        assert self.job.metric is not None
        assert self.workspace.outputs is not None
        try:
            score = float(self.job.metric(self.workspace.outputs))
        except Exception as error:
            self._stop(error)
            return
        record = self.history[-1] = self.history[-1]._replace(valid_score=score)
        judge(
            arguments=self.arguments,
            progress=self.progress,
            value=np.array([-score]),
            loss=np.array([record.valid_loss]),
        )

    def _ask(self, observe: Callable[[], Reaction]) -> None:
        """Do what an observer wants."""
        try:
            stop, rates, changes = observe()
        except Exception as error:
            self._stop(error)
            return
        if stop and not self.progress[P.FINISHED]:
            self.state = replace(self.state, finished=self.state.finished or "observer")
        if rates is not None:
            self.job = replace(self.job, rates=rates)
            self._set_rates()
        if changes:
            state = replace(self.now(), **changes)
            self._load(state)
            self.progress[P.STEP] = state.step

    def _stop(self, error: BaseException) -> None:
        self.error = error
        self.state = replace(self.state, finished=self.state.finished or "observer")


def run_in_parts(kernel: int, arrays: tuple[Any, ...], until: int, parts: int, cancellation: Cancellation) -> None:
    """Call a kernel in so many threads at once, each with its part."""
    barrier = np.zeros(BARRIER, np.int64)
    addresses = [array.ctypes.data for array in arrays]
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * (len(addresses) + 4))(kernel)
    run_in_threads(parts, lambda part, parts: call(part, parts, *addresses, barrier.ctypes.data, until), cancellation)
