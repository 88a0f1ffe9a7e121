"""Learning-rate schedules: pure functions of t, the fraction of the horizon that has passed, to the factor on the learning rate."""

import math
from collections.abc import Callable


def constant(t: float) -> float:
    return 1.0


def linear(t: float) -> float:
    """From 1 to 0 in a straight line."""
    return max(0.0, 1.0 - t)


def cosine(t: float) -> float:
    """From 1 to 0 along half a cosine (Loshchilov & Hutter 2017, without restarts)."""
    return 0.5 * (1.0 + math.cos(math.pi * min(t, 1.0)))


SCHEDULES: dict[str, Callable[[float], float]] = {"constant": constant, "linear": linear, "cosine": cosine}
