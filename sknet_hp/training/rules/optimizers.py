"""Update rules, each once, over all parameters of a cohort at once, with a rate per
member.
"""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor


class Optimizer:
    """One update rule, with what all have in common: clipping, penalties, weight decay.

    Parameters
    ----------
    rates : by the names of `training.job.Rates`, each (members,) float64.
    sizes : of the tensors that a member's parameters consist of, one after the other.
    device : where they lie.
    decay_mode : "decoupled" or "l2"; what the rule is known with if None.
    decayed : (members, tensors) factors on the weight decay of each tensor, 0 where
        neither it nor the L1 penalty reaches; None for ones.
    """

    slots: ClassVar[int] = 0
    decay_mode: ClassVar[str] = "l2"

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
        self.decayed = self.elements(decayed)
        self.l1 = self.column(rates["l1"]) if rates["l1"].any() else None
        self.limit = self.column(rates["clip"]) if np.isfinite(rates["clip"]).any() else None
        self.prepare()

    def prepare(self) -> None:
        """Make of the rates what the rule needs."""

    def column(self, values: np.ndarray) -> Tensor:
        """(…, members) numbers as (…, members, 1) float32: factors on all of a member's
        elements.
        """
        return torch.from_numpy(values.astype(np.float32)).unsqueeze(-1).to(self.device)

    def elements(self, factors: ArrayLike | None) -> Tensor | None:
        """(members, tensors) factors as those on elements, (members, n); None for ones."""
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
        self.lr, self.lr_factors = self.column(lr), self.elements(lr_factors)
        decay = self.rates["weight_decay"] * np.ones_like(lr) * (1 if decay_factors is None else decay_factors)
        self.decay = self.column(lr * decay if self.decoupled else decay) if decay.any() else None

    def update(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor]) -> None:
        """The epoch's step i: update p, (members, n), in place by its gradient, which
        may be overwritten.
        """
        if self.limit is not None:
            self._clip(g, self.limit)
        if self.l1 is not None:
            g.addcmul_(torch.sign(p), self.l1 if self.decayed is None else self.l1 * (self.decayed > 0))
        if self.decay is not None and self.decoupled:  # Loshchilov & Hutter 2019
            p.addcmul_(p, _times(self.decay[i], self.decayed, self.lr_factors), value=-1)
        elif self.decay is not None:
            g.addcmul_(p, _times(self.decay[i], self.decayed))
        p.addcmul_(self.step(i, g, slots), _times(self.lr[i], self.lr_factors), value=-1)

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        """What the learning rate multiplies, of a gradient and what the rule remembers."""
        raise NotImplementedError

    def _clip(self, g: Tensor, limit: Tensor) -> None:
        """Scale each member's gradient down to a norm of at most `clip`, as
        `torch.nn.utils.clip_grad_norm_`, to which the frozen have none.
        """
        learned = g if self.lr_factors is None else torch.where(self.lr_factors == 0, 0, g)
        factor = (limit / (learned.square().sum(1, keepdim=True).sqrt() + 1e-6)).clamp_(max=1.0)  # (members, 1)
        g.mul_(
            factor.masked_fill_(torch.isinf(limit), 1.0)
        )  # whatever the norm: a member without a limit is not touched


def _times(column: Tensor, *elements: Tensor | None) -> Tensor:
    """The product of factors, of which those that are None are ones."""
    for each in elements:
        if each is not None:
            column = column * each
    return column


class SGD(Optimizer):
    """Stochastic gradient descent with (heavy-ball) momentum, as `torch.optim.SGD`."""

    slots = 1

    def prepare(self) -> None:
        self.momentum = self.column(self.rates["momentum"])

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        return slots[0].mul_(self.momentum).add_(g)


class Nesterov(SGD):
    """Nesterov's accelerated gradient, as `torch.optim.SGD(nesterov=True)`."""

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        return g + super().step(i, g, slots) * self.momentum


class RMSprop(Optimizer):
    """RMSprop (Tieleman & Hinton 2012), as `torch.optim.RMSprop`."""

    slots = 1

    def prepare(self) -> None:
        self.share, self.eps = self.column(1 - self.rates["alpha"]), self.column(self.rates["eps"])

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        return g / (slots[0].lerp_(g * g, self.share).sqrt() + self.eps)


class Adagrad(Optimizer):
    """Adagrad (Duchi et al. 2011), as `torch.optim.Adagrad`."""

    slots = 1

    def prepare(self) -> None:
        self.eps = self.column(self.rates["eps"])

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        return g / (slots[0].add_(g * g).sqrt() + self.eps)


