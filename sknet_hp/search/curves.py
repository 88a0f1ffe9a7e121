"""Learning curves of the fits of a search, epoch by epoch.

A fit adds a part to the curve of its candidate in its split: the epochs that it has
trained further.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.search.candidates import Row

MEASURES = ("train_loss", "valid_loss", "valid_score")
"""What is known of an epoch; NaN where it is not."""

Curve = dict[str, np.ndarray]
"""What a fit adds: `epoch` and the `MEASURES`, arrays of one length."""


def count_epochs(estimator: Any) -> int:
    """Return how many epochs the learning curve of an estimator has so far."""
    return len(_read_whole(estimator)["train_loss"])


def read_curve(fitted: Any, n_before: int = 0) -> Curve:
    """Return the learning curve of a fitted estimator, or of a pipeline's last step.

    Parameters
    ----------
    fitted : a network of ours, of skorch or of scikit-learn, or gradient boosting of
        scikit-learn; of other estimators nothing is known.
    n_before : so many epochs are left out.
    """
    columns = _read_whole(fitted)
    curve = {name: np.asarray(columns[name][n_before:], dtype=float) for name in MEASURES if name in columns}
    n_epochs = len(curve["train_loss"])
    numbers = columns.get("epoch", range(1, n_before + n_epochs + 1))[n_before:]
    return {
        "epoch": np.asarray(numbers, dtype=np.int64),
        **{name: curve.get(name, np.full(n_epochs, np.nan)) for name in MEASURES},
    }


def to_lists(curve: Curve) -> dict[str, list[Any]]:
    """Return a curve as plain lists, without what is nowhere known."""
    return {name: column.tolist() for name, column in curve.items() if not np.isnan(column).all()}


def from_lists(columns: Mapping[str, list[Any]]) -> Curve:
    """Return the curve that `to_lists` has written down."""
    n_epochs = len(columns.get("epoch", ()))
    unknown = [np.nan] * n_epochs
    return {
        "epoch": np.asarray(columns.get("epoch", ()), dtype=np.int64),
        **{name: np.asarray(columns.get(name, unknown), dtype=float) for name in MEASURES},
    }


class CurveTable:
    """The curves of all fits of a search, in flat arrays.

    Parameters
    ----------
    labels : names of the columns that come before `epoch`: who was fitted.
    parts : the values of these, and what the fit has added.
    """

    def __init__(self, labels: Sequence[str], parts: Iterable[tuple[Sequence[int], Curve]]):
        parts = list(parts)
        lengths = [len(curve["epoch"]) for _, curve in parts]
        values = np.array([whose for whose, _ in parts], dtype=np.int64).reshape(len(parts), len(labels))
        curves = [from_lists({}), *(curve for _, curve in parts)]  # the first for the case that there is none
        self._columns: dict[str, np.ndarray] = {
            label: np.repeat(values[:, k], lengths) for k, label in enumerate(labels)
        } | {name: np.concatenate([curve[name] for curve in curves]) for name in ("epoch", *MEASURES)}

    def list_losses(self, candidate: int, measure: str) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return epochs and a measure of a candidate, of each split that has some."""
        own = self._columns["candidate"] == candidate
        splits = self._columns["split"]
        return [
            (self._columns["epoch"][rows], self._columns[measure][rows])
            for split in np.unique(splits[own])
            if len(rows := np.flatnonzero(own & (splits == split)))
        ]

    def find_diverged(self) -> set[int]:
        """Return the candidates whose training loss was not finite in some epoch.

        None if training losses are not known at all.
        """
        finite = np.isfinite(self._columns["train_loss"])
        return set(self._columns["candidate"][~finite].tolist()) if finite.any() else set()

    def make_frame(self) -> Any:
        """Return a `pandas.DataFrame` of them, a row for each epoch."""
        import pandas as pd

        return pd.DataFrame(self._columns)


def collect_curves(rows: Sequence[Row], *, parents: bool = False) -> CurveTable:
    """Return the curves of all rows of a search, by candidate, split and rung.

    Parameters
    ----------
    rows : of the search.
    parents : whether to say of each candidate which one it is a copy of, -1 if of none.
    """
    labels = ("candidate", *(("parent",) if parents else ()), "bracket", "iter", "n_resources", "split")
    parts = []
    for row in sorted(rows, key=lambda row: (row.candidate.number, row.iteration)):
        candidate = row.candidate
        parent = (candidate.parent_number,) if parents else ()
        whose = (candidate.number, *parent, candidate.bracket, row.iteration, row.n_resources)
        parts += [
            ((*whose, split), outcome["curve"]) for split, outcome in enumerate(row.outcomes) if "curve" in outcome
        ]
    parts.sort(key=lambda part: (part[0][0], part[0][-1]))  # of each candidate and split the rungs in their order
    return CurveTable(labels, parts)


# ---- of which estimators curves are known --------------------------------------------------------------------------


def _read_whole(estimator: Any) -> dict[str, Any]:
    """Return sequences by name; without `epoch` they are counted from 1."""
    _, last = find_last_step(estimator)
    for read in _READERS:
        columns = read(last)
        if columns is not None:
            return columns
    return {"train_loss": ()}


def _read_history(last: Any) -> dict[str, Any] | None:
    """Read a list of rows, one an epoch, as networks of ours and of skorch keep it."""
    history = getattr(last, "history_", None)
    if not isinstance(history, list) or not all(isinstance(row, Mapping) for row in history):
        return None
    columns = {
        name: [_to_number(row.get(name)) for row in history] for name in ("train_loss", "valid_loss", "valid_score")
    }
    if not any("valid_score" in row for row in history):
        columns["valid_score"] = [_to_number(row.get("valid_acc")) for row in history]
    return {"epoch": [row.get("epoch", number) for number, row in enumerate(history, 1)], **columns}


def _read_loss_curve(last: Any) -> dict[str, Any] | None:
    """Read what scikit-learn's multi-layer perceptrons keep."""
    losses = getattr(last, "loss_curve_", None)
    if not isinstance(losses, list):
        return None
    scores = getattr(last, "validation_scores_", None)
    return {"train_loss": losses} | ({"valid_score": scores} if scores is not None else {})


def _read_boosting(last: Any) -> dict[str, Any] | None:
    """Read what gradient boosting of scikit-learn's keeps, one value a tree.

    The histograms' scores begin with that of no tree at all; of `scoring="loss"` they
    are losses with the sign of scores.
    """
    scores = getattr(last, "train_score_", None)
    if not isinstance(scores, np.ndarray) or scores.ndim != 1:
        return None
    if not hasattr(last, "validation_score_"):  # `GradientBoosting…` keeps losses
        return {"train_loss": scores}
    valid = np.asarray(last.validation_score_, dtype=float)
    if getattr(last, "scoring", None) == "loss":
        return {"train_loss": -scores[1:]} | ({"valid_loss": -valid[1:]} if len(valid) else {})
    unknown = np.full(max(0, len(scores) - 1), np.nan)
    return {"train_loss": unknown} | ({"valid_score": valid[1:]} if len(valid) else {})


_READERS: tuple[Callable[[Any], dict[str, Any] | None], ...] = (_read_history, _read_loss_curve, _read_boosting)


def _to_number(value: Any) -> float:
    return np.nan if value is None else float(value)
