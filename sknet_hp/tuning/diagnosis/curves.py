"""What a learning curve shows: pure functions of losses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Curve:
    """The losses of a training, epoch by epoch.

    Attributes
    ----------
    train, valid : (n_epochs,) the loss on training rows, in training mode, and on rows
        that are not trained on; NaN where there is none.
    used : the epoch, from 1, whose weights predict; 0 if none does.
    constant : the loss of the prediction that knows nothing, or None if not known.
    """

    train: np.ndarray
    valid: np.ndarray
    used: int
    constant: float | None = None

    @property
    def n_epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.train)

    @property
    def has_validation(self) -> bool:
        """Whether there are losses on rows that are not trained on."""
        return bool(np.isfinite(self.valid).any())

    @property
    def judged(self) -> np.ndarray:
        """(n_epochs,) the validation losses, or the training losses without them."""
        return self.valid if self.has_validation else self.train

    @property
    def level(self) -> float:
        """The constant's loss, which others are measured by; the first if not known."""
        if self.constant is not None:
            return self.constant
        finite = self.train[np.isfinite(self.train)]
        return abs(float(finite[0])) if len(finite) else 0.0

    @property
    def floor(self) -> float:
        """A loss below which differences are no matter: a twentieth of the level.

        Shares of a loss near zero would make much of nothing.
        """
        return 0.05 * self.level

    def cut(self, n_epochs: int) -> "Curve":
        """Return the curve as it was after so many epochs."""
        used = min(self.used, n_epochs)
        return replace(self, train=self.train[:n_epochs], valid=self.valid[:n_epochs], used=used)


def read_curve(history: Sequence[Mapping[str, Any]], used: int, constant: float | None) -> Curve:
    """Return the curve that a history tells of.

    Parameters
    ----------
    history : a row an epoch, with "train_loss" and maybe "valid_loss".
    used : the epoch, from 1, whose weights predict.
    constant : the loss of the prediction that knows nothing, or None.
    """

    def collect(name: str) -> np.ndarray:
        losses = [row.get(name) for row in history]
        return np.array([np.nan if loss is None else loss for loss in losses], dtype=float)

    return Curve(collect("train_loss"), collect("valid_loss"), used, constant)


def compute_late_gain(losses: np.ndarray, part: float, level: float) -> float:
    """Return by what share of a level a curve fell in its last part.

    Parameters
    ----------
    losses : (n_epochs,)
    part : share of the epochs that are the last part, at least one step.
    level : the loss of the prediction that knows nothing, say.

    Returns
    -------
    gain : 0 where it did not fall, NaN of fewer than two epochs. The lowest losses in
        and before the last part are compared, so that single jumps count for nothing.
    """
    n = len(losses)
    n_late = max(1, round(part * n))
    if n <= n_late or not np.isfinite(losses).any():
        return float("nan")
    before, end = np.nanmin(losses[: n - n_late]), np.nanmin(losses[n - n_late :])
    return float(max(0.0, before - end) / max(level, 1e-12))


def compute_share_of_fall(losses: np.ndarray, constant: float, part: float) -> float:
    """Return what share of the fall from the constant's loss came in the last part.

    Parameters
    ----------
    losses : (n_epochs,)
    constant : the loss of the prediction that knows nothing.
    part : share of the epochs that are the last part, at least one.
    """
    n_late = max(1, round(part * len(losses)))
    early = losses[: len(losses) - n_late]
    before = min(constant, np.nanmin(early)) if np.isfinite(early).any() else constant
    end = np.nanmin(losses)
    return float(max(0.0, before - end) / max(constant - end, 1e-12))


def compute_roughness(losses: np.ndarray, floor: float = 0.0) -> float:
    """Return how much a curve goes up and down, as a share of its level.

    It is the median over inner epochs of half the second difference, by the median
    loss: 0 of a straight line, 1 where each epoch differs from its neighbours by as
    much as the loss itself. NaN of fewer than five epochs.

    Parameters
    ----------
    losses : (n_epochs,)
    floor : the least loss that the share is of.
    """
    losses = losses[np.isfinite(losses)]
    if len(losses) < 5:
        return float("nan")
    bends = np.abs(losses[:-2] - 2 * losses[1:-1] + losses[2:]) / 2
    return float(np.median(bends) / max(abs(float(np.median(losses))), floor, 1e-12))


def compute_zigzag(losses: np.ndarray, floor: float = 0.0) -> float:
    """Return how far a curve goes back on itself, as a share of its level.

    It is the mean over inner epochs of the smaller of the two steps beside them where
    one goes up and the other down, by the median loss. However fast a curve falls or
    bends, it is 0 unless it turns. NaN of fewer than five epochs.

    Parameters
    ----------
    losses : (n_epochs,)
    floor : the least loss that the share is of.
    """
    losses = losses[np.isfinite(losses)]
    if len(losses) < 5:
        return float("nan")
    steps = np.diff(losses)
    turns = steps[:-1] * steps[1:] < 0
    backwards = np.where(turns, np.minimum(np.abs(steps[:-1]), np.abs(steps[1:])), 0.0)
    return float(np.mean(backwards) / max(abs(float(np.median(losses))), floor, 1e-12))


def compute_rise(losses: np.ndarray, used: int, floor: float = 0.0) -> float:
    """Return how far the loss of an epoch lies above the lowest, as a share of it.

    Parameters
    ----------
    losses : (n_epochs,)
    used : the epoch, from 1.
    floor : the least loss that the share is of.
    """
    lowest = float(np.nanmin(losses))
    return float((losses[used - 1] - lowest) / max(abs(lowest), floor, 1e-12))


def compute_jumps(losses: np.ndarray) -> float:
    """Return the share of steps between epochs in which the loss rose."""
    steps = np.diff(losses[np.isfinite(losses)])
    return float(np.mean(steps > 0)) if len(steps) else float("nan")
