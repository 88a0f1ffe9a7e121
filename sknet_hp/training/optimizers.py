"""Update rules, each once, over all parameters of a cohort in one flat buffer, with a rate per member.

Each rule is a sequence of single elementwise operations (Adam of large networks apart) whose factors are either a number (when the members
agree) or a tensor (when they do not). One multiplication by a float32 number and by a tensor full of it give the same bits, so a member's
numbers do not depend on its company. For the same reason two factors are never merged into one, and `alpha=`/`value=` arguments are not used.
"""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from sknet_hp.training.layout import Columns, Layout

_LARGE = 4_000
"""From this many parameters of one member on, a fused kernel for each member beats single operations for all: it passes over memory once."""

_ADAM_RATES = ("beta1", "beta2", "eps")


class Optimizer:
    """One update rule, with what all have in common: clipping, penalties, weight decay.

    Parameters
    ----------
    rates : by the names of `training.job.Rates`, each (members,) float64.
    layout : of the flat buffers.
    decay_mode : "decoupled" or "l2"; what the rule is known with if None.
    decayed : (tensors,) or (members, tensors) factors on the weight decay of each tensor, 0 where neither it nor the L1 penalty reaches; None for
        ones.
    """

    slots: ClassVar[int] = 0
    decay_mode: ClassVar[str] = "l2"

    def __init__(
        self,
        rates: dict[str, np.ndarray],
        layout: Layout,
        decay_mode: str | None = None,
        decayed: ArrayLike | None = None,
    ):
        self.rates = rates
        self.layout = layout
        self.decoupled = (decay_mode or self.decay_mode) == "decoupled"
        self.decay_of = np.broadcast_to(np.asarray(1 if decayed is None else decayed, dtype=np.float64), (layout.members, len(layout.sizes)))
        self.decayed = [j for j in range(len(layout.sizes)) if self.decay_of[:, j].any()]
        self.l1 = Columns(layout, rates["l1"])
        self.clips = bool(np.isfinite(rates["clip"]).any())
        self.limit = torch.from_numpy(rates["clip"].astype(np.float32)).to(layout.device).unsqueeze(1)  # (members, 1)
        self.unlimited = torch.isinf(self.limit)
        self.prepare()

    def prepare(self) -> None:
        """Make of the rates what the rule needs."""

    def begin_epoch(self, lr: np.ndarray, t: np.ndarray, lr_factors: np.ndarray | None = None, decay_factors: np.ndarray | None = None) -> None:
        """Prepare an epoch.

        Parameters
        ----------
        lr, t : (steps, members) the learning rate of each step, and its number, counted from 1.
        lr_factors : (members, tensors) factors on the learning rate, or None for ones.
        decay_factors : (steps, members) factors on the weight decay, or None for ones.
        """
        self.lr = self.layout.factors(lr, lr_factors)
        self.frozen = None if lr_factors is None or not self.clips else torch.from_numpy(lr_factors == 0).to(self.layout.device)
        each = [1.0 if lr_factors is None else lr_factors[:, j] for j in range(len(self.layout.sizes))]
        decay = self.rates["weight_decay"] if decay_factors is None else self.rates["weight_decay"] * decay_factors
        self.decays = bool(decay.any())
        self.l2 = {j: Columns(self.layout, decay * self.decay_of[:, j]) for j in self.decayed}
        self.keep = {j: Columns(self.layout, 1 - lr * each[j] * decay * self.decay_of[:, j]) for j in self.decayed}

    def update(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        """The epoch's step i: update p in place; g and scratch may be overwritten."""
        if self.clips:
            self._clip(g, scratch)
        if self.l1.any() or self.decays:
            self._regularize(i, p, g, scratch)
        self.step(i, p, g, slots, scratch)

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        """The rule itself."""
        raise NotImplementedError

    def _clip(self, g: Tensor, scratch: Tensor) -> None:
        """Scale each member's gradient down to a norm of at most `clip`, as `torch.nn.utils.clip_grad_norm_`, to which the frozen have none."""
        blocks, squares = self.layout.blocks(g), self.layout.blocks(torch.mul(g, g, out=scratch))
        total = squares[0].new_zeros(self.layout.members, 1)
        for j, block in enumerate(squares):
            square = block.sum(1, keepdim=True)
            total.add_(square if self.frozen is None else square.masked_fill_(self.frozen[:, j, None], 0.0))
        factor = (self.limit / (total.sqrt_() + 1e-6)).clamp_(max=1.0)  # (members, 1); one exactly where nothing is to be clipped
        factor.masked_fill_(self.unlimited, 1.0)  # whatever the norm: alone, a member without a limit is not touched
        for block in blocks:
            block.mul_(factor)

    def _regularize(self, i: int, p: Tensor, g: Tensor, scratch: Tensor) -> None:
        weights, gradients, spare = (self.layout.blocks(flat) for flat in (p, g, scratch))
        for j in self.decayed:
            if self.l1.any():
                gradients[j].add_(torch.sign(weights[j], out=spare[j]).mul_(self.l1[0]))
            if self.decays and not self.decoupled:
                gradients[j].add_(torch.mul(weights[j], self.l2[j][i], out=spare[j]))
            elif self.decays:  # Loshchilov & Hutter 2019
                weights[j].mul_(self.keep[j][i])


class SGD(Optimizer):
    """Stochastic gradient descent with (heavy-ball) momentum, as `torch.optim.SGD`."""

    slots = 1
    nesterov: ClassVar[bool] = False

    def prepare(self) -> None:
        self.momentum = self.layout.factors(self.rates["momentum"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
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

    def prepare(self) -> None:
        rates, layout = self.rates, self.layout
        self.share, self.eps = layout.factors(1 - rates["alpha"]), layout.factors(rates["eps"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        (square_avg,) = slots
        square_avg.lerp_(torch.mul(g, g, out=scratch), self.share[0])
        torch.sqrt(square_avg, out=scratch).add_(self.eps[0])
        p.sub_(torch.div(g, scratch, out=scratch).mul_(self.lr[i]))


class Adagrad(Optimizer):
    """Adagrad (Duchi et al. 2011), as `torch.optim.Adagrad`."""

    slots = 1

    def prepare(self) -> None:
        self.eps = self.layout.factors(self.rates["eps"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        (total,) = slots
        total.add_(torch.mul(g, g, out=scratch))
        torch.sqrt(total, out=scratch).add_(self.eps[0])
        p.sub_(torch.div(g, scratch, out=scratch).mul_(self.lr[i]))


class _Moments(Optimizer):
    """What the family of Adam shares: running means of gradients and of their squares."""

    slots = 2

    def prepare(self) -> None:
        rates, layout = self.rates, self.layout
        self.share1, self.share2 = layout.factors(1 - rates["beta1"]), layout.factors(1 - rates["beta2"])

    def _track(self, g: Tensor, slots: list[Tensor], scratch: Tensor) -> tuple[Tensor, Tensor]:
        exp_avg, exp_avg_sq = slots
        exp_avg.lerp_(g, self.share1[0])
        exp_avg_sq.lerp_(torch.mul(g, g, out=scratch), self.share2[0])
        return exp_avg, exp_avg_sq

    def _corrections(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What makes up for moments that start at zero: 1 - beta1^t, √(1 - beta2^t)."""
        return 1 - self.rates["beta1"] ** t, np.sqrt(1 - self.rates["beta2"] ** t)


class Adam(_Moments):
    """Adam (Kingma & Ba 2015), as `torch.optim.Adam`: weight decay is a penalty in the gradient.

    Small networks are updated all at once, by single operations; from `_LARGE` parameters on torch's fused kernel, which takes one network
    at a time, passes over memory once and not ten times.
    """

    def prepare(self) -> None:
        super().prepare()
        layout = self.layout
        # A function of one member's size and the device, never of the company: the two ways round differently.
        self.large = sum(layout.sizes) >= _LARGE and layout.device.type == "cpu"
        self.members: list[_Member] = []

    def begin_epoch(self, lr: np.ndarray, t: np.ndarray, lr_factors: np.ndarray | None = None, decay_factors: np.ndarray | None = None) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        if self.large:
            self.each_lr, self.lr_factors, self.members = lr.tolist(), lr_factors, []
            self.before = torch.from_numpy((t[0] - 1).astype(np.float32))
            return
        correction1, correction2 = self._corrections(t)
        # lr / c1 · m / (√v / c2 + eps), with c2 taken out of the denominator
        self.eps = self.layout.factors(self.rates["eps"] * correction2)
        self.correction = self.layout.factors(correction2 / correction1)

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        if self.large:
            self._step_each(i, [p, g, *slots])
            return
        exp_avg, exp_avg_sq = self._track(g, slots, scratch)
        torch.sqrt(exp_avg_sq, out=scratch).add_(self.eps[i])
        p.sub_(torch.div(exp_avg, scratch, out=scratch).mul_(self.lr[i]).mul_(self.correction[i]))

    def _step_each(self, i: int, flats: list[Tensor]) -> None:
        if not self.members:
            blocks = [self.layout.blocks(flat) for flat in flats]
            self.members = [_Member(k, blocks, self.rates, self.lr_factors) for k in range(self.layout.members)]
        for member, lr, t in zip(self.members, self.each_lr[i], self.before.add_(1).unbind(), strict=True):
            member.step(lr, t)


class _Member:
    """The tensors of one large network, in groups of one learning rate."""

    def __init__(self, k: int, blocks: list[list[Tensor]], rates: dict[str, np.ndarray], lr_factors: np.ndarray | None):
        self.rates: dict[str, Any] = {name: float(rates[name][k]) for name in _ADAM_RATES}
        factors = [1.0] * len(blocks[0]) if lr_factors is None else lr_factors[k].tolist()
        self.groups: list[tuple[float, list[list[Tensor]]]] = [
            (f, [[block[k] for block, own in zip(each, factors, strict=True) if own == f] for each in blocks]) for f in sorted(set(factors))
        ]

    def step(self, lr: float, t: Tensor) -> None:
        for factor, (p, g, exp_avg, exp_avg_sq) in self.groups:
            fixed: dict[str, Any] = {"weight_decay": 0.0, "amsgrad": False, "maximize": False}
            torch._fused_adam_(p, g, exp_avg, exp_avg_sq, [], [t] * len(p), lr=lr * factor, **fixed, **self.rates)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), as `torch.optim.AdamW`."""

    decay_mode = "decoupled"


def nadam_momentum(beta1: Any, t: np.ndarray) -> np.ndarray:
    """The momentum of step t, which NAdam lets rise towards beta1."""
    return beta1 * (1 - 0.5 * 0.96 ** (t * 0.004))


class NAdam(_Moments):
    """Adam with Nesterov's momentum (Dozat 2016), as `torch.optim.NAdam`."""

    def begin_epoch(self, lr: np.ndarray, t: np.ndarray, lr_factors: np.ndarray | None = None, decay_factors: np.ndarray | None = None) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        _, correction2 = self._corrections(t)
        every = np.arange(1, int(t.max()) + 2)[:, None]
        momentum = nadam_momentum(self.rates["beta1"], every)  # (steps from the first on, members)
        product = np.cumprod(momentum, axis=0)
        at = (t - 1, np.arange(t.shape[1]))
        following = (t, np.arange(t.shape[1]))
        self.eps = self.layout.factors(self.rates["eps"] * correction2)
        self.of_gradient = self.layout.factors((1 - momentum[at]) / (1 - product[at]) * correction2)
        self.of_average = self.layout.factors(momentum[following] / (1 - product[following]) * correction2)

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        exp_avg, exp_avg_sq = self._track(g, slots, scratch)
        g.mul_(self.of_gradient[i]).add_(torch.mul(exp_avg, self.of_average[i], out=scratch))
        torch.sqrt(exp_avg_sq, out=scratch).add_(self.eps[i])
        p.sub_(g.div_(scratch).mul_(self.lr[i]))


class RAdam(_Moments):
    """Rectified Adam (Liu et al. 2020), as `torch.optim.RAdam`."""

    def begin_epoch(self, lr: np.ndarray, t: np.ndarray, lr_factors: np.ndarray | None = None, decay_factors: np.ndarray | None = None) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        correction1, correction2 = self._corrections(t)
        beta2 = self.rates["beta2"]
        end = 2 / (1 - beta2) - 1
        length = end - 2 * t * beta2**t / correction2**2
        rectified = length > 5  # before, the step is one of momentum alone: the denominator is 1
        with np.errstate(invalid="ignore", divide="ignore"):
            rectification = np.sqrt((length - 4) * (length - 2) * end / ((end - 4) * (end - 2) * length))
        self.slope = self.layout.factors(np.where(rectified, 1.0, 0.0))
        self.offset = self.layout.factors(np.where(rectified, self.rates["eps"], 1.0))
        self.correction = self.layout.factors(np.where(rectified, rectification * correction2, 1.0) / correction1)

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        exp_avg, exp_avg_sq = self._track(g, slots, scratch)
        torch.sqrt(exp_avg_sq, out=scratch).mul_(self.slope[i]).add_(self.offset[i])
        p.sub_(torch.div(exp_avg, scratch, out=scratch).mul_(self.correction[i]).mul_(self.lr[i]))


class Lion(Optimizer):
    """Lion (Chen et al. 2023), with decoupled weight decay."""

    slots = 1
    decay_mode = "decoupled"

    def prepare(self) -> None:
        rates, layout = self.rates, self.layout
        self.share1, self.share2 = layout.factors(1 - rates["beta1"]), layout.factors(1 - rates["beta2"])

    def step(self, i: int, p: Tensor, g: Tensor, slots: list[Tensor], scratch: Tensor) -> None:
        (exp_avg,) = slots
        torch.lerp(exp_avg, g, self.share1[0], out=scratch)
        p.sub_(scratch.sign_().mul_(self.lr[i]))
        exp_avg.lerp_(g, self.share2[0])


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
