"""Update rules, each once, over all parameters of a cohort in one flat buffer, with a rate per member.

Each rule is a sequence of single elementwise operations (Adam of large networks apart) whose factors are either a number (when the members
agree) or a tensor (when they do not). One multiplication by a float32 number and by a tensor full of it give the same bits, so a member's
numbers do not depend on its company. For the same reason two factors are never merged into one, and `alpha=`/`value=` arguments are not used.
"""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from sknet_hp.training.layout import Layout

_LARGE = 4_000
"""From this many parameters of one member on, a fused kernel for each member beats single operations for all: it passes over memory once."""

_ADAM_RATES = ("beta1", "beta2", "eps", "weight_decay")


class Optimizer:
    """One update rule.

    Parameters
    ----------
    rates : by the names of `training.job.Rates`, each (members,) float64.
    layout : of the flat buffers.
    """

    slots: ClassVar[int] = 0

    def __init__(self, rates: dict[str, np.ndarray], layout: Layout):
        self.rates = rates
        self.layout = layout
        self.l2 = layout.factors(rates["weight_decay"])

    def begin_epoch(self, lr: np.ndarray, t: np.ndarray) -> None:
        """Prepare an epoch. lr, t: (steps, members), the learning rate of each step, and its number, counted from 1."""
        self.lr = self.layout.factors(lr)
        self.decay = self.layout.factors(1 - lr * self.rates["weight_decay"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        """The epoch's step i: update p in place; g and scratch may be overwritten."""
        raise NotImplementedError

    def _penalize(self, p: Tensor, g: Tensor, scratch: Tensor) -> None:
        """Weight decay as a penalty in the gradient."""
        if self.l2.any():
            g.add_(torch.mul(p, self.l2[0], out=scratch))

    def _decay(self, i: int, p: Tensor) -> None:
        """Decoupled weight decay (Loshchilov & Hutter 2019)."""
        if self.l2.any():
            p.mul_(self.decay[i])


class SGD(Optimizer):
    """Stochastic gradient descent with (heavy-ball) momentum, as `torch.optim.SGD`."""

    slots = 1
    nesterov: ClassVar[bool] = False

    def __init__(self, rates: dict[str, np.ndarray], layout: Layout):
        super().__init__(rates, layout)
        self.momentum = layout.factors(rates["momentum"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        self._penalize(p, g, scratch)
        (buffer,) = slots
        buffer.mul_(self.momentum[0]).add_(g)
        direction = g.add_(torch.mul(buffer, self.momentum[0], out=scratch)) if self.nesterov else buffer
        p.sub_(torch.mul(direction, self.lr[i], out=scratch))


class Nesterov(SGD):
    """Nesterov's accelerated gradient, as `torch.optim.SGD(nesterov=True)`."""

    nesterov = True


class RMSprop(Optimizer):
    """RMSprop (Tieleman & Hinton 2012), as `torch.optim.RMSprop`."""

    slots = 1

    def __init__(self, rates: dict[str, np.ndarray], layout: Layout):
        super().__init__(rates, layout)
        self.share, self.eps = layout.factors(1 - rates["alpha"]), layout.factors(rates["eps"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        self._penalize(p, g, scratch)
        (square_avg,) = slots
        square_avg.lerp_(torch.mul(g, g, out=scratch), self.share[0])
        torch.sqrt(square_avg, out=scratch).add_(self.eps[0])
        p.sub_(torch.div(g, scratch, out=scratch).mul_(self.lr[i]))


class Adagrad(Optimizer):
    """Adagrad (Duchi et al. 2011), as `torch.optim.Adagrad`."""

    slots = 1

    def __init__(self, rates: dict[str, np.ndarray], layout: Layout):
        super().__init__(rates, layout)
        self.eps = layout.factors(rates["eps"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        self._penalize(p, g, scratch)
        (total,) = slots
        total.add_(torch.mul(g, g, out=scratch))
        torch.sqrt(total, out=scratch).add_(self.eps[0])
        p.sub_(torch.div(g, scratch, out=scratch).mul_(self.lr[i]))


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015), as `torch.optim.Adam`: weight decay is a penalty in the gradient.

    Small networks are updated all at once, by single operations; from `_LARGE` parameters on torch's fused kernel, which takes one network
    at a time, passes over memory once and not ten times.
    """

    slots = 2
    kernel: ClassVar[Callable[..., None]] = staticmethod(torch._fused_adam_)

    def __init__(self, rates: dict[str, np.ndarray], layout: Layout):
        super().__init__(rates, layout)
        self.share1, self.share2 = layout.factors(1 - rates["beta1"]), layout.factors(1 - rates["beta2"])
        # A function of one member's size and the device, never of the company: the two ways round differently.
        self.large = sum(layout.sizes) >= _LARGE and layout.device.type == "cpu"
        self.members: list[list[list[Tensor]]] = []

    def begin_epoch(self, lr: np.ndarray, t: np.ndarray) -> None:
        if self.large:
            self.each_lr = lr.tolist()
            self.before = torch.from_numpy((t[0] - 1).astype(np.float32))
            return
        super().begin_epoch(lr, t)
        correction1, correction2 = 1 - self.rates["beta1"] ** t, np.sqrt(1 - self.rates["beta2"] ** t)
        # lr / c1 · m / (√v / c2 + eps), with c2 taken out of the denominator
        self.eps = self.layout.factors(self.rates["eps"] * correction2)
        self.correction = self.layout.factors(correction2 / correction1)

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        if self.large:
            self._step_each(i, [p, g, *slots])
            return
        self._regularize(i, p, g, scratch)
        exp_avg, exp_avg_sq = slots
        exp_avg.lerp_(g, self.share1[0])
        exp_avg_sq.lerp_(torch.mul(g, g, out=scratch), self.share2[0])
        torch.sqrt(exp_avg_sq, out=scratch).add_(self.eps[i])
        p.sub_(torch.div(exp_avg, scratch, out=scratch).mul_(self.lr[i]).mul_(self.correction[i]))

    def _step_each(self, i: int, flats: list[Tensor]) -> None:
        if not self.members:
            blocks = [self.layout.blocks(flat) for flat in flats]
            self.members = [[[block[k] for block in each] for each in blocks] for k in range(self.layout.members)]
            self.each_rates = [{name: float(self.rates[name][k]) for name in _ADAM_RATES} for k in range(self.layout.members)]
        steps = self.before.add_(1).unbind()
        for tensors, lr, t, rates in zip(self.members, self.each_lr[i], steps, self.each_rates, strict=True):
            self.kernel(*tensors, [], [t] * len(tensors[0]), lr=lr, amsgrad=False, maximize=False, **rates)

    def _regularize(self, i: int, p: Tensor, g: Tensor, scratch: Tensor) -> None:
        self._penalize(p, g, scratch)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), as `torch.optim.AdamW`."""

    kernel = staticmethod(torch._fused_adamw_)

    def _regularize(self, i: int, p: Tensor, g: Tensor, scratch: Tensor) -> None:
        self._decay(i, p)


class Lion(Optimizer):
    """Lion (Chen et al. 2023), with decoupled weight decay."""

    slots = 1

    def __init__(self, rates: dict[str, np.ndarray], layout: Layout):
        super().__init__(rates, layout)
        self.share1, self.share2 = layout.factors(1 - rates["beta1"]), layout.factors(1 - rates["beta2"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        self._decay(i, p)
        (exp_avg,) = slots
        torch.lerp(exp_avg, g, self.share1[0], out=scratch)
        p.sub_(scratch.sign_().mul_(self.lr[i]))
        exp_avg.lerp_(g, self.share2[0])


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
    "lion": Lion,
}
