"""Tables of networks that others have trained, and an estimator that looks its score up
in one of them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, ClassifierMixin

MOST_DIMENSIONS = 9


@dataclass(eq=False)
class Played:
    """One table, and what one search has tried of it."""

    name: str
    scores: np.ndarray  # (rows, epochs), higher is better, NaN where a network diverged
    unit: np.ndarray  # (rows, dimensions) in [0, 1]
    rows: dict[tuple[float, ...], int] = field(default_factory=dict)
    epochs: int = 0

    def row_of(self, point: tuple[float, ...]) -> int:
        """The nearest row that no other point has."""
        if point not in self.rows:
            distance = ((self.unit - np.array(point[: self.unit.shape[1]])) ** 2).sum(axis=1)
            distance[list(self.rows.values())] = np.inf
            self.rows[point] = int(np.argmin(distance))
        return self.rows[point]

    @property
    def n_epochs(self) -> int:
        return self.scores.shape[1]

    def finite(self, score: float) -> float:
        """A score, that of what diverged as bad as the worst."""
        return float(score if np.isfinite(score) else np.nanmin(self.scores))

    def regret(self, row: int) -> float:
        """In units of the table's score; rows without a final score regret as much as
        the worst.
        """
        final = self.scores[:, -1]
        return float(np.nanmax(final) - (final[row] if np.isfinite(final[row]) else np.nanmin(final)))


TABLE: list[Played] = []  # the one that is played, for estimators to find


class Row(ClassifierMixin, BaseEstimator):
    """A network that someone has trained: by its number, or as the nearest one to a
    point.
    """

    def __init__(
        self,
        index=None,
        u0=0.5,
        u1=0.5,
        u2=0.5,
        u3=0.5,
        u4=0.5,
        u5=0.5,
        u6=0.5,
        u7=0.5,
        u8=0.5,
        max_epochs=1,
        warm_start=False,
    ):  # one by one, for scikit-learn reads the signature
        self.index = index
        self.u0, self.u1, self.u2, self.u3, self.u4, self.u5, self.u6, self.u7, self.u8 = (
            u0,
            u1,
            u2,
            u3,
            u4,
            u5,
            u6,
            u7,
            u8,
        )
        self.max_epochs, self.warm_start = max_epochs, warm_start

    def fit(self, X: Any, y: Any) -> "Row":
        table = TABLE[0]
        self.classes_ = np.unique(y)
        begun = getattr(self, "n_iter_", 0) if self.warm_start else 0
        if not hasattr(self, "row_") or not self.warm_start:
            self.row_ = chosen_row(table, self.get_params())
        table.epochs += max(0, self.max_epochs - begun)
        self.n_iter_ = max(begun, self.max_epochs)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.repeat(self.classes_[:1], len(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return float(TABLE[0].scores[self.row_, self.n_iter_ - 1])


class StepwiseRow(Row):
    """For dask-ml: one epoch a call, and scores that are finite."""

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> "StepwiseRow":
        self.warm_start, self.max_epochs = True, getattr(self, "n_iter_", 0) + 1
        return self.fit(X, y)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return TABLE[0].finite(super().score(X, y))


def chosen_row(table: Played, params: dict[str, Any]) -> int:
    """The row that a setting of `Row` means."""
    if params.get("index") is not None:
        return int(params["index"])
    return table.row_of(tuple(float(params.get(f"u{k}", 0.5)) for k in range(MOST_DIMENSIONS)))


def _scaled(values: np.ndarray) -> np.ndarray:
    """Columns in [0, 1] by their order: rows were drawn from a space, or fill a grid,
    so each column is uniform on the scale that it was drawn on.

    A scale that is guessed crowds the rows: `max_dropout` of LCBench, uniform from
    .0004 to 1, would seem logarithmic, and 124 of 2,000 rows would get most of the
    proposals.
    """
    return (rankdata(values, axis=0) - 0.5) / len(values)


def tables(folder: Path, names: list[str] | None) -> list[Played]:
    found = []
    for path in sorted(folder.glob("*.npz")):
        archive = np.load(path)
        stem = path.stem
        if stem.startswith("lcbench"):
            unit = _scaled(archive["configs"])
            found += [
                Played(f"lcbench {key.rsplit('_', 1)[1]}", archive[key].astype(float), unit)
                for key in archive.files
                if key.startswith("val_accuracy")
            ]
        elif stem.startswith("taskset"):
            found.append(Played(stem, -archive["valid_loss"].astype(float), _scaled(archive["hp"])))
        else:
            values = archive["val_acc"] if "val_acc" in archive.files else -archive["val_loss"]
            final = values.astype(float).mean(axis=-1)
            found.append(Played(stem, final.reshape(-1, 1), _scaled(np.indices(final.shape).reshape(final.ndim, -1).T)))
    return [table for table in found if not names or table.name in names]
