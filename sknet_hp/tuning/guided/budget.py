"""The seconds of a guided search: how many are left, and how long things take."""

import time
from collections.abc import Callable

MEMORY = 0.7
"""Weight of all that was measured before, beside what is measured next."""


class Budget:
    """The seconds of a guided search.

    Parameters
    ----------
    seconds : for everything, the final refit included; None for as many as it takes.
    start : when it began, on the clock.
    clock : gives seconds.

    Attributes
    ----------
    reserve : seconds that are kept for the final refit.
    """

    def __init__(self, seconds: float | None, start: float, clock: Callable[[], float] = time.monotonic):
        self.seconds, self.start, self.clock = seconds, start, clock
        self.reserve = 0.0
        self._measured: list[tuple[float, float]] = []

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit at all."""
        return self.seconds is not None

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return float("inf") if self.seconds is None else self.start + self.seconds - self.clock()

    @property
    def left_to_search(self) -> float:
        """Seconds until the final refit must begin."""
        return self.left - self.reserve

    def note(self, seconds: float, epochs: float) -> None:
        """Learn from networks that took so many seconds for so many epochs in all.

        Epochs of networks that are twice as dear count twice.
        """
        self._measured = [(rate, MEMORY * weight) for rate, weight in self._measured]
        if epochs > 0:
            self._measured.append((seconds / epochs, epochs))

    @property
    def seconds_per_epoch(self) -> float | None:
        """Seconds of an epoch of one network of cost 1, others training beside it.

        The median, weighted by epochs: while kernels are compiled, few epochs take
        seconds, but only once. None as long as nothing was measured.
        """
        half, total = sum(weight for _, weight in self._measured) / 2, 0.0
        for rate, weight in sorted(self._measured):
            total += weight
            if total >= half:
                return rate
        return None
