"""Update rules, as papers and torch have them."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sknet_hp.training.rules.optimizer import Correction, Optimizer
from sknet_hp.training.rules.torch_twin import Placeholder, TorchTwin


def _make_sgd_twin(nesterov: bool) -> TorchTwin:
    return TorchTwin(
        torch.optim.SGD,
        memory=("momentum_buffer",),
        settings={"dampening": 0, "nesterov": nesterov},
        made_with=("nesterov",),
        has_memory=lambda group: bool(group["momentum"]),  # torch keeps none without momentum
        counts_steps=False,
    )


class SGD(Optimizer):
    """Stochastic gradient descent with (heavy-ball) momentum, as `torch.optim.SGD`."""

    slots = 1
    own_rates = ("momentum",)
    compiled_rule = "sgd"
    twin = _make_sgd_twin(nesterov=False)

    def prepare(self) -> None:
        self.momentum = self.make_column(self.rates["momentum"])

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        return slots[0].mul_(self.momentum).add_(g)


class Nesterov(SGD):
    """Nesterov's accelerated gradient, as `torch.optim.SGD(nesterov=True)`."""

    compiled_rule = "nesterov"
    twin = _make_sgd_twin(nesterov=True)

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        return g + super().compute_step(i, g, slots) * self.momentum


class RMSprop(Optimizer):
    """RMSprop (Tieleman & Hinton 2012), as `torch.optim.RMSprop`."""

    slots = 1
    own_rates = ("eps", "alpha")
    decay_of_squares = "alpha"
    compiled_rule = "rmsprop"
    twin = TorchTwin(torch.optim.RMSprop, memory=("square_avg",), settings={"momentum": 0, "centered": False})

    def prepare(self) -> None:
        self.share, self.eps = self.make_column(1 - self.rates["alpha"]), self.make_column(self.rates["eps"])

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        return g / (slots[0].lerp_(g * g, self.share).sqrt() + self.eps)


class Adagrad(Optimizer):
    """Adagrad (Duchi et al. 2011), as `torch.optim.Adagrad`."""

    slots = 1
    own_rates = ("eps",)
    compiled_rule = "adagrad"
    twin = TorchTwin(torch.optim.Adagrad, memory=("sum",), settings={"lr_decay": 0, "initial_accumulator_value": 0})

    def prepare(self) -> None:
        self.eps = self.make_column(self.rates["eps"])

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        return g / (slots[0].add_(g * g).sqrt() + self.eps)


