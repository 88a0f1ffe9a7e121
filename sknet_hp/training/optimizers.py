"""Update rules, each once, over all parameters of a cohort in one flat buffer, with a rate per member.

Each rule is a sequence of single elementwise operations whose factors are either a number (when the members agree) or a tensor (when they
do not). One multiplication by a float32 number and by a tensor full of it give the same bits, so a member's numbers do not depend on its
company. For the same reason two factors are never merged into one, and `alpha=`/`value=` arguments are not used.
"""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

Factor = float | Tensor
Spread = Callable[[str, np.ndarray], Factor]


class Optimizer:
    """One update rule.

    Parameters
    ----------
    rates : by the names of `training.job.Rates`, each (members,) float64.
    spread : turns (members,) values into a factor for the flat buffers.
    """

    slots: ClassVar[int] = 0

    def __init__(self, rates: dict[str, np.ndarray], spread: Spread):
        self.rates = rates
        self.spread = spread

    def step(self, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor, lr: np.ndarray, t: np.ndarray) -> None:
        """Update p in place; g and scratch may be overwritten. lr, t: (members,) this step's learning rates, and its number, counted from 1."""
        raise NotImplementedError

    def _l2(self, p: Tensor, g: Tensor, scratch: Tensor) -> None:
        """Weight decay as a penalty in the gradient."""
        if self.rates["weight_decay"].any():
            g.add_(torch.mul(p, self.spread("weight_decay", self.rates["weight_decay"]), out=scratch))

    def _decay(self, p: Tensor, lr: np.ndarray) -> None:
        """Decoupled weight decay (Loshchilov & Hutter 2019)."""
        if self.rates["weight_decay"].any():
            p.mul_(self.spread("decay", 1 - lr * self.rates["weight_decay"]))


class SGD(Optimizer):
    """Stochastic gradient descent with (heavy-ball) momentum, as `torch.optim.SGD`."""

    slots = 1
    nesterov: ClassVar[bool] = False

    def step(self, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor, lr: np.ndarray, t: np.ndarray) -> None:
        self._l2(p, g, scratch)
        (buffer,) = slots
        momentum = self.spread("momentum", self.rates["momentum"])
        buffer.mul_(momentum).add_(g)
        direction = g.add_(torch.mul(buffer, momentum, out=scratch)) if self.nesterov else buffer
        p.sub_(torch.mul(direction, self.spread("lr", lr), out=scratch))


class Nesterov(SGD):
    """Nesterov's accelerated gradient, as `torch.optim.SGD(nesterov=True)`."""

    nesterov = True


class RMSprop(Optimizer):
    """RMSprop (Tieleman & Hinton 2012), as `torch.optim.RMSprop`."""

    slots = 1

    def step(self, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor, lr: np.ndarray, t: np.ndarray) -> None:
        self._l2(p, g, scratch)
        (square_avg,) = slots
        square_avg.lerp_(torch.mul(g, g, out=scratch), self.spread("1-alpha", 1 - self.rates["alpha"]))
        torch.sqrt(square_avg, out=scratch).add_(self.spread("eps", self.rates["eps"]))
        p.sub_(torch.div(g, scratch, out=scratch).mul_(self.spread("lr", lr)))


class Adagrad(Optimizer):
    """Adagrad (Duchi et al. 2011), as `torch.optim.Adagrad`."""

    slots = 1

    def step(self, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor, lr: np.ndarray, t: np.ndarray) -> None:
        self._l2(p, g, scratch)
        (total,) = slots
        total.add_(torch.mul(g, g, out=scratch))
        torch.sqrt(total, out=scratch).add_(self.spread("eps", self.rates["eps"]))
        p.sub_(torch.div(g, scratch, out=scratch).mul_(self.spread("lr", lr)))


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015), as `torch.optim.Adam`: weight decay is a penalty in the gradient."""

    slots = 2

    def step(self, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor, lr: np.ndarray, t: np.ndarray) -> None:
        self._regularize(p, g, scratch, lr)
        exp_avg, exp_avg_sq = slots
        beta1, beta2 = self.rates["beta1"], self.rates["beta2"]
        correction1, correction2 = 1 - beta1**t, np.sqrt(1 - beta2**t)
        exp_avg.lerp_(g, self.spread("1-beta1", 1 - beta1))
        exp_avg_sq.lerp_(torch.mul(g, g, out=scratch), self.spread("1-beta2", 1 - beta2))
        # lr / c1 · m / (√v / c2 + eps), with c2 taken out of the denominator
        torch.sqrt(exp_avg_sq, out=scratch).add_(self.spread("eps", self.rates["eps"] * correction2))
        torch.div(exp_avg, scratch, out=scratch).mul_(self.spread("lr", lr)).mul_(self.spread("correction", correction2 / correction1))
        p.sub_(scratch)

    def _regularize(self, p: Tensor, g: Tensor, scratch: Tensor, lr: np.ndarray) -> None:
        self._l2(p, g, scratch)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), as `torch.optim.AdamW`."""

    def _regularize(self, p: Tensor, g: Tensor, scratch: Tensor, lr: np.ndarray) -> None:
        self._decay(p, lr)


class Lion(Optimizer):
    """Lion (Chen et al. 2023), with decoupled weight decay."""

    slots = 1

    def step(self, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor, lr: np.ndarray, t: np.ndarray) -> None:
        self._decay(p, lr)
        (exp_avg,) = slots
        beta1, beta2 = (self.spread(f"1-{b}", 1 - self.rates[b]) for b in ("beta1", "beta2"))
        torch.lerp(exp_avg, g, beta1, out=scratch)
        p.sub_(scratch.sign_().mul_(self.spread("lr", lr)))
        exp_avg.lerp_(g, beta2)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
    "lion": Lion,
}
