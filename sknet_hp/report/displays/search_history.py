"""The scores of candidates in the order in which they came, and the best so far."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sknet_hp.formatting.numbers import format_amount, format_count
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.colours import FAINT, INK, MARKERS, MUTED, SCALE, SERIES
from sknet_hp.report.display import Display, label_lines, name_axes, set_title, write_scores
from sknet_hp.report.frames.search_history import frame_history, list_stages, name_stages
from sknet_hp.report.scales import find_floor
from sknet_hp.report.searches import find_scoring, name_resource
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

MOST_IN_LEGEND = 5
"""Rungs; of more some are named, from the first to the last."""
WIDTH_OF_NUMBER = 7
"""Of a stage, in points."""


class SearchHistoryDisplay(Display):
    """Plot what a search found, when, and whether it was still improving.

    A point is a candidate in a rung; darker points had more of the resource. Each
    bracket has its own marker. The stepped line is the best score so far, among the
    candidates with the most of the resource at that time; it ends at the score that the
    search reports. Crosses at the lower edge are candidates that failed. Triangles
    score far worse than the rest. Bands are the stages of guided tuning, by their
    numbers.

    Use `from_search`.

    Parameters
    ----------
    frame : DataFrame
        Of `sknet_hp.report.frames.search_history.frame_history`.
    score : str
        The metric, as scikit-learn has it. Errors are written as positive numbers.
    resource : str
        The resource that rungs increase, such as "epochs".

    Attributes
    ----------
    frame : DataFrame
        A row for each candidate and rung: `order`, `candidate`, `bracket`, `rung`,
        `resource`, `score`, `std`, `failed`, `best`, `untuned` (the estimator with its
        own parameters), `stage`, `stage_number`, `best_so_far`.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sknet_hp.report import SearchHistoryDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.01, 0.1, 1.0]})
    >>> display = SearchHistoryDisplay.from_search(search.fit(X, y))
    >>> display.frame["untuned"].tolist()
    [False, False, True]
    """

    _size: ClassVar[tuple[float, float]] = (7.2, 4.0)

    def __init__(self, frame: "pd.DataFrame", *, score: str = "score", resource: str = "resource"):
        super().__init__(frame)
        self.metric, self.resource = Metric(score), resource

    @classmethod
    def from_search(cls, search: Any, *, ax: Any = None) -> Self:
        """Plot the history of a search.

        Parameters
        ----------
        search : fitted search
            A search of sknet_hp, scikit-learn or scikit-optimize.
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : SearchHistoryDisplay

        Raises
        ------
        TypeError, ValueError
            If it is no search, or not fitted.
        """
        return cls(frame_history(search), score=find_scoring(search), resource=name_resource(search)).plot(ax)

    # ---- drawing ---------------------------------------------------------------------------------------------------

    def _draw(self, ax: Any) -> None:
        floor = find_floor(self.frame["score"])
        handles = self._draw_points(ax, self.frame[self.frame["score"] >= floor])
        ax.step(self.frame["order"], self.frame["best_so_far"], where="post", color=SERIES[1], linewidth=1.6, zorder=2)
        top = self.frame["score"].max()
        margin = 0.06 * (top - floor) or 0.05 * abs(top) or 0.05
        ax.set_ylim(floor - 1.5 * margin, top + margin)
        name_axes(ax, "Order in which they finished", f"{capitalise(self.metric.label)} ({self.metric.hint})")
        write_scores(ax.yaxis, self.metric)
        self._draw_edge(ax, floor)
        self._label(ax)
        self._draw_legend(ax, [*self._draw_untuned(ax), *handles])
        stages = list_stages(self.frame)
        self._draw_stages(ax, stages)
        failed = int(self.frame["failed"].sum())
        counted = format_count(self.frame["candidate"].nunique(), "candidate")
        note = f"{len(self.frame)} scores of {counted}" if self._has_rungs else counted.capitalize()
        note += f"; {failed} failed (×)" if failed else ""
        note += f"; {n_low} far below (▾)" if (n_low := int((self.frame["score"] < floor).sum())) else ""
        line = f", among those with the most {self.resource} so far" if self._has_rungs else ""
        note = f"{note}. Line: the best so far{line}. Better is up. {name_stages(stages)}".strip()
        set_title(ax, "Search history", note, above=12 if len(stages) else 0)

    def _draw_stages(self, ax: Any, stages: "pd.DataFrame") -> None:
        """Draw every second stage as a band, and above the axes their numbers."""
        free = -np.inf  # where there is room for the next number, in points
        for k, stage in enumerate(stages.itertuples()):
            if k % 2 == 0:
                ax.axvspan(stage.begin, stage.end, color=FAINT, alpha=0.25, linewidth=0, zorder=0)
            middle = (stage.begin + stage.end) / 2
            at = ax.transData.transform((middle, 0))[0] * 72 / ax.figure.dpi
            if at < free:
                continue
            free = at + WIDTH_OF_NUMBER
            ax.annotate(
                str(stage.number),
                (middle, 1),
                (0, 3),
                xycoords=ax.get_xaxis_transform(),
                textcoords="offset points",
                ha="center",
                fontsize=8.5,
                color=MUTED,
            )

    @property
    def _has_rungs(self) -> bool:
        return self.frame["resource"].nunique() > 1

    def _draw_points(self, ax: Any, rows: "pd.DataFrame") -> list[Any]:
        """Draw a series for each rung and bracket; return what a legend has of them."""
        from matplotlib import colormaps

        rungs, brackets = sorted(rows["resource"].dropna().unique()), sorted(rows["bracket"].unique())
        shades = dict(zip(rungs, colormaps[SCALE](np.linspace(0.35, 1, len(rungs))), strict=True))
        size = 22 if len(rows) <= 200 else 12
        for place, bracket in enumerate(brackets):
            for rung, part in rows[rows["bracket"] == bracket].groupby("resource", dropna=False):
                ax.scatter(
                    part["order"],
                    part["score"],
                    s=size,
                    marker=MARKERS[place % len(MARKERS)],
                    color=[shades[rung]] if len(rungs) > 1 else SERIES[0],
                    linewidths=0,
                    zorder=3,
                )
        if len(rungs) < 2:
            return []
        shown = [rungs[int(k)] for k in np.unique(np.linspace(0, len(rungs) - 1, MOST_IN_LEGEND).round())]
        known = [(MARKERS[0], shades[rung], format_amount(rung, self.resource)) for rung in shown]
        known += [
            (MARKERS[place % len(MARKERS)], MUTED, f"bracket {bracket}")
            for place, bracket in enumerate(brackets)
            if len(brackets) > 1
        ]
        return [
            ax.scatter([], [], s=22, marker=marker, color=[shade], linewidths=0, label=label)
            for marker, shade, label in known
        ]

    def _draw_legend(self, ax: Any, handles: list[Any]) -> None:
        """Draw a legend beside the axes, away from the chosen candidate's label."""
        if not handles:
            return
        # It is high, but for rules such as one standard error.
        chosen, (low, high) = self.frame.loc[self.frame["best"], "score"], ax.get_ylim()
        is_low = len(chosen) and chosen.iloc[0] < (low + high) / 2
        corner, height = ("upper left", 1) if is_low else ("lower left", 0)
        ax.legend(handles=handles, loc=corner, bbox_to_anchor=(1.02, height), frameon=False, fontsize=9)

    def _draw_edge(self, ax: Any, floor: float) -> None:
        """Draw at the lower edge what failed, and what is too far below."""
        low, failed = self.frame[self.frame["score"] < floor], self.frame[self.frame["failed"]]
        for rows, marker in ((failed, "x"), (low, "v")):
            at_edge, height = ax.get_xaxis_transform(), np.full(len(rows), 0.02)
            ax.scatter(rows["order"], height, s=20, marker=marker, color=MUTED, transform=at_edge, zorder=3)

    def _label(self, ax: Any) -> None:
        """Mark the candidate that was chosen."""
        from matplotlib.ticker import MaxNLocator

        begin, end = 0.5, len(self.frame) + 0.5
        ax.set_xlim(begin - 0.02 * end, end + 0.02 * end)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
        chosen = self.frame[self.frame["best"]]
        if len(chosen):
            row = chosen.iloc[0]
            ax.scatter(row["order"], row["score"], s=110, marker="*", color=SERIES[1], edgecolors=INK, zorder=5)
            word = "best" if row["score"] == self.frame["best_so_far"].iloc[-1] else "chosen"
            label_lines(
                ax, [(end, row["score"], f"{word} #{row['candidate']}: {self.metric.write(row['score'])}", SERIES[1])]
            )

    def _draw_untuned(self, ax: Any) -> list[Any]:
        """Mark the untuned estimator; return what a legend has of it."""
        untuned = self.frame[self.frame["untuned"] & ~self.frame["failed"]]
        if untuned.empty:
            return []
        row, dotted = untuned.iloc[-1], {"color": INK, "linewidth": 0.8, "linestyle": ":"}
        ax.axhline(row["score"], **dotted, zorder=1)
        ring = {"marker": "o", "markersize": 8, "markerfacecolor": "none", "markeredgewidth": 1.3}
        ax.plot(row["order"], row["score"], **dotted, **ring, zorder=4)
        return ax.plot([], [], **dotted, **ring, label=f"untuned: {self.metric.write(row['score'])}")
