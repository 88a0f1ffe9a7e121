"""What all update rules share: clipping, penalties and weight decay.

A rule runs over the parameters of all members of a cohort at once, each member with its
own rates.
"""

from enum import IntEnum
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from sknet_hp.training.rules.torch_twin import TorchTwin


class Correction(IntEnum):
    """How a rule makes up for moments that start at zero, by the number of the step."""

    NONE = 0
    MOMENTS = 1  # as Adam
    NESTEROV = 2  # as NAdam
    RECTIFIED = 3  # as RAdam


class Optimizer:
    """An update rule.

    Subclasses say all that belongs to the rule, except its compiled arithmetic, which
    is in `training.compiled.kernels.updates`.

    Parameters
    ----------
    rates : by the names of `training.state.Rates`, each (members,) float64.
    sizes : of the tensors that a member's parameters consist of, one after the other.
    device : where they lie.
    decay_mode : "decoupled" or "l2"; what the rule is known with if None.
    decayed : (members, tensors) factors on the weight decay of each tensor, 0 where
        neither it nor the L1 penalty reaches; None for ones.

    Attributes
    ----------
    slots : vectors that the rule remembers, each as long as the parameters.
    decay_mode : how the rule's authors decay weights, "decoupled" or "l2".
    own_rates : the names of the rates that the rule reads beside those all have.
    decay_of_squares : the rate by which its mean of squares decays.
    bias_correction : which of its numbers follow from the number of the step.
    compiled_rule : its name in `training.compiled.kernels.updates.RULES`.
    twin : torch's optimizer in its place.
    """

    slots: ClassVar[int] = 0
    decay_mode: ClassVar[str] = "l2"
    own_rates: ClassVar[tuple[str, ...]] = ()
    decay_of_squares: ClassVar[str] = "beta2"
    bias_correction: ClassVar[Correction] = Correction.NONE
    compiled_rule: ClassVar[str] = ""
    twin: ClassVar[TorchTwin]

    def __init__(
        self,
        rates: dict[str, np.ndarray],
        sizes: list[int],
        device: torch.device,
        decay_mode: str | None = None,
        decayed: ArrayLike | None = None,
    ):
        self.rates, self.sizes, self.device = rates, torch.tensor(sizes, device=device), device
        self.decoupled = (decay_mode or self.decay_mode) == "decoupled"
        self.decayed = self.spread(decayed)
        self.l1 = self.make_column(rates["l1"]) if rates["l1"].any() else None
        self.limit = self.make_column(rates["clip"]) if np.isfinite(rates["clip"]).any() else None
        self.prepare()

    def prepare(self) -> None:
        """Set as attributes what the rule needs of the rates."""

    def make_column(self, values: np.ndarray) -> Tensor:
        """Return (…, members) numbers as (…, members, 1) float32 on the device."""
        return torch.from_numpy(values.astype(np.float32)).unsqueeze(-1).to(self.device)

    def spread(self, factors: ArrayLike | None) -> Tensor | None:
        """Return (members, tensors) factors as (members, n); None for ones."""
        if factors is None or (np.asarray(factors) == 1).all():
            return None
        each = torch.tensor(np.atleast_2d(factors), dtype=torch.float32, device=self.device)
        return each.repeat_interleave(self.sizes, 1)

    def begin_epoch(
        self,
        lr: np.ndarray,
        t: np.ndarray,
        lr_factors: np.ndarray | None = None,
        decay_factors: np.ndarray | None = None,
    ) -> None:
        """Prepare an epoch.

        Parameters
        ----------
        lr, t : (steps, members) the learning rate of each step, and its number, counted
            from 1.
        lr_factors : (members, tensors) factors on the learning rate, or None for ones.
        decay_factors : (steps, members) factors on the weight decay, or None for ones.
        """
        self.lr, self.lr_factors = self.make_column(lr), self.spread(lr_factors)
        decay = self.rates["weight_decay"] * np.ones_like(lr) * (1 if decay_factors is None else decay_factors)
        self.decay = self.make_column(lr * decay if self.decoupled else decay) if decay.any() else None

    def update(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor]) -> None:
        """Update p, (members, n), in place by its gradient in the epoch's step i.

        The gradient may be overwritten.
        """
        if self.limit is not None:
            self._clip(g, self.limit)
        if self.l1 is not None:
            g.addcmul_(torch.sign(p), self.l1 if self.decayed is None else self.l1 * (self.decayed > 0))
        if self.decay is not None and self.decoupled:  # Loshchilov & Hutter 2019
            p.addcmul_(p, _multiply(self.decay[i], self.decayed, self.lr_factors), value=-1)
        elif self.decay is not None:
            g.addcmul_(p, _multiply(self.decay[i], self.decayed))
        p.addcmul_(self.compute_step(i, g, slots), _multiply(self.lr[i], self.lr_factors), value=-1)

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        """Return what the learning rate multiplies, and update the memory in place."""
        raise NotImplementedError

    def _clip(self, g: Tensor, limit: Tensor) -> None:
        """Scale each member's gradient down to a norm of at most its limit, in place.

        As `torch.nn.utils.clip_grad_norm_`. Frozen tensors do not count.
        """
        learned = g if self.lr_factors is None else torch.where(self.lr_factors == 0, 0, g)
        factor = (limit / (learned.square().sum(1, keepdim=True).sqrt() + 1e-6)).clamp_(max=1.0)  # (members, 1)
        # A member without a limit is not touched, whatever its norm.
        g.mul_(factor.masked_fill_(torch.isinf(limit), 1.0))


def _multiply(column: Tensor, *elements: Tensor | None) -> Tensor:
    """Return the product of factors; those that are None are ones."""
    for each in elements:
        if each is not None:
            column = column * each
    return column
