"""What is made anew whenever the members that train are others."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets.graph import Graph
from sknet_hp.nets.random_bits import DROPOUT, mix_keys
from sknet_hp.nets.stacked.networks import Runnable, SingleModule, StackedNetworks
from sknet_hp.training.augment import Augmentation
from sknet_hp.training.cancellation import Cancelled
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.reach import compute_decay_reach
from sknet_hp.training.rules.losses import compute_row_losses_of_heads
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.torch_loss import make_loss
from sknet_hp.training.stacked.batches import Epochs, Pool
from sknet_hp.training.stacked.epoch_rates import (
    choose_lr_factors,
    compute_learning_rates,
    compute_schedule_factors,
)
from sknet_hp.training.stacked.stack import Stack
from sknet_hp.training.stacked.validation import Scores, Validation
from sknet_hp.training.state import State

_GATHER_FLOATS = 1 << 18
"""How much of X is gathered at once: it stays in cache, and the call pays off."""


class BoundMembers:
    """Networks, loss, batches and optimizer of the members that train now.

    Parameters
    ----------
    jobs, states, stack : the members'.
    pool : the rows of all jobs.

    Attributes
    ----------
    epochs_done, steps_done : (members,) how many each member has behind it.
    """

    def __init__(self, jobs: list[TrainingJob], states: list[State], stack: Stack, pool: Pool):
        first, device = jobs[0], stack.weights.device
        self.jobs, self.stack, self.pool, self.device = jobs, stack, pool, device
        self.epochs_done = np.array([s.epoch for s in states])
        self.epochs = Epochs(pool, jobs, device)
        self.validation = Validation(pool, jobs, device) if first.validation is not None else None
        tensors = stack.layout.make_views(stack.weights)
        self.networks: Runnable
        if isinstance(first.graph, Graph):
            self.networks = StackedNetworks(first.graph, tensors, self._collect([job.layer_rates for job in jobs]))
        else:
            self.networks = SingleModule(first.graph, tensors)
        self.loss = make_loss(first.loss, self._collect([job.loss_parameter for job in jobs]).view(-1, 1, 1))
        self.smoothing = self._collect([job.label_smoothing for job in jobs]).view(1, -1, 1, 1)
        self.bind_optimizer(jobs, states)

    def _collect(self, numbers: list[float] | list[tuple[float, ...]]) -> Tensor:
        return torch.tensor(numbers, dtype=torch.float32, device=self.device)

    def bind_optimizer(self, jobs: list[TrainingJob], states: list[State]) -> None:
        """Make the optimizer for the rates and the steps of the members."""
        self.jobs = jobs
        self.steps_done = np.array([s.step for s in states])
        names = list(jobs[0].rates.__dataclass_fields__)
        rates = {name: np.array([getattr(job.rates, name) for job in jobs], dtype=np.float64) for name in names}
        reach = [compute_decay_reach(job) for job in jobs]
        rule, sizes = OPTIMIZERS[jobs[0].optimizer], self.stack.layout.sizes
        self.optimizer = rule(rates, sizes, self.device, jobs[0].decay_mode, reach)

    # ---- training --------------------------------------------------------------------------------------------------

    def train_epoch(self, states: list[State], is_cancelled: Callable[[], bool]) -> np.ndarray:
        """Train each member for an epoch; return their mean losses, (members,)."""
        order, weight, share = self.epochs.draw(self.epochs_done.tolist())
        steps = len(order)
        keys = self.make_dropout_keys(steps)
        augmentation = Augmentation(self.jobs, self.epochs_done.tolist(), steps)
        augmentation.weigh(weight, share)
        self._begin_epoch(states, steps)
        losses = torch.zeros(order.shape, dtype=torch.float32, device=self.device)
        chunk = self._choose_chunk(order.shape)
        for begin in range(0, steps, chunk):
            xs, ys = self._gather(order[begin : begin + chunk])
            augmentation.apply(begin, xs, ys)
            for s, x, y in zip(range(begin, steps), xs.unbind(0), ys.unbind(0), strict=False):
                if is_cancelled():
                    raise Cancelled
                n = self.epochs.count_rows(s)
                losses[s, :, :n] = self._step(s, x[:, :n], y[:, :n], share[s, :, :n], keys[s])
        self._end_epoch(steps)
        return _average_losses(losses, weight)

    def _begin_epoch(self, states: list[State], steps: int) -> None:
        jobs, done = self.jobs, self.epochs_done
        lr = compute_learning_rates(jobs, states, done, steps)
        counted = self.steps_done + np.arange(1, steps + 1)[:, None]
        lr_factors = choose_lr_factors(jobs, done, len(self.stack.layout.sizes))
        self.optimizer.begin_epoch(
            lr, counted, lr_factors, compute_schedule_factors(jobs, "decay_schedule", done, steps)
        )
        self.networks.scale_dropout(compute_schedule_factors(jobs, "dropout_schedule", done, 1))
        if self.stack.averages is not None:
            self.stack.averages.begin_epoch(steps)

    def _end_epoch(self, steps: int) -> None:
        self.epochs_done += 1
        self.steps_done += steps
        if self.stack.averages is not None:
            horizons = np.array([job.horizon for job in self.jobs])
            self.stack.averages.end_epoch(self.epochs_done, steps, horizons, self.stack.weights)

    def _choose_chunk(self, shape: Sequence[int]) -> int:
        """Choose for how many steps rows are gathered at once."""
        steps, members, rows = shape
        return max(1, min(steps, _GATHER_FLOATS // (members * rows * self.jobs[0].train.table.X.n_features)))

    def _gather(self, order: Tensor) -> tuple[Tensor, Tensor]:
        """Gather inputs and targets, (steps, members, rows, width), of these rows."""
        index = order.reshape(-1)
        xs = self.pool.gather_inputs(index).view(*order.shape, -1)
        ys = self.pool.y.index_select(0, index).view(*order.shape, -1)
        if any(job.label_smoothing for job in self.jobs):
            even = self.loss.compute_even_target(self.jobs[0].n_outputs)
            ys = ys * (1 - self.smoothing) + self.smoothing * even
        return xs, ys

    def _step(self, s: int, x: Tensor, y: Tensor, share: Tensor, keys: Tensor) -> Tensor:
        """Take the epoch's step s; return the loss of each row, (members, rows)."""
        losses, gradient = self._compute_gradient(x, y, share, keys)
        stack = self.stack
        self.optimizer.update(s, stack.weights[:, : stack.layout.n_parameters], gradient, stack.slots)
        if stack.averages is not None:
            stack.averages.add_step(s, stack.weights)
        return losses

    def _compute_gradient(self, x: Tensor, y: Tensor, share: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the loss of each row, (members, rows), and the members' gradients.

        A gradient, (members, n_parameters), is of a member's mean loss by its
        parameters.
        """
        parameters = self.networks.parameters
        with torch.enable_grad():
            outputs = self.networks.forward(x, share, keys)
            rows = compute_row_losses_of_heads(self.loss, outputs, y, share, self.jobs[0].n_heads)
        parts = torch.autograd.grad(rows, parameters, share.to(rows.dtype), allow_unused=True)
        filled = (
            torch.zeros_like(parameter) if part is None else part
            for part, parameter in zip(parts, parameters, strict=True)
        )
        return rows.detach(), torch.cat([part.reshape(len(x), -1) for part in filled], 1)

    def make_dropout_keys(self, steps: int) -> Sequence[Tensor]:
        """Return for each step the keys of the dropout masks, (members, dropouts)."""
        seeds = np.array([job.seed for job in self.jobs])
        seeds, epochs = seeds[None, :, None], self.epochs_done[None, :, None]
        numbers = np.arange(self.networks.n_keys)[None, None, :]
        keys = mix_keys(seeds, DROPOUT, epochs, np.arange(steps)[:, None, None], numbers)
        return torch.from_numpy(np.ascontiguousarray(keys)).to(self.device).unbind(0)

    # ---- validation ------------------------------------------------------------------------------------------------

    def score(self) -> list[Scores] | list[None]:
        """Score the members by the weights that predict; None without validation."""
        if self.validation is None:
            return [None] * len(self.jobs)
        weights, averages = self.stack.weights, self.stack.averages
        if averages is None:
            return self.validation.score(self.networks, self.loss)
        raw = weights.clone()
        weights.copy_(averages.weights)
        try:
            return self.validation.score(self.networks, self.loss)
        finally:
            weights.copy_(raw)


def _average_losses(losses: Tensor, weight: np.ndarray) -> np.ndarray:
    """Return the mean losses, (members,), of rows that count by `weight`.

    Shapes: losses (steps, members, rows), weight (members, steps, rows).
    """
    each = losses.transpose(0, 1).cpu().numpy()
    weighted = np.multiply(each, weight, where=weight > 0, out=np.zeros_like(each))
    total = weight.sum((1, 2), dtype=np.float64)
    return weighted.sum((1, 2), dtype=np.float64) / np.where(total > 0, total, 1)
