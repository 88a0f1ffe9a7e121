"""Parameters and scores of all candidates, as lines across parallel axes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sknet_hp.formatting.numbers import format_count
from sknet_hp.report.colours import INK, MUTED, PAPER, SCALE, SERIES, WORDS
from sknet_hp.report.display import Display, format_scores, set_title
from sknet_hp.report.frames.parallel_coordinates import frame_candidates
from sknet_hp.report.labels import escape_formulas
from sknet_hp.report.parameters import ParameterAxis, format_choice, read_axes
from sknet_hp.report.scales import find_floor, list_ticks, wrap_name
from sknet_hp.report.searches import find_scoring
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

SHARE_OF_BEST = 0.1
"""Of the candidates, drawn thicker."""
FAN = 0.05
"""How far apart lines lie that have the same choice, so that they do not cover each
other.
"""
BELOW = -0.08
"""Where lines cross an axis that have no value there."""
CLOSE = 0.06
"""Ticks that are less far apart would cover each other."""
HEADS = 38.0
"""Points that the names of axes and the best values take above them."""


class ParallelCoordinatesDisplay(Display):
    """Plot which combinations of parameters score well.

    A line is a candidate. It crosses each axis at the candidate's value and ends at its
    score; darker and thicker lines score better. If the best lines meet on an axis, the
    parameter matters. If they spread over it, the parameter does not. Axes are
    logarithmic where the space is. Lines with the same choice are drawn slightly apart.
    Lines of failed candidates are dotted and end below the scores.

    Use `from_search`.

    Parameters
    ----------
    frame : DataFrame
        Of `sknet_hp.report.frames.parallel_coordinates.frame_candidates`.
    axes : list of ParameterAxis
        Those of `sknet_hp.report.parameters.read_axes`.
    score : str
        The metric, as scikit-learn has it. Errors are written as positive numbers.

    Attributes
    ----------
    frame : DataFrame
        A row for each candidate: `candidate`, `resource`, `score`, `failed`, `best`,
        and a column for each parameter.
    parameters : list of str
        Those that have an axis.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sknet_hp.report import ParallelCoordinatesDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = {"max_depth": [1, 2, 4], "criterion": ["gini", "entropy"]}
    >>> search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid)
    >>> display = ParallelCoordinatesDisplay.from_search(search.fit(X, y))
    >>> display.parameters
    ['criterion', 'max_depth']
    """

    def __init__(self, frame: "pd.DataFrame", axes: Sequence[ParameterAxis], *, score: str = "score"):
        super().__init__(frame)
        self._axes, self.metric = list(axes), Metric(score)
        self.parameters = [axis.name for axis in self._axes]

    @classmethod
    def from_search(cls, search: Any, *, parameters: Sequence[str] | None = None, ax: Any = None) -> Self:
        """Plot the candidates of a search.

        Parameters
        ----------
        search : fitted search
            A search of sknet_hp, scikit-learn or scikit-optimize.
        parameters : list of str, default=None
            Those that get an axis, in this order; None for all that candidates differ
            in.
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : ParallelCoordinatesDisplay

        Raises
        ------
        TypeError, ValueError
            If it is no search, is not fitted, or a parameter is not searched.
        """
        axes = {axis.name: axis for axis in read_axes(search)}
        if not axes:
            raise ValueError("the candidates of this search do not differ in any parameter: there is nothing to draw")
        names = list(axes) if parameters is None else list(parameters)
        unknown = [name for name in names if name not in axes]
        if unknown or not names:
            raise ValueError(f"parameters={names!r}: candidates differ only in {list(axes)}")
        return cls(frame_candidates(search), [axes[name] for name in names], score=find_scoring(search)).plot(ax)

    # ---- drawing ---------------------------------------------------------------------------------------------------

    def _choose_size(self) -> tuple[float, float]:
        return (max(6.4, 1.2 * (len(self._axes) + 1) + 1), 4.2)

    def _draw(self, ax: Any) -> None:
        shares = self._rate()
        heights = np.column_stack([*(self._place(axis) for axis in self._axes), np.where(shares < 0, BELOW, shares)])
        self._draw_lines(ax, heights, shares)
        for x, axis in enumerate(self._axes):
            draw_ticks(ax, x, list_ticks(axis))
            if (heights[:, x] < BELOW / 2).any():
                _write(ax, x, BELOW, "not set", -1)
        self._draw_score_axis(ax)
        self._draw_best(ax, heights)
        ax.set(xlim=(-0.25, len(self._axes) + 0.25), ylim=(-0.12, 1.05), xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
        n_failed = int(self.frame["failed"].sum())
        failed = f", {n_failed} of them failed (dotted)" if n_failed else ""
        note = f"{format_count(len(self.frame), 'candidate')}{failed}. "
        note += "Darker is better, and up on the last axis; orange is the chosen one. "
        note += "Dropped candidates have their last score." if self.frame["resource"].nunique() > 1 else ""
        set_title(ax, f"Parameters and {self.metric.label}", note, above=HEADS)

    def _rate(self) -> np.ndarray:
        """Return where scores lie from the lowest to the highest; failed ones at -1."""
        scores = self.frame["score"].to_numpy()
        low, high = self._bounds
        return np.where(np.isfinite(scores), np.clip((scores - low) / ((high - low) or 1.0), 0, 1), -1.0)

    @property
    def _bounds(self) -> tuple[float, float]:
        return find_floor(self.frame["score"]), self.frame["score"].max()

    def _place(self, axis: ParameterAxis) -> np.ndarray:
        """Return the heights of all candidates; those with the same choice fan out."""
        heights = axis.place(self.frame[axis.name].tolist())
        heights[np.isnan(heights)] = BELOW
        if axis.kind == "choice":
            spread = min(FAN, 0.3 / len(axis.choices))
            for height in np.unique(heights):
                same = np.flatnonzero(heights == height)
                heights[same] += np.linspace(-spread, spread, len(same)) if len(same) > 1 else 0.0
        return heights

    def _draw_lines(self, ax: Any, heights: np.ndarray, shares: np.ndarray) -> None:
        """Draw the lines from the worst to the best."""
        from matplotlib import colormaps
        from matplotlib.collections import LineCollection

        places = np.arange(heights.shape[1])
        n_best = max(1, int(SHARE_OF_BEST * len(heights)))
        of_best = np.arange(len(heights)) >= len(heights) - n_best
        thin = 0.5 if len(heights) > 100 else 0.9
        lines = [np.column_stack([places, row]) for row in heights]
        ax.add_collection(
            LineCollection(
                lines,
                colors=[MUTED if share < 0 else colormaps[SCALE](0.1 + 0.9 * share) for share in shares],
                linewidths=np.where(of_best, 1.8, thin),
                linestyles=[":" if share < 0 else "-" for share in shares],
                alpha=np.where(of_best, 1.0, 0.7 if len(heights) <= 100 else 0.45),
            )
        )

    def _draw_best(self, ax: Any, heights: np.ndarray) -> None:
        """Draw the chosen candidate on top, and write its values above the axes."""
        best = np.flatnonzero(self.frame["best"])
        for x, axis in enumerate(self._axes):
            value = self.frame[axis.name].iloc[best[0]] if len(best) else ""
            is_set = np.isfinite(axis.place([value]))[0]
            _write_head(ax, x, axis.label, format_choice(value) if is_set else "not set" if len(best) else "")
        if len(best):
            row = heights[best[0]]
            places = np.arange(len(row))
            ax.plot(places, row, color=PAPER, linewidth=4.5, zorder=4)  # stays apart in grey
            ax.plot(
                places, row, color=SERIES[1], linewidth=2.2, marker="o", markeredgecolor=INK, markersize=6, zorder=4
            )
        score = self.metric.write(self.frame["score"].iloc[best[0]]) if len(best) else ""
        _write_head(ax, len(self._axes), self.metric.label, score)

    def _draw_score_axis(self, ax: Any) -> None:
        low, high = self._bounds
        heights = [0.0]  # where all are equal
        if high > low:
            heights = [height for height, _ in list_ticks(ParameterAxis("score", "", "linear", low, high))]
        scores = [round(low + height * (high - low), 12) for height in heights]
        ticks = list(zip(heights, format_scores(scores, self.metric), strict=True))
        if self.frame["score"].min() < low:
            ticks = [tick for tick in ticks if tick[0] > CLOSE]
            ticks.append((0.0, f"{self.metric.write(low)} or worse"))
        draw_ticks(ax, len(self._axes), ticks, side=1)


def draw_ticks(ax: Any, x: float, ticks: Sequence[tuple[float, str]], *, side: int = -1) -> None:
    """Draw a vertical axis.

    Parameters
    ----------
    ax : matplotlib Axes
    x : where it stands.
    ticks : heights from 0 to 1, and their labels.
    side : -1 to write on its left, 1 on its right.
    """
    ax.plot([x, x], [0, 1], color=INK, linewidth=0.9, zorder=3)
    for height, label in ticks:
        ax.plot([x + 0.03 * side, x], [height, height], color=INK, linewidth=0.9, zorder=3)
        _write(ax, x, height, label, side)


def _write(ax: Any, x: float, y: float, text: str, side: int) -> None:
    """Write beside an axis, on a little paper."""
    box = {"facecolor": PAPER, "alpha": 0.75, "edgecolor": "none", "pad": 0.6}
    ha = "right" if side < 0 else "left"
    ax.text(x + 0.05 * side, y, escape_formulas(text), ha=ha, va="center", fontsize=8, color=INK, bbox=box, zorder=5)


def _write_head(ax: Any, x: float, name: str, value: str) -> None:
    """Write above an axis its name, and below that the value of the best."""
    style = {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points", "ha": "center", "va": "bottom"}
    ax.annotate(escape_formulas(value), (x, 1), (0, 2), **style, fontsize=9, color=WORDS[SERIES[1]], fontweight="bold")
    ax.annotate(escape_formulas(wrap_name(name)), (x, 1), (0, 14), **style, fontsize=9, color=INK)
