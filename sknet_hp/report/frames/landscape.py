"""Scores over hyperparameters: what was tried, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.report.comparable import choose_comparable
from sknet_hp.report.scales import Scale, choose_scale, is_missing, write_value
from sknet_hp.report.searches import read_rows
from sknet_hp.report.smoothing import LEAST_POINTS, Surface, smooth_scores
from sknet_hp.search.views.facts import list_candidates

OWN = ("candidate", "resource", "score", "failed", "best")
"""Columns of the frame that are no hyperparameters."""

FAR = 3.0
"""Scores that are so many times farther below the median than the best is above it do
not decide what heights are shown.
"""


@dataclass(frozen=True)
class Landscape:
    """Candidates with their scores, and how their hyperparameters are drawn.

    Attributes
    ----------
    frame : DataFrame
        A row for each candidate: `candidate`, `resource` (the furthest it was trained,
        NaN where there is none), `score` there, `failed`, `best`, and a column for each
        hyperparameter.
    scales : dict of Scale
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
    scales: dict[str, Scale]
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
        return replace(self, frame=self.frame[[*OWN, *names]], scales={name: self.scales[name] for name in names})

    def place(self, name: str, frame: pd.DataFrame) -> np.ndarray:
        """Return where candidates stand along the axis of a hyperparameter."""
        return self.scales[name].place(frame[name])

    def smooth(self, names: Sequence[str], n_points: int) -> tuple[list[np.ndarray], Surface]:
        """Return a surface over one hyperparameter or two, from comparable scores.

        Of categories there is none.

        Returns
        -------
        axes : list of (n_points,) arrays
            Places along each axis.
        surface : Surface
            Over all combinations of them, the last axis fastest.
        """
        rows = self.comparable
        placed = np.column_stack([self.place(name, rows) for name in names])
        rows, placed = rows[np.isfinite(placed).all(axis=1)], placed[np.isfinite(placed).all(axis=1)]
        scales = [self.scales[name] for name in names]
        if not len(rows) or any(scale.kind == "category" for scale in scales):
            return [], Surface(np.array([]), 0.0)
        points = np.column_stack([scale.normalise(placed[:, k]) for k, scale in enumerate(scales)])
        even = np.linspace(0, 1, n_points)
        grid = np.column_stack([each.ravel() for each in np.meshgrid(*[even] * len(names), indexing="ij")])
        surface = smooth_scores(points, np.maximum(rows["score"].to_numpy(), self.floor), grid)
        return [_spread(scale, placed[:, k], even) for k, scale in enumerate(scales)], surface


def read_landscape(search: Any, params: Sequence[str] | None = None) -> Landscape:
    """Return the candidates of a search, each at the furthest it was trained.

    Parameters
    ----------
    search : fitted search, or the record of one.
    params : list of str, default=None
        Hyperparameters; None are all that have more than one value.

    Raises
    ------
    ValueError
        If a hyperparameter was not searched, none has two values, or no candidate has a
        score.
    """
    rows = read_rows(search)
    last = rows.groupby("candidate", sort=True).tail(1).sort_values("candidate")
    best = set(rows.loc[rows["best"], "candidate"])
    frame = last[["candidate", "resource", "score", "failed"]].assign(best=last["candidate"].isin(best))
    if frame["failed"].all():
        raise ValueError(f"none of the {len(frame)} candidates has a score: all have failed")
    candidates = list_candidates(search)
    names = list(dict.fromkeys(name for each in candidates.values() for name in each))
    unknown = [name for name in params or () if name not in names]
    if unknown:
        raise ValueError(f"params={list(params or ())!r}: {unknown[0]!r} was not searched; there are {names}")
    for name in names:
        values = [candidates[int(number)].get(name, np.nan) for number in frame["candidate"]]
        frame[name] = pd.Series(values, index=frame.index, dtype=None if _are_numbers(values) else object)
    if params is None:
        names = [name for name in names if _count_values(frame[name]) > 1]
        if not names:
            raise ValueError("no hyperparameter has more than one value, so there is no landscape to show")
    chosen = list(names if params is None else dict.fromkeys(params))
    scales = {name: choose_scale(search, name, frame[name]) for name in chosen}
    frame = frame[[*OWN, *chosen]].reset_index(drop=True)
    scores, resource = choose_comparable(rows, LEAST_POINTS)
    comparable = frame.drop(columns="score").merge(scores[["candidate", "score"]], on="candidate")
    return Landscape(frame, scales, find_floor(frame), comparable, resource)


def find_floor(frame: pd.DataFrame) -> float:
    """Return the lowest score to be drawn to scale: far worse ones say only that.

    The half of the candidates that were trained further decides.
    """
    scored = frame[~frame["failed"]].fillna({"resource": 0.0})
    scores = scored["score"]
    further = scores[scored["resource"] >= scored["resource"].median()]
    return float(max(scores.min(), further.median() - FAR * (scores.max() - further.median())))


def rank_by_slices(landscape: Landscape) -> list[str]:
    """Return hyperparameters, first those whose slices explain most of the scores."""
    explained = {}
    scored = landscape.comparable
    for name, scale in landscape.scales.items():
        if scale.kind == "category":
            groups = landscape.place(name, scored)
            explained[name] = _explain_by_groups(groups, np.maximum(scored["score"].to_numpy(), landscape.floor))
        else:
            explained[name] = landscape.smooth([name], 2)[1].r2
    return sorted(explained, key=lambda name: -explained[name])


def _explain_by_groups(groups: np.ndarray, scores: np.ndarray) -> float:
    """Return the share of the variance between groups, corrected for their number."""
    known = np.isfinite(groups)
    groups, scores = groups[known], scores[known]
    n, k = len(scores), len(np.unique(groups))
    total = ((scores - scores.mean()) ** 2).sum()
    if n <= k or not total:
        return 0.0
    within = sum(((scores[groups == g] - scores[groups == g].mean()) ** 2).sum() for g in np.unique(groups))
    return float(max(0.0, 1 - (within / (n - k)) / (total / (n - 1))))


def _spread(scale: Scale, placed: np.ndarray, even: np.ndarray) -> np.ndarray:
    low, high = placed.min(), placed.max()
    return low * (high / low) ** even if scale.kind == "log" else low + (high - low) * even


def _count_values(values: pd.Series) -> int:
    return len({write_value(value) for value in values if not is_missing(value)})


def _are_numbers(values: list[Any]) -> bool:
    return all(isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for value in values)