class _Moments(Optimizer):
    """What the family of Adam shares: running means of gradients and of their squares."""

    slots = 2

    def prepare(self) -> None:
        self.share1, self.share2 = self.column(1 - self.rates["beta1"]), self.column(1 - self.rates["beta2"])

    def _track(self, g: Tensor, slots: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The means, the latter's root."""
        exp_avg, exp_avg_sq = slots
        return exp_avg.lerp_(g, self.share1), exp_avg_sq.lerp_(g * g, self.share2).sqrt()

    def _corrections(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What makes up for moments that start at zero: 1 - beta1^t, √(1 - beta2^t)."""
        return 1 - self.rates["beta1"] ** t, np.sqrt(1 - self.rates["beta2"] ** t)


class Adam(_Moments):
    """Adam (Kingma & Ba 2015), as `torch.optim.Adam`: weight decay is a penalty in the
    gradient.
    """

    def begin_epoch(
        self,
        lr: np.ndarray,
        t: np.ndarray,
        lr_factors: np.ndarray | None = None,
        decay_factors: np.ndarray | None = None,
    ) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        correction1, correction2 = self._corrections(t)
        # m / c1 / (√v / c2 + eps), with c2 taken out of the denominator
        self.eps, self.correction = self.column(self.rates["eps"] * correction2), self.column(correction2 / correction1)

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        mean, root = self._track(g, slots)
        return mean / root.add_(self.eps[i]) * self.correction[i]


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), as
    `torch.optim.AdamW`.
    """

    decay_mode = "decoupled"


def compute_nadam_momentum(beta1: Any, t: np.ndarray) -> np.ndarray:
    """The momentum of step t, which NAdam lets rise towards beta1."""
    return beta1 * (1 - 0.5 * 0.96 ** (t * 0.004))


class NAdam(_Moments):
    """Adam with Nesterov's momentum (Dozat 2016), as `torch.optim.NAdam`."""

    def begin_epoch(
        self,
        lr: np.ndarray,
        t: np.ndarray,
        lr_factors: np.ndarray | None = None,
        decay_factors: np.ndarray | None = None,
    ) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        _, correction2 = self._corrections(t)
        every = np.arange(1, int(t.max()) + 2)[:, None]
        momentum = compute_nadam_momentum(self.rates["beta1"], every)  # (steps from the first on, members)
        product = np.cumprod(momentum, axis=0)
        at = (t - 1, np.arange(t.shape[1]))
        following = (t, np.arange(t.shape[1]))
        self.eps = self.column(self.rates["eps"] * correction2)
        self.of_gradient = self.column((1 - momentum[at]) / (1 - product[at]) * correction2)
        self.of_average = self.column(momentum[following] / (1 - product[following]) * correction2)

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        mean, root = self._track(g, slots)
        return (g * self.of_gradient[i] + mean * self.of_average[i]) / root.add_(self.eps[i])


class RAdam(_Moments):
    """Rectified Adam (Liu et al. 2020), as `torch.optim.RAdam`."""

    def begin_epoch(
        self,
        lr: np.ndarray,
        t: np.ndarray,
        lr_factors: np.ndarray | None = None,
        decay_factors: np.ndarray | None = None,
    ) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        correction1, correction2 = self._corrections(t)
        beta2 = self.rates["beta2"]
        end = 2 / (1 - beta2) - 1
        length = end - 2 * t * beta2**t / correction2**2
        rectified = length > 5  # before, the step is one of momentum alone: the denominator is 1
        with np.errstate(invalid="ignore", divide="ignore"):
            rectification = np.sqrt((length - 4) * (length - 2) * end / ((end - 4) * (end - 2) * length))
        self.slope = self.column(np.where(rectified, 1.0, 0.0))
        self.offset = self.column(np.where(rectified, self.rates["eps"], 1.0))
        self.correction = self.column(np.where(rectified, rectification * correction2, 1.0) / correction1)

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        mean, root = self._track(g, slots)
        return mean / root.mul_(self.slope[i]).add_(self.offset[i]) * self.correction[i]


class Lion(Optimizer):
    """Lion (Chen et al. 2023), with decoupled weight decay."""

    slots = 1
    decay_mode = "decoupled"

    def prepare(self) -> None:
        self.share1, self.share2 = self.column(1 - self.rates["beta1"]), self.column(1 - self.rates["beta2"])

    def step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        direction = torch.lerp(slots[0], g, self.share1).sign_()
        slots[0].lerp_(g, self.share2)
        return direction


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": SGD,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": NAdam,
    "radam": RAdam,
    "lion": Lion,
}
