"""What a member makes of its validation score after an epoch: is it the best yet, is it time to stop, should the learning rate fall."""

from dataclasses import dataclass, replace

import numpy as np

from sknet_hp.training.schedules import Schedule


@dataclass(frozen=True)
class Stopping:
    """Early stopping: after `patience` epochs without an improvement of more than `min_delta`."""

    patience: int | None = None
    min_delta: float = 0.0
    restore_best: bool = True

    def improves(self, value: float, best: float, first: bool) -> bool:
        """Whether `value` is the best so far: lower is better (scores come negated), and NaN is worse than anything."""
        return first or value < best - self.min_delta or bool(np.isnan(best) and not np.isnan(value))

    def ends(self, epoch: int, best_epoch: int) -> bool:
        return self.patience is not None and epoch - best_epoch >= self.patience


_THRESHOLD = 1e-4  # torch's: an improvement by less than this share of the best loss is none


@dataclass(frozen=True)
class Plateau:
    """The state of the "plateau" schedule: the learning rate falls when the validation loss has not improved for some epochs.

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

    def after(self, epoch: int, loss: float | None, schedule: Schedule) -> "Plateau":
        """The state after an epoch of that loss; without one, it falls where the schedule says."""
        if loss is None:
            return self._fallen(epoch, schedule) if epoch in schedule.drops else self
        # As torch does it: relative to the best, which assumes that losses are positive.
        if loss < self.best * (1 - _THRESHOLD):
            return replace(self, best=loss, bad_epochs=0)
        if self.bad_epochs + 1 > schedule.patience:
            return self._fallen(epoch, schedule)
        return replace(self, bad_epochs=self.bad_epochs + 1)

    def _fallen(self, epoch: int, schedule: Schedule) -> "Plateau":
        return replace(self, factor=max(schedule.min_factor, self.factor * schedule.gamma), bad_epochs=0, drops=(*self.drops, epoch))
