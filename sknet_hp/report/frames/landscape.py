"""Scores over hyperparameters: what was tried, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.report.comparable import choose_comparable
from sknet_hp.report.frames.parallel_coordinates import frame_candidates
from sknet_hp.report.parameters import ParameterAxis, read_axes
from sknet_hp.report.scales import find_floor as find_floor_of_scores
from sknet_hp.report.searches import read_rows
from sknet_hp.report.smoothing import LEAST_POINTS, Surface, smooth_scores

OWN = ("candidate", "resource", "score", "failed", "best")
"""Columns of the frame that are no hyperparameters."""


@dataclass(frozen=True)
class Landscape:
    """Candidates with their scores, and how their hyperparameters are drawn.

    Attributes
    ----------
    frame : DataFrame
        A row for each candidate: `candidate`, `resource` (the furthest it was trained,
        NaN where there is none), `score` there, `failed`, `best`, and a column for each
        hyperparameter.
    axes : dict of ParameterAxis
        By hyperparameter.
    floor : float
        The lowest score that is drawn to scale.
    comparable : DataFrame
        Candidates with their scores after the same resource: the most that enough of
        them reached. Empty if they are too few.
    resource : float
        After how much of it that is; NaN where there is none.
    """

    frame: pd.DataFrame
    axes: dict[str, ParameterAxis]
    floor: float
    comparable: pd.DataFrame
    resource: float

    @property
    def scored(self) -> pd.DataFrame:
        """Candidates that have not failed."""
        return self.frame[~self.frame["failed"]]

    @property
    def has_rungs(self) -> bool:
        """Whether some candidates were trained further than others."""
        return bool(self.scored["resource"].nunique() > 1)

    def select(self, names: Sequence[str]) -> "Landscape":
        """Return it with some of the hyperparameters, in this order."""
        return replace(self, frame=self.frame[[*OWN, *names]], axes={name: self.axes[name] for name in names})

    def measure(self, name: str, rows: pd.DataFrame) -> np.ndarray:
        """Return where candidates stand, in units of the axis of a hyperparameter."""
        return self.axes[name].measure(rows[name].tolist())

    def smooth(self, names: Sequence[str], n_points: int) -> tuple[list[np.ndarray], Surface]:
        """Return a surface over one hyperparameter or two, from comparable scores.

        Of choices there is none.

        Returns
        -------
        places : list of (n_points,) arrays
            In units of each axis.
        surface : Surface
            Over all combinations of them, the last axis fastest.
        """
        axes = [self.axes[name] for name in names]
        points = np.column_stack([axis.place(self.comparable[axis.name].tolist()) for axis in axes])
        is_known = np.isfinite(points).all(axis=1)
        if not is_known.any() or any(axis.kind == "choice" for axis in axes):
            return [], Surface(np.array([]), 0.0)
        even = np.linspace(0, 1, n_points)
        grid = np.column_stack([each.ravel() for each in np.meshgrid(*[even] * len(axes), indexing="ij")])
        scores = np.maximum(self.comparable["score"].to_numpy(), self.floor)
        return [_spread(axis, even) for axis in axes], smooth_scores(points[is_known], scores[is_known], grid)


def read_landscape(search: Any, parameters: Sequence[str] | None = None) -> Landscape:
    """Return the candidates of a search, each at the furthest it was trained.

    Parameters
    ----------
    search : fitted search, or the record of one.
    parameters : list of str, default=None
        Hyperparameters; None are all that candidates differ in.

    Raises
    ------
    ValueError
        If candidates do not differ in a hyperparameter, or in none, or no candidate has
        a score.
    """
    frame = frame_candidates(search).sort_values("candidate", ignore_index=True)
    if frame["failed"].all():
        raise ValueError(f"none of the {len(frame)} candidates has a score: all have failed")
    axes = {axis.name: axis for axis in read_axes(search)}
    names = list(axes) if parameters is None else list(dict.fromkeys(parameters))
    unknown = [name for name in names if name not in axes]
    if unknown:
        raise ValueError(f"parameters={names!r}: candidates do not differ in {unknown[0]!r}, only in {list(axes)}")
    if not names:
        raise ValueError("the candidates of this search do not differ in any parameter: there is nothing to draw")
    scores, resource = choose_comparable(read_rows(search), LEAST_POINTS)
    comparable = frame.drop(columns="score").merge(scores[["candidate", "score"]], on="candidate")
    return Landscape(frame, axes, find_floor(frame), comparable, resource).select(names)


def find_floor(frame: pd.DataFrame) -> float:
    """Return the lowest score that is drawn where it is.

    Candidates that were dropped early score far below those that were not. So the half
    that was trained further decides, but at least half of all are drawn where they are.
    """
    scored = frame[~frame["failed"]].fillna({"resource": 0.0})
    further = scored["resource"] >= scored["resource"].median()
    return min(find_floor_of_scores(scored.loc[further, "score"]), float(scored["score"].median()))


def rank_by_slices(landscape: Landscape) -> list[str]:
    """Return hyperparameters, first those whose slices explain most of the scores."""
    rows = landscape.comparable
    scores = np.maximum(rows["score"].to_numpy(), landscape.floor)
    explained = {
        name: _explain_by_groups(landscape.measure(name, rows), scores)
        if axis.kind == "choice"
        else landscape.smooth([name], 2)[1].r2
        for name, axis in landscape.axes.items()
    }
    return sorted(explained, key=lambda name: -explained[name])


def _explain_by_groups(groups: np.ndarray, scores: np.ndarray) -> float:
    """Return the share of the variance between groups, corrected for their number."""
    known = np.isfinite(groups)
    groups, scores = groups[known], scores[known]
    n, k = len(scores), len(np.unique(groups))
    total = ((scores - scores.mean()) ** 2).sum() if n > k else 0.0
    if not total:
        return 0.0
    within = sum(((scores[groups == g] - scores[groups == g].mean()) ** 2).sum() for g in np.unique(groups))
    return float(max(0.0, 1 - (within / (n - k)) / (total / (n - 1))))


def _spread(axis: ParameterAxis, even: np.ndarray) -> np.ndarray:
    """Return numbers that are evenly spread along an axis as it is drawn."""
    if axis.kind == "log":
        return np.asarray(axis.low * (axis.high / axis.low) ** even)
    return axis.low + (axis.high - axis.low) * even
