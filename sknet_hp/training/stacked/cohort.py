"""How networks are trained by torch, many at once: stack, step, retire, unstack."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.random_bits import DROPOUT, mix_keys
from sknet_hp.nets.stacked.networks import Runnable, SingleModule, StackedNetworks, get_trained_shapes
from sknet_hp.training.augment import Augmentation
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.environment import training_environment
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.layout import Layout
from sknet_hp.training.reach import decay_reach
from sknet_hp.training.rules.averaging import Average, Averages
from sknet_hp.training.rules.losses import compute_row_losses_of_heads
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.rules.torch_loss import make_loss
from sknet_hp.training.stacked.batches import Epochs, Pool
from sknet_hp.training.stacked.validation import Scores, Validation
from sknet_hp.training.start import make_initial_state
from sknet_hp.training.state import EpochRecord, Reaction, State, TrainingResult

_GATHER_FLOATS = (
    1 << 18
)  # how much of X is gathered at once: enough to amortise the call, little enough to stay in cache


def never() -> bool:
    return False


def train_cohort(jobs: list[TrainingJob], cancelled: Callable[[], bool] = never) -> list[TrainingResult]:
    """Train jobs of one key as one cohort; a network alone is a cohort of one.

    Parameters
    ----------
    jobs : of equal `key`.
    cancelled : asked between steps; when it says True, `Cancelled` is raised.
    """
    if not jobs:
        return []
    ours = isinstance(jobs[0].graph, Graph) and isinstance(jobs[0].loss, str)
    with training_environment(jobs[0].device), nullcontext() if ours else use_float32_on_cpu():
        cohort = Cohort(jobs, cancelled)
        while cohort.jobs:
            cohort.epoch()
        return cohort.results


@dataclass
class Stack:
    """What changes while members train: their weights (members, length), what the
    optimizer remembers, and their averages.
    """

    weights: Tensor
    slots: list[Tensor]
    averages: Averages | None

    def select(self, keep: list[int]) -> "Stack":
        """A copy of those of the members in `keep`."""
        return Stack(
            self.weights[keep],
            [slot[keep] for slot in self.slots],
            None if self.averages is None else self.averages.select(keep),
        )


class Cohort:
    """Members in training. Position k of every list belongs to the member
    `self.numbers[k]` of the jobs given.
    """

    def __init__(self, jobs: list[TrainingJob], cancelled: Callable[[], bool]):
        first = jobs[0]
        self.cancelled = cancelled
        self.device = torch.device(first.device)
        self.loss = make_loss(first.loss)
        self.layout = Layout(
            *(
                (first.graph.parameters, first.graph.buffers)
                if isinstance(first.graph, Graph)
                else get_trained_shapes(first.graph)
            )
        )
        self.jobs = list(jobs)
        self.numbers = list(range(len(jobs)))
        self.states = [job.start or make_initial_state(job) for job in jobs]
        self.histories: list[list[EpochRecord]] = [[] for _ in jobs]
        self.pool = Pool(jobs, self.loss, self.device)
        self._results: dict[int, TrainingResult] = {}
        self._errors: dict[int, BaseException] = {}
        slots = [
            torch.from_numpy(np.stack([s.slots[i] for s in self.states])).to(self.device)
            for i in range(OPTIMIZERS[first.optimizer].slots)
        ]
        self.now = Stack(self._stacked([(s.parameters, s.buffers) for s in self.states]), slots, self._averages())
        # Copies of the epoch with the lowest validation loss, and of the last epoch whose numbers were finite.
        self.best = self._stacked([get_best_weights(s) for s in self.states])
        self.sound = self._copy_of_now()
        self._bind()
        self._retire()

    def _stacked(self, vectors: list[tuple[np.ndarray, np.ndarray]]) -> Tensor:
        return self.layout.stack(vectors, self.device)

    def _averages(self) -> Averages | None:
        each = [job.averaging for job in self.jobs]
        if each[0].kind == "none":
            return None
        now = [
            s.average
            if s.average is not None and s.average.kind == each[0].kind
            else Average("", s.parameters, s.buffers)
            for s in self.states
        ]
        return Averages(each, self._stacked([(a.parameters, a.buffers) for a in now]), np.array([a.count for a in now]))

    def _copy_of_now(self) -> Stack:
        return self.now.select(list(range(len(self.jobs))))

    @property
    def results(self) -> list[TrainingResult]:
        return [self._results[number] for number in sorted(self._results)]

    def _bind(self) -> None:
        """Make the program and the optimizer for the members now in the stack."""
        jobs, first = self.jobs, self.jobs[0]
        self.epochs_done = np.array([s.epoch for s in self.states])
        self.epochs = Epochs(self.pool, jobs, self.device)
        self.validation = Validation(self.pool, jobs, self.device) if first.validation is not None else None
        tensors = self.layout.views(self.now.weights)
        self.program: Runnable
        if isinstance(first.graph, Graph):
            self.program = StackedNetworks(first.graph, tensors, self._of_each([job.layer_rates for job in jobs]))
        else:
            self.program = SingleModule(first.graph, tensors)
        self.loss = make_loss(first.loss, self._of_each([job.loss_parameter for job in jobs]).view(-1, 1, 1))
        self.smoothing = self._of_each([job.label_smoothing for job in jobs]).view(1, -1, 1, 1)
        self._bind_optimizer()

    def _of_each(self, numbers: list) -> Tensor:
        return torch.tensor(numbers, dtype=torch.float32, device=self.device)

    def _bind_optimizer(self) -> None:
        """Make the optimizer for the rates and the steps of the members now in the
        stack.
        """
        jobs = self.jobs
        self.steps_done = np.array([s.step for s in self.states])
        names = list(jobs[0].rates.__dataclass_fields__)
        self.rates = {name: np.array([getattr(job.rates, name) for job in jobs], dtype=np.float64) for name in names}
        reach = [decay_reach(job) for job in jobs]
        self.optimizer = OPTIMIZERS[jobs[0].optimizer](
            self.rates, self.layout.sizes, self.device, jobs[0].decay_mode, reach
        )

    def _lr_factors(self) -> np.ndarray | None:
        """(members, tensors) factors on the learning rates of this epoch, or None for
        ones.
        """
        ones = (1.0,) * len(self.layout.sizes)
        each = [
            (job.lr_factors if job.lr_factors_until is None or done < job.lr_factors_until else job.lr_factors_after)
            or ones
            for job, done in zip(self.jobs, self.epochs_done, strict=True)
        ]
        return np.array(each) if any(factors != ones for factors in each) else None

    # ---- an epoch --------------------------------------------------------------------------------------------------

    def epoch(self) -> None:
        """Train each member for one of its epochs, score it, and let those go that are
        done.
        """
        self._begin()
        if not self.jobs:
            return
        start = time.perf_counter()
        train_losses = self._train_epoch()
        self.epochs_done += 1
        self.steps_done += self.epochs.steps
        averages = self.now.averages
        if averages is not None:
            horizons = np.array([job.horizon for job in self.jobs])
            averages.end_epoch(self.epochs_done, self.epochs.steps, horizons, self.now.weights)
        finite = self._finite() & np.isfinite(train_losses)
        scores = self._scores()
        duration = (time.perf_counter() - start) / len(self.jobs)
        changed = [
            self._record(k, bool(finite[k]), float(train_losses[k]), scores[k], duration) for k in range(len(self.jobs))
        ]
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
        if (
            self.jobs
        ):  # those that diverged are gone, with what was sound before this epoch; the rest is sound, whoever left
            self.sound = self._copy_of_now()

    def _train_epoch(self) -> np.ndarray:
        """All steps of one epoch; returns the members' mean losses (members,)."""
        order, weight, share = self.epochs.draw(self.epochs_done.tolist())
        steps, members, rows = order.shape
        keys = self._keys(steps)
        augmentation = Augmentation(self.jobs, self.epochs_done.tolist(), steps)
        augmentation.weigh(weight, share)
        counted = self.steps_done + np.arange(1, steps + 1)[:, None]
        decay = self._factors("decay_schedule", steps)
        self.optimizer.begin_epoch(self._learning_rates(steps), counted, self._lr_factors(), decay)
        self.program.scale_dropout(self._factors("dropout_schedule", 1))
        parameters, averages = self.now.weights[:, : self.layout.n_parameters], self.now.averages
        if averages is not None:
            averages.begin_epoch(steps)
        chunk = max(1, min(steps, _GATHER_FLOATS // (members * rows * self.jobs[0].train.table.X.n_features)))
        losses = torch.zeros(order.shape, dtype=torch.float32, device=self.device)
        for begin in range(0, steps, chunk):
            xs, ys = self._gathered(order[begin : begin + chunk])
            augmentation.apply(begin, xs, ys)
            for s, x, y in zip(range(begin, steps), xs.unbind(0), ys.unbind(0), strict=False):
                if self.cancelled():
                    raise Cancelled
                n = self.epochs.n_rows(s)
                losses[s, :, :n], gradient = self._gradient(x[:, :n], y[:, :n], share[s, :, :n], keys[s])
                self.optimizer.update(s, parameters, gradient, self.now.slots)
                if averages is not None:
                    averages.after_step(s, self.now.weights)
        each = losses.transpose(0, 1).cpu().numpy()  # (members, steps, rows)
        weighted = np.multiply(each, weight, where=weight > 0, out=np.zeros_like(each))
        total = weight.sum((1, 2), dtype=np.float64)
        return weighted.sum((1, 2), dtype=np.float64) / np.where(total > 0, total, 1)

    def _gathered(self, order: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets, (steps, members, rows, width), of these rows."""
        index = order.reshape(-1)
        xs = self.pool.inputs(index).view(*order.shape, -1)
        ys = self.pool.y.index_select(0, index).view(*order.shape, -1)
        if any(job.label_smoothing for job in self.jobs):
            ys = ys * (1 - self.smoothing) + self.smoothing * self.loss.compute_even_target(self.jobs[0].n_outputs)
        return xs, ys

    def _gradient(self, x: Tensor, y: Tensor, share: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """(the loss of each row (members, rows), the gradient of each member's mean by
        its parameters (members, n_parameters)).
        """
        with torch.enable_grad():
            outputs = self.program.forward(x, share, keys)
            rows = compute_row_losses_of_heads(self.loss, outputs, y, share, self.jobs[0].n_heads)
        parts = torch.autograd.grad(rows, self.program.parameters, share.to(rows.dtype), allow_unused=True)
        known = (
            torch.zeros_like(p) if part is None else part
            for part, p in zip(parts, self.program.parameters, strict=True)
        )
        return rows.detach(), torch.cat([part.reshape(len(x), -1) for part in known], 1)

    def _scores(self) -> list[Scores] | list[None]:
        """Score the members, with their averages where they have some."""
        if self.validation is None:
            return [None] * len(self.jobs)
        weights, averages = self.now.weights, self.now.averages
        if averages is None:
            return self.validation.scores(self.program, self.loss)
        raw = weights.clone()
        weights.copy_(averages.weights)
        try:
            return self.validation.scores(self.program, self.loss)
        finally:
            weights.copy_(raw)

    def _keys(self, steps: int) -> Sequence[Tensor]:
        """For each step, (members, dropouts) keys of the dropout masks."""
        seeds = np.array([job.seed for job in self.jobs])
        seeds, epochs = seeds[None, :, None], self.epochs_done[None, :, None]
        keys = mix_keys(
            seeds, DROPOUT, epochs, np.arange(steps)[:, None, None], np.arange(self.program.n_keys)[None, None, :]
        )
        return torch.from_numpy(np.ascontiguousarray(keys)).to(self.device).unbind(0)

    def _learning_rates(self, steps: int) -> np.ndarray:
        """(steps, members)."""
        factors = self._factors("schedule", steps)
        # What "plateau" has come to says nothing to the schedule that a continued training has in its place.
        plateau = np.array(
            [
                state.plateau.factor if job.schedule.name == "plateau" else 1.0
                for job, state in zip(self.jobs, self.states, strict=True)
            ]
        )
        return self.rates["lr"] * (plateau if factors is None else factors * plateau) * np.ones((steps, 1))

    def _factors(self, schedule: str, steps: int) -> np.ndarray | None:
        """(steps, members) factors that a schedule of the jobs gives for this epoch;
        None for ones.
        """
        schedules = [getattr(job, schedule) for job in self.jobs]
        if all(each == Schedule() for each in schedules):
            return None
        factors = np.ones((steps, len(self.jobs)))
        for k, (job, each, done) in enumerate(zip(self.jobs, schedules, self.epochs_done, strict=True)):
            if each != Schedule():
                factors[:, k] = each.compute_factors(
                    (done + np.arange(steps) / steps) / job.horizon, 1 / (steps * job.horizon)
                )
        return factors

    def _finite(self) -> np.ndarray:
        finite = torch.isfinite(self.now.weights).all(1)
        return (
            (finite if self.now.averages is None else finite & torch.isfinite(self.now.averages.weights).all(1))
            .cpu()
            .numpy()
        )

    # ---- what an epoch means for a member --------------------------------------------------------------------------

    def _record(self, k: int, finite: bool, train_loss: float, scores: Scores | None, duration: float) -> bool:
        """Write an epoch down, and what follows from it; returns whether an observer
        has changed something.
        """
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
                self.best[k] = (self.now if self.now.averages is None else self.now.averages).weights[k]
            else:
                changes["waited"] = state.waited + 1
            if job.stopping.ends(changes["waited"]):
                changes["finished"] = "patience"
        if job.schedule.name == "plateau" and not job.schedule.is_warming((epoch - 1) / job.horizon):
            changes["plateau"] = state.plateau.compute_next(epoch, loss, job.schedule)
        self.states[k] = replace(state, **changes)
        if job.observer is None:
            return False
        state = self._ended(k, self.now)
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
            self._put(k, replace(self._ended(k, self.now), **changes))
        return rates is not None or bool(changes)

    def _put(self, k: int, state: State) -> None:
        """Let a member go on from another state."""
        self.states[k] = replace(self.states[k], step=state.step)
        self.now.weights[k] = self._stacked([(state.parameters, state.buffers)])[0]
        for own, slot in zip(state.slots, self.now.slots, strict=True):
            slot[k] = torch.from_numpy(own)

    def _ended(self, k: int, stack: Stack) -> State:
        """A member's state with what it has in this stack."""
        parameters, buffers = self.layout.member(stack.weights[k])
        slots = np.array([slot[k].cpu().numpy() for slot in stack.slots]).reshape(len(stack.slots), -1)
        averages, average = stack.averages, None
        if averages is not None:
            average = Average(averages.kind, *self.layout.member(averages.weights[k]), int(averages.counts[k]))
        return replace(self.states[k], parameters=parameters, buffers=buffers, slots=slots, average=average)

    def _retire(self) -> None:
        """Members that are done leave the stack; the others do not notice."""
        done = [
            k
            for k, (job, s) in enumerate(zip(self.jobs, self.states, strict=True))
            if s.finished or s.epoch >= job.max_epochs
        ]
        if not done:
            return
        for k in done:
            state = self._ended(k, self.sound if self.states[k].finished == "diverged" else self.now)
            if state.best_epoch:
                best_parameters, best_buffers = self.layout.member(self.best[k])
                state = replace(state, best_parameters=best_parameters, best_buffers=best_buffers)
            self._results[self.numbers[k]] = TrainingResult(state, self.histories[k], self._errors.get(self.numbers[k]))
        self._keep([k for k in range(len(self.jobs)) if k not in set(done)])

    def _keep(self, keep: list[int]) -> None:
        self.jobs, self.states = [self.jobs[k] for k in keep], [self.states[k] for k in keep]
        self.numbers, self.histories = [self.numbers[k] for k in keep], [self.histories[k] for k in keep]
        if not keep:
            return
        self.now, self.sound, self.best = self.now.select(keep), self.sound.select(keep), self.best[keep]
        self._bind()


def get_best_weights(state: State) -> tuple[np.ndarray, np.ndarray]:
    """(parameters, buffers) of the best epoch, or those there are."""
    if state.best_parameters is None or state.best_buffers is None:
        return state.parameters, state.buffers
    return state.best_parameters, state.best_buffers
