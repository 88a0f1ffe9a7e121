"""How networks are trained, many at once: stack, step, retire, unstack."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets import kernels
from sknet_hp.nets.defaults import own_defaults
from sknet_hp.nets.graph import Graph, Shape
from sknet_hp.nets.program import Alone, Program, Runnable, trained_shapes
from sknet_hp.nets.slices import Sliced, rows_per_slice
from sknet_hp.training.augment import Augmentation
from sknet_hp.training.averaging import Average, Averages
from sknet_hp.training.batches import DROPOUT, Epochs, Pool
from sknet_hp.training.calling_off import Cancelled
from sknet_hp.training.environment import training_environment
from sknet_hp.training.heads import OfEach
from sknet_hp.training.job import EpochRecord, Reaction, State, TrainingJob, TrainingResult
from sknet_hp.training.layout import Layout
from sknet_hp.training.optimizers import OPTIMIZERS, Optimizer
from sknet_hp.training.reach import decay_reach
from sknet_hp.training.schedules import Schedule
from sknet_hp.training.start import initial_state
from sknet_hp.training.torch_loss import TorchLoss, loss_of
from sknet_hp.training.validation import Scores, Validation
from sknet_hp.training.weights import Weights

_GATHER_FLOATS = 1 << 18  # how much of X is gathered at once: enough to amortise the call, little enough to stay in cache


def never() -> bool:
    return False


def train(jobs: list[TrainingJob], cancelled: Callable[[], bool] = never) -> list[TrainingResult]:
    """Train jobs of one key as one cohort; a network alone is a cohort of one.

    Parameters
    ----------
    jobs : of equal `key`.
    cancelled : asked between steps; when it says True, `Cancelled` is raised.
    """
    if not jobs:
        return []
    ours = isinstance(jobs[0].graph, Graph) and isinstance(jobs[0].loss, str)
    with training_environment(jobs[0].device), nullcontext() if ours else own_defaults():
        cohort = Cohort(jobs, cancelled)
        while cohort.jobs:
            cohort.epoch()
        return cohort.results


class Cohort:
    """Members in training. Position k of every list belongs to the member `self.numbers[k]` of the jobs given."""

    def __init__(self, jobs: list[TrainingJob], cancelled: Callable[[], bool]):
        first = jobs[0]
        self.cancelled = cancelled
        self.device = torch.device(first.device)
        self.loss = loss_of(first.loss)
        self.module = None if isinstance(first.graph, Graph) else first.graph
        self.graph = first.graph if isinstance(first.graph, Graph) else None
        self.parameter_shapes, self.buffer_shapes = self._shapes()
        self.jobs = list(jobs)
        self.numbers = list(range(len(jobs)))
        self.states = [job.start or initial_state(job) for job in jobs]
        self.histories: list[list[EpochRecord]] = [[] for _ in jobs]
        self.pool = Pool(jobs, self.loss, self.device)
        self._results: dict[int, TrainingResult] = {}
        self._errors: dict[int, BaseException] = {}
        layout = Layout(self.parameter_shapes, len(jobs), self.device)
        layouts = layout, Layout(self.buffer_shapes, len(jobs), self.device)
        self.weights = Weights(*layouts).assign([(s.parameters, s.buffers) for s in self.states])
        self.slots = [layout.zeros() for _ in range(self.optimizer_class.slots)]
        for i, slot in enumerate(self.slots):
            layout.assign(slot, np.stack([s.slots[i] for s in self.states]))
        # Copies of the epoch with the lowest validation loss, and of the last epoch whose numbers were finite.
        self.best = Weights(*layouts).assign([best_of(s) for s in self.states])
        self.sound = self.weights.copy()
        self.sound_slots = [slot.clone() for slot in self.slots]
        self.averages, self.sound_averages = self._averages(layouts), self._averages(layouts)
        self._bind()
        self._retire()

    def _averages(self, layouts: tuple[Layout, Layout]) -> Averages | None:
        each = [job.averaging for job in self.jobs]
        if each[0].kind == "none":
            return None
        now = [s.average if s.average is not None and s.average.kind == each[0].kind else Average("", s.parameters, s.buffers) for s in self.states]
        return Averages(each, Weights(*layouts).assign([(a.parameters, a.buffers) for a in now]), np.array([a.count for a in now]))

    @property
    def optimizer_class(self) -> type[Optimizer]:
        return OPTIMIZERS[self.jobs[0].optimizer if self.jobs else "sgd"]

    @property
    def results(self) -> list[TrainingResult]:
        return [self._results[number] for number in sorted(self._results)]

    def _shapes(self) -> tuple[list[tuple[str, Shape]], list[tuple[str, Shape]]]:
        if self.graph is not None:
            return self.graph.parameters, self.graph.buffers
        assert self.module is not None
        return trained_shapes(self.module)

    def _bind(self) -> None:
        """Make the program and the optimizer for the members now in the stack."""
        jobs, layout = self.jobs, self.weights.layout
        self.layout = layout
        self.gradient, self.scratch = layout.zeros(), layout.zeros()
        self.epochs_done = np.array([s.epoch for s in self.states])
        self.epochs = Epochs(self.pool, jobs, self.device)
        self.validation = Validation(self.pool, jobs, self.device) if jobs[0].validation is not None else None
        parameters = layout.views(self.weights.parameters)
        buffers = self.weights.buffer_layout.views(self.weights.buffers)
        self.program: Runnable
        if self.graph is not None:
            rates = torch.tensor([job.layer_rates for job in jobs], dtype=torch.float32, device=self.device).view(len(jobs), -1)
            # A user's loss may be one of the whole batch.
            whole = isinstance(jobs[0].loss, TorchLoss)
            rows = jobs[0].batch_rows if whole else rows_per_slice(self.graph, jobs[0].batch_rows, self.device)
            flat = [self.gradient, *(layout.zeros() for _ in range(rows, jobs[0].batch_rows, rows))]
            programs = [Program(self.graph, parameters, layout.views(own), buffers, rates) for own in flat]
            self.program = programs[0] if len(programs) == 1 else Sliced(programs, flat, rows)
        else:
            assert self.module is not None
            self.program = Alone(self.module, parameters, layout.views(self.gradient), buffers)
        own = torch.tensor([job.loss_parameter for job in jobs], dtype=torch.float32, device=self.device)
        self.loss = loss_of(jobs[0].loss, own.view(-1, 1, 1))
        self.of_each = OfEach(self.loss, jobs[0].n_heads) if jobs[0].n_heads > 1 else self.loss
        smoothing = [job.label_smoothing for job in jobs]
        self.smoothing = torch.tensor(smoothing, dtype=torch.float32, device=self.device).view(1, -1, 1, 1) if any(smoothing) else None
        self._bind_optimizer()

    def _bind_optimizer(self) -> None:
        """Make the optimizer for the rates and the steps of the members now in the stack."""
        jobs = self.jobs
        self.steps_done = np.array([s.step for s in self.states])
        names = list(jobs[0].rates.__dataclass_fields__)
        self.rates = {name: np.array([getattr(job.rates, name) for job in jobs], dtype=np.float64) for name in names}
        self.optimizer = OPTIMIZERS[jobs[0].optimizer](self.rates, self.layout, jobs[0].decay_mode, self._decayed())

    def _lr_factors(self) -> np.ndarray | None:
        """(members, tensors) factors on the learning rates of this epoch, or None for ones."""
        ones = (1.0,) * len(self.layout.sizes)
        each = [
            (job.lr_factors if job.lr_factors_until is None or done < job.lr_factors_until else job.lr_factors_after) or ones
            for job, done in zip(self.jobs, self.epochs_done, strict=True)
        ]
        return np.array(each) if any(factors != ones for factors in each) else None

    def _decayed(self) -> np.ndarray:
        """(members, tensors) factors on the weight decay of each tensor, 0 where it does not reach."""
        return np.array([decay_reach(job) for job in self.jobs])

    # ---- an epoch --------------------------------------------------------------------------------------------------

    def epoch(self) -> None:
        """Train each member for one of its epochs, score it, and let those go that are done."""
        self._begin()
        if not self.jobs:
            return
        start = time.perf_counter()
        train_losses = self._train_epoch()
        self.epochs_done += 1
        self.steps_done += self.epochs.steps
        if self.averages is not None:
            horizons = np.array([job.horizon for job in self.jobs])
            self.averages.end_epoch(self.epochs_done, self.epochs.steps, horizons, self.weights)
        finite = self._finite() & np.isfinite(train_losses)
        with nullcontext() if self.averages is None else self.averages.in_place_of(self.weights):
            scores = self.validation.scores(self.program, self.loss) if self.validation is not None else [None] * len(self.jobs)
        duration = (time.perf_counter() - start) / len(self.jobs)
        changed = [self._record(k, bool(finite[k]), float(train_losses[k]), scores[k], duration) for k in range(len(self.jobs))]
        self._settle(any(changed))

    def _begin(self) -> None:
        """Tell observers that an epoch begins."""
        watched = [(k, job.observer) for k, job in enumerate(self.jobs) if job.observer is not None]
        if watched:
            changed = [self._ask(k, observer.on_epoch_begin) for k, observer in watched]
            if any(changed) or any(self.states[k].finished for k, _ in watched):
                self._settle(any(changed))

    def _settle(self, changed: bool) -> None:
        """Let those go that are done, and begin anew with what observers have changed."""
        members = len(self.jobs)
        self._retire()
        if changed and members == len(self.jobs):
            self._bind_optimizer()
        # Those that diverged are gone, with what was sound before this epoch; the rest is sound, whoever left.
        self.sound.copy_(self.weights)
        for to, source in zip(self.sound_slots, self.slots, strict=True):
            to.copy_(source)
        if self.averages is not None and self.sound_averages is not None:
            self.sound_averages.copy_(self.averages)

    def _train_epoch(self) -> np.ndarray:
        """All steps of one epoch; returns the members' mean losses (members,)."""
        order, weight, share = self.epochs.draw(self.epochs_done.tolist())
        steps, members, rows = order.shape
        features, n_outputs = self.jobs[0].train.table.X.n_features, self.jobs[0].n_outputs
        keys = self._keys(steps)
        width = n_outputs * self.jobs[0].n_heads
        augmentation = Augmentation(self.jobs, self.epochs_done.tolist(), steps)
        augmentation.weigh(weight, share)
        shares, columns = share.unbind(0), share.unsqueeze(3).unbind(0)
        counted = self.steps_done + np.arange(1, steps + 1)[:, None]
        decay = self._factors("decay_schedule", steps)
        self.optimizer.begin_epoch(self._learning_rates(steps), counted, self._lr_factors(), decay)
        self.program.scale_dropout(self._factors("dropout_schedule", 1))
        averages = self.averages
        if averages is not None:
            averages.begin_epoch(steps)
        chunk = max(1, min(steps, _GATHER_FLOATS // (members * rows * features)))
        records = torch.empty(chunk, members, rows, width, dtype=torch.float32, device=self.device)
        losses = np.empty((members, steps, rows), np.float32)
        for begin in range(0, steps, chunk):
            index = order[begin : begin + chunk].reshape(-1)
            xs = self.pool.inputs(index).view(-1, members, rows, features)
            ys = self.pool.y.index_select(0, index).view(-1, members, rows, n_outputs)
            if self.smoothing is not None:
                ys = ys * (1 - self.smoothing) + self.smoothing * self.loss.even(n_outputs)
            if augmentation:
                augmentation.apply(begin, xs, ys)
            for s, x, y, record in zip(range(begin, steps), xs.unbind(0), ys.unbind(0), records.unbind(0), strict=False):
                if self.cancelled():
                    raise Cancelled
                self.program.step(x, shares[s], keys[s], partial(self._slope, y, columns[s], record))
                self.optimizer.update(s, self.weights.parameters, self.gradient, self.slots, self.scratch)
                if averages is not None:
                    averages.after_step(s, self.weights)
            losses[:, begin : begin + len(xs)] = self.of_each.rows(records[: len(xs)], ys).transpose(0, 1).cpu().numpy()
        # Summed one member at a time, over arrays that the member alone would have: the order of additions is part of the promise. What stands
        # where a row only fills its batch means nothing, and may be left from other steps.
        weighted = np.multiply(losses, weight, where=weight > 0, out=np.zeros_like(losses))
        return np.array([weighted[k].ravel().sum() / (weight[k].sum() or 1.0) for k in range(members)])

    def _slope(self, y: Tensor, weight: Tensor, record: Tensor, outputs: Tensor, rows: slice) -> Tensor:
        """The gradient by the outputs of some rows of a batch."""
        own = record[:, rows].contiguous()  # kernels write into nothing else
        gradient = self.of_each.gradient(outputs, y[:, rows], weight[:, rows], own)
        if own.data_ptr() != record[:, rows].data_ptr():
            record[:, rows] = own
        return gradient

    def _keys(self, steps: int) -> Sequence[Tensor]:
        """For each step, (members, dropouts) keys of the dropout masks."""
        seeds = np.array([job.seed for job in self.jobs])
        seeds, epochs = seeds[None, :, None], self.epochs_done[None, :, None]
        keys = kernels.mixed_keys(seeds, DROPOUT, epochs, np.arange(steps)[:, None, None], np.arange(self.program.n_keys)[None, None, :])
        return torch.from_numpy(np.ascontiguousarray(keys)).to(self.device).unbind(0)

    def _learning_rates(self, steps: int) -> np.ndarray:
        """(steps, members)."""
        factors = self._factors("schedule", steps)
        # What "plateau" has come to says nothing to the schedule that a continued training has in its place.
        plateau = np.array(
            [state.plateau.factor if job.schedule.name == "plateau" else 1.0 for job, state in zip(self.jobs, self.states, strict=True)]
        )
        return self.rates["lr"] * (plateau if factors is None else factors * plateau) * np.ones((steps, 1))

    def _factors(self, schedule: str, steps: int) -> np.ndarray | None:
        """(steps, members) factors that a schedule of the jobs gives for this epoch; None for ones."""
        schedules = [getattr(job, schedule) for job in self.jobs]
        if all(each == Schedule() for each in schedules):
            return None
        factors = np.ones((steps, len(self.jobs)))
        for k, (job, each, done) in enumerate(zip(self.jobs, schedules, self.epochs_done, strict=True)):
            if each != Schedule():
                factors[:, k] = [each.factor((done + s / steps) / job.horizon, 1 / (steps * job.horizon)) for s in range(steps)]
        return factors

    def _finite(self) -> np.ndarray:
        finite = self.weights.finite()
        return (finite if self.averages is None else finite & self.averages.weights.finite()).cpu().numpy()

    # ---- what an epoch means for a member --------------------------------------------------------------------------

    def _record(self, k: int, finite: bool, train_loss: float, scores: Scores | None, duration: float) -> bool:
        """Write an epoch down, and what follows from it; returns whether an observer has changed something."""
        job, state = self.jobs[k], self.states[k]
        epoch = int(self.epochs_done[k])
        loss, accuracy, score, error = scores or (None, None, None, None)
        record = EpochRecord(epoch, train_loss, loss, accuracy, score, duration)
        self.histories[k].append(record)
        changes: dict = {"epoch": epoch, "step": int(self.steps_done[k])}
        if not finite:
            changes["finished"] = "diverged"
        elif error is not None:
            self._errors[self.numbers[k]] = error
            changes["finished"] = "observer"
        elif loss is not None:
            value = loss if score is None else -score
            first = state.best_epoch == 0 or state.judged_by != job.judged_by
            if job.stopping.improves(value, state.best_loss, first):
                changes |= {"best_loss": value, "best_epoch": epoch, "judged_by": job.judged_by, "waited": 0}
                self.best.copy_member(k, self.weights if self.averages is None else self.averages.weights)
            else:
                changes["waited"] = state.waited + 1
            if job.stopping.ends(changes["waited"]):
                changes["finished"] = "patience"
        if job.schedule.name == "plateau" and not job.schedule.warming((epoch - 1) / job.horizon):
            changes["plateau"] = state.plateau.after(epoch, loss, job.schedule)
        self.states[k] = replace(state, **changes)
        if job.observer is None:
            return False
        state = self._ended(k, self.weights, self.slots, self.averages)
        return self._ask(k, partial(job.observer.on_epoch_end, record, state))

    def _ask(self, k: int, observe: Callable[[], Reaction]) -> bool:
        """Do what an observer wants; returns whether it has changed something."""
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
            self._put(k, replace(self._ended(k, self.weights, self.slots, self.averages), **changes))
        return rates is not None or bool(changes)

    def _put(self, k: int, state: State) -> None:
        """Let a member go on from another state."""
        self.states[k] = replace(self.states[k], step=state.step)
        everyone = range(len(self.jobs))
        self.weights.assign([(state.parameters, state.buffers) if i == k else self.weights.member(i) for i in everyone])
        for own, slot in zip(state.slots, self.slots, strict=True):
            self.layout.assign(slot, np.stack([own if i == k else self.layout.member(i, slot) for i in everyone]))

    def _ended(self, k: int, weights: Weights, slots: list[Tensor], averages: Averages | None) -> State:
        """A member's state with these tensors."""
        parameters, buffers = weights.member(k)
        memory = np.array([self.layout.member(k, slot) for slot in slots]).reshape(len(slots), -1)
        return replace(self.states[k], parameters=parameters, buffers=buffers, slots=memory, average=None if averages is None else averages.member(k))

    def _retire(self) -> None:
        """Members that are done leave the stack; the others do not notice."""
        done = [k for k, (job, s) in enumerate(zip(self.jobs, self.states, strict=True)) if s.finished or s.epoch >= job.max_epochs]
        if not done:
            return
        for k in done:
            if self.states[k].finished == "diverged":
                state = self._ended(k, self.sound, self.sound_slots, self.sound_averages)
            else:
                state = self._ended(k, self.weights, self.slots, self.averages)
            if state.best_epoch:
                best_parameters, best_buffers = self.best.member(k)
                state = replace(state, best_parameters=best_parameters, best_buffers=best_buffers)
            self._results[self.numbers[k]] = TrainingResult(state, self.histories[k], self._errors.get(self.numbers[k]))
        self._keep([k for k in range(len(self.jobs)) if k not in set(done)])

    def _keep(self, keep: list[int]) -> None:
        self.jobs, self.states = [self.jobs[k] for k in keep], [self.states[k] for k in keep]
        self.numbers, self.histories = [self.numbers[k] for k in keep], [self.histories[k] for k in keep]
        if not keep:
            return
        self.slots = [self.layout.select(keep, slot) for slot in self.slots]
        self.sound_slots = [self.layout.select(keep, slot) for slot in self.sound_slots]
        self.weights, self.best, self.sound = (weights.select(keep) for weights in (self.weights, self.best, self.sound))
        if self.averages is not None and self.sound_averages is not None:
            self.averages, self.sound_averages = self.averages.select(keep), self.sound_averages.select(keep)
        self._bind()


def best_of(state: State) -> tuple[np.ndarray, np.ndarray]:
    """(parameters, buffers) of the best epoch, or those there are."""
    if state.best_parameters is None or state.best_buffers is None:
        return state.parameters, state.buffers
    return state.best_parameters, state.best_buffers
