"""Learning-rate schedules, as functions of the fraction t of the horizon.

The functions that carry a schedule's name return its factor on the learning rate.

A schedule names the settings it needs as keyword arguments; `Schedule` holds them, and
`factor` puts the two together with the warm-up.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SLACK = 1e-9  # t is a quotient of counts: what should be a whole number of periods may come out a rounding below it


def constant(t: float) -> float:
    return 1.0


def step(t: float, *, gamma: float, step_size: float) -> float:
    """Multiply by gamma after each `step_size` of the time (torch's `StepLR`)."""
    return gamma ** math.floor(t / step_size + SLACK)


def exponential(t: float, *, min_factor: float) -> float:
    """Fall from 1 to `min_factor` by the same ratio in each epoch (`ExponentialLR`)."""
    return min_factor**t


def linear(t: float) -> float:
    """Fall from 1 to 0 in a straight line (`LinearLR`)."""
    return 1.0 - t


def cosine(t: float) -> float:
    """Fall from 1 to 0 along half a cosine (`CosineAnnealingLR`).

    Loshchilov & Hutter 2017, without restarts.
    """
    return 0.5 * (1.0 + math.cos(math.pi * t))


def cosine_restarts(t: float, *, cycles: int, cycle_mult: float) -> float:
    """Fall along `cycles` half cosines, each `cycle_mult` times as long as the last.

    SGDR, Loshchilov & Hutter 2017; `CosineAnnealingWarmRestarts`.
    """
    if t >= 1.0:
        return 0.0
    length = 1.0 / cycles if cycle_mult == 1 else (cycle_mult - 1) / (cycle_mult**cycles - 1)
    start = 0.0
    while start + length <= t + SLACK and start + length < 1.0 - SLACK:
        start, length = start + length, length * cycle_mult
    return cosine(min(1.0, max(0.0, (t - start) / length)))


def one_cycle(t: float) -> float:
    """Rise from 1/25 to 1 in 30 % of the horizon, then fall to 0, along half cosines.

    Smith & Topin 2018; `OneCycleLR`.
    """
    rise = 0.3
    return 0.04 + 0.96 * (1.0 - cosine(t / rise)) if t < rise else cosine((t - rise) / (1.0 - rise))


def cyclic(t: float, *, cycles: int) -> float:
    """Rise from 0 to 1 and fall again, `cycles` times, in straight lines.

    Triangular, Smith 2017; `CyclicLR`.
    """
    phase = (t * cycles) % 1.0
    return 1.0 - abs(2.0 * phase - 1.0)


def plateau(t: float) -> float:
    """Stay at 1: the factor follows the validation loss (`stopping.Plateau`)."""
    return 1.0


def flat_cos(t: float) -> float:
    """Stay at 1 for half the horizon, then fall to 0 along half a cosine.

    Holzmüller et al. 2024.
    """
    return 1.0 if t < 0.5 else cosine(2.0 * t - 1.0)


def coslog4(t: float) -> float:
    """Run through four waves, each longer: ½ (1 − cos(2π log2(1 + 15 t))).

    Holzmüller et al. 2024.
    """
    return 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * t)))


SCHEDULES: dict[str, Callable[..., float]] = {
    f.__name__: f
    for f in (
        constant,
        step,
        exponential,
        linear,
        cosine,
        cosine_restarts,
        one_cycle,
        cyclic,
        plateau,
        flat_cos,
        coslog4,
    )
}

_SETTINGS = {
    name: [p.name for p in inspect.signature(f).parameters.values() if p.kind is p.KEYWORD_ONLY]
    for name, f in SCHEDULES.items()
}
_DOWN_TO_ZERO = {"linear", "cosine", "cosine_restarts", "one_cycle", "cyclic", "flat_cos", "coslog4"}
"""Those whose range [0, 1] is mapped to [min_factor, 1]."""


@dataclass(frozen=True)
class Schedule:
    """A schedule with its settings. All may differ within a cohort.

    Attributes
    ----------
    name : in `SCHEDULES`.
    min_factor : the lowest factor.
    warmup : fraction of the horizon in which the factor rises linearly to what the
        schedule begins with; the schedule has the rest.
    gamma, step_size : of "step" (and gamma of "plateau"); step_size is a fraction of
        what warm-up leaves of the horizon.
    cycles, cycle_mult : of "cosine_restarts" and "cyclic".
    patience : epochs without improvement, of "plateau".
    drops : epochs after which "plateau" falls where no rows are held out.
    """

    name: str = "constant"
    min_factor: float = 0.0
    warmup: float = 0.0
    gamma: float = 0.1
    step_size: float = 1 / 3
    cycles: int = 1
    cycle_mult: float = 1.0
    patience: int = 5
    drops: tuple[int, ...] = ()

    def compute_factor(self, t: float, step: float = 0.0) -> float:
        """Return the factor at t, the fraction of the horizon that has passed.

        `step` is what one training step takes of the horizon.
        """
        t = min(t, 1.0)
        if t < self.warmup:
            return self._compute_value(0.0) * min(1.0, (t + step) / self.warmup)
        return self._compute_value((t - self.warmup) / (1.0 - self.warmup) if self.warmup < 1 else 1.0)

    def compute_factors(self, t: np.ndarray, step: float) -> np.ndarray:
        """Return the factors at these times, (n,)."""
        return np.array([self.compute_factor(each, step) for each in t.tolist()])

    def _compute_value(self, t: float) -> float:
        """Return the factor without warm-up."""
        value = SCHEDULES[self.name](t, **{name: getattr(self, name) for name in _SETTINGS[self.name]})
        return (
            self.min_factor + (1.0 - self.min_factor) * value
            if self.name in _DOWN_TO_ZERO
            else max(self.min_factor, value)
        )

    def is_warming(self, t: float) -> bool:
        """Return whether the factor is still rising at t."""
        return t < self.warmup - SLACK
