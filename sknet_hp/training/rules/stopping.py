"""What follows from a validation score: a best epoch, the end, a lower rate."""

from dataclasses import dataclass, replace

import numpy as np

from sknet_hp.training.rules.schedules import Schedule


def improves(value: float, best: float, min_delta: float, first: bool) -> bool:
    """Return whether `value` is the best so far.

    Lower is better (scores come negated), and NaN is worse than anything.
    """
    return first or value < best - min_delta or (best != best and value == value)


_THRESHOLD = 1e-4  # torch's: an improvement by less than this share of the best loss is none


def judge_plateau(loss: float, best: float, bad_epochs: float, patience: float) -> tuple[float, float, bool]:
    """Return the state of "plateau" after an epoch of that loss.

    It is (the lowest loss, epochs since then, whether the learning rate falls).

    Relative to the best, as torch does it; but losses may be negative too, where torch
    takes what is a little worse for better.
    """
    if loss < best * (1 - _THRESHOLD if best > 0 else 1 + _THRESHOLD):
        return loss, 0, False
    return best, bad_epochs + 1, bad_epochs + 1 > patience


@dataclass(frozen=True)
class Stopping:
    """Early stopping after `patience` epochs without a better one.

    An improvement by no more than `min_delta` does not count.
    """

    patience: int | None = None
    min_delta: float = 0.0

    def improves(self, value: float, best: float, first: bool) -> bool:
        """Return whether `value` is the best so far."""
        return improves(value, best, self.min_delta, first)

    def is_over(self, waited: int) -> bool:
        """Return whether to stop `waited` judged epochs after the best one."""
        return self.patience is not None and waited >= self.patience


@dataclass(frozen=True)
class Plateau:
    """The state of the "plateau" schedule.

    The learning rate falls when the validation loss has not improved for some epochs.

    As `torch.optim.lr_scheduler.ReduceLROnPlateau` with its defaults.

    Attributes
    ----------
    factor : on the learning rate.
    best : the lowest loss so far.
    bad_epochs : since then, or since the factor last fell.
    drops : the epochs after which it fell.
    """

    factor: float = 1.0
    best: float = np.inf
    bad_epochs: int = 0
    drops: tuple[int, ...] = ()

    def compute_next(self, epoch: int, loss: float | None, schedule: Schedule) -> "Plateau":
        """Return the state after an epoch of that loss.

        Without a loss, the rate falls where the schedule says.
        """
        if loss is None:
            return self._lower(epoch, schedule) if epoch in schedule.drops else self
        best, bad_epochs, falls = judge_plateau(loss, self.best, self.bad_epochs, schedule.patience)
        return self._lower(epoch, schedule) if falls else replace(self, best=best, bad_epochs=int(bad_epochs))

    def _lower(self, epoch: int, schedule: Schedule) -> "Plateau":
        return replace(
            self,
            factor=max(schedule.min_factor, self.factor * schedule.gamma),
            bad_epochs=0,
            drops=(*self.drops, epoch),
        )
