"""What a member makes of its validation score after an epoch: is it the best yet, is it time to stop, should the learning rate fall."""

from dataclasses import dataclass

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
    """

    factor: float = 1.0
    best: float = np.inf
    bad_epochs: int = 0

    def after(self, loss: float, schedule: Schedule) -> "Plateau":
        """The state after an epoch of that loss."""
        # As torch does it: relative to the best, which assumes that losses are positive.
        if loss < self.best * (1 - _THRESHOLD):
            return Plateau(self.factor, loss, 0)
        if self.bad_epochs + 1 > schedule.patience:
            return Plateau(max(schedule.min_factor, self.factor * schedule.gamma), self.best, 0)
        return Plateau(self.factor, self.best, self.bad_epochs + 1)