class _Moments(Optimizer):
    """What the family of Adam shares: running means of gradients and their squares."""

    slots = 2
    own_rates = ("eps", "beta1", "beta2")

    def prepare(self) -> None:
        self.share1, self.share2 = self.make_column(1 - self.rates["beta1"]), self.make_column(1 - self.rates["beta2"])

    def _update_moments(self, g: Tensor, slots: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Update both means; return the first, and the root of the second."""
        exp_avg, exp_avg_sq = slots
        return exp_avg.lerp_(g, self.share1), exp_avg_sq.lerp_(g * g, self.share2).sqrt()

    def _compute_corrections(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return 1 - beta1^t and √(1 - beta2^t): moments start at zero."""
        return 1 - self.rates["beta1"] ** t, np.sqrt(1 - self.rates["beta2"] ** t)


NADAM_DECAY = 0.96**0.004
"""What the distance of NAdam's momentum from beta1 is multiplied by in each step."""


def compute_nadam_momentum(beta1: float | np.ndarray, t: np.ndarray) -> np.ndarray:
    """Return the momentum of step t, which NAdam lets rise towards beta1."""
    return beta1 * (1 - 0.5 * 0.96 ** (t * 0.004))


def _make_nadam_extras(group: dict[str, Any], steps: int) -> dict[str, float]:
    """Return the product of the momenta of all steps, which torch keeps."""
    momenta = compute_nadam_momentum(group["betas"][0], np.arange(1, steps + 1))
    return {"mu_product": float(np.prod(momenta))}


def _make_adam_twin(kind: type[torch.optim.Optimizer], **settings: Any) -> TorchTwin:
    return TorchTwin(kind, memory=("exp_avg", "exp_avg_sq"), settings=settings)


class Adam(_Moments):
    """Adam (Kingma & Ba 2015), as `torch.optim.Adam`: decay is in the gradient."""

    bias_correction = Correction.MOMENTS
    compiled_rule = "adam"
    twin = _make_adam_twin(torch.optim.Adam, amsgrad=False, decoupled_weight_decay=False)

    def begin_epoch(
        self,
        lr: np.ndarray,
        t: np.ndarray,
        lr_factors: np.ndarray | None = None,
        decay_factors: np.ndarray | None = None,
    ) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        correction1, correction2 = self._compute_corrections(t)
        # m / c1 / (√v / c2 + eps), with c2 taken out of the denominator
        self.eps, self.correction = (
            self.make_column(self.rates["eps"] * correction2),
            self.make_column(correction2 / correction1),
        )

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        mean, root = self._update_moments(g, slots)
        return mean / root.add_(self.eps[i]) * self.correction[i]


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    As `torch.optim.AdamW`.
    """

    decay_mode = "decoupled"
    twin = _make_adam_twin(torch.optim.AdamW, amsgrad=False)


class NAdam(_Moments):
    """Adam with Nesterov's momentum (Dozat 2016), as `torch.optim.NAdam`."""

    bias_correction = Correction.NESTEROV
    compiled_rule = "nadam"
    twin = replace(
        _make_adam_twin(torch.optim.NAdam, momentum_decay=4e-3, decoupled_weight_decay=False),
        make_extras=_make_nadam_extras,
    )

    def begin_epoch(
        self,
        lr: np.ndarray,
        t: np.ndarray,
        lr_factors: np.ndarray | None = None,
        decay_factors: np.ndarray | None = None,
    ) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        _, correction2 = self._compute_corrections(t)
        every = np.arange(1, int(t.max()) + 2)[:, None]
        momentum = compute_nadam_momentum(self.rates["beta1"], every)  # (steps from the first on, members)
        product = np.cumprod(momentum, axis=0)
        at = (t - 1, np.arange(t.shape[1]))
        following = (t, np.arange(t.shape[1]))
        self.eps = self.make_column(self.rates["eps"] * correction2)
        self.of_gradient = self.make_column((1 - momentum[at]) / (1 - product[at]) * correction2)
        self.of_average = self.make_column(momentum[following] / (1 - product[following]) * correction2)

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        mean, root = self._update_moments(g, slots)
        return (g * self.of_gradient[i] + mean * self.of_average[i]) / root.add_(self.eps[i])


class RAdam(_Moments):
    """Rectified Adam (Liu et al. 2020), as `torch.optim.RAdam`."""

    bias_correction = Correction.RECTIFIED
    compiled_rule = "adam"  # whose denominator comes and goes with its numbers
    twin = _make_adam_twin(torch.optim.RAdam, decoupled_weight_decay=False)

    def begin_epoch(
        self,
        lr: np.ndarray,
        t: np.ndarray,
        lr_factors: np.ndarray | None = None,
        decay_factors: np.ndarray | None = None,
    ) -> None:
        super().begin_epoch(lr, t, lr_factors, decay_factors)
        correction1, correction2 = self._compute_corrections(t)
        beta2 = self.rates["beta2"]
        end = 2 / (1 - beta2) - 1
        length = end - 2 * t * beta2**t / correction2**2
        rectified = length > 5  # before, the step is one of momentum alone: the denominator is 1
        with np.errstate(invalid="ignore", divide="ignore"):
            rectification = np.sqrt((length - 4) * (length - 2) * end / ((end - 4) * (end - 2) * length))
        self.slope = self.make_column(np.where(rectified, 1.0, 0.0))
        self.offset = self.make_column(np.where(rectified, self.rates["eps"], 1.0))
        self.correction = self.make_column(np.where(rectified, rectification * correction2, 1.0) / correction1)

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
        mean, root = self._update_moments(g, slots)
        return mean / root.mul_(self.slope[i]).add_(self.offset[i]) * self.correction[i]


class Lion(Optimizer):
    """Lion (Chen et al. 2023), with decoupled weight decay."""

    slots = 1
    decay_mode = "decoupled"
    own_rates = ("beta1", "beta2")
    compiled_rule = "lion"
    twin = TorchTwin(Placeholder, has_memory=lambda group: False)  # torch has no Lion

    def prepare(self) -> None:
        self.share1, self.share2 = self.make_column(1 - self.rates["beta1"]), self.make_column(1 - self.rates["beta2"])

    def compute_step(self, i: int, g: Tensor, slots: list[Tensor]) -> Tensor:
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
"""Update rules by the names that estimators take."""
