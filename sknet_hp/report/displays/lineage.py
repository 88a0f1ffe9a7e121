"""Lineages of population-based training, and the schedule that it found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.colours import FAINT, INK, MUTED, SERIES
from sknet_hp.report.display import Display, divide_axes, label_lines, set_title, style_axes, write_scores
from sknet_hp.report.frames.lineage import frame_lineage
from sknet_hp.report.parameters import ParameterAxis, format_choice, read_axes
from sknet_hp.report.scales import find_floor, list_ticks
from sknet_hp.report.searches import find_scoring, name_resource
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

LETTER = 0.08
"""Of the names of parameters, its width in inches."""


class LineageDisplay(Display):
    """Plot the lineages of population-based training, and the schedule it found.

    In the upper panel, a line is the score of a member of the population after each
    interval. A thin dotted line leads from a member to its copy. The thick line is the
    best member and its ancestors. The panels below show the parameters along the thick
    line, interval by interval: the schedule. Points are the values of other members.

    Use `from_search`.

    Parameters
    ----------
    frame : DataFrame
        Of `sknet_hp.report.frames.lineage.frame_lineage`.
    axes : list of ParameterAxis
        The parameters whose schedules are drawn.
    score : str
        The metric, as scikit-learn has it. Errors are written as positive numbers.
    resource : str
        The unit of training time, such as "epochs".

    Attributes
    ----------
    frame : DataFrame
        A row for each member and interval: `member`, `interval`, `begin`, `end`,
        `candidate`, `parent`, `parent_member`, `score`, `failed`, `winner`, and a
        column for each parameter.
    axes_ : list of matplotlib Axes
        The population's, and one for each parameter.
    ax_ : matplotlib Axes
        The population's.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.report import LineageDisplay
    >>> from sknet_hp.search import PBTSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = PBTSearchCV(net, space, population_size=4, interval=3, random_state=0)
    >>> display = LineageDisplay.from_search(search.fit(X, y))
    >>> len(display.axes_)
    2
    """

    def __init__(
        self,
        frame: "pd.DataFrame",
        axes: Sequence[ParameterAxis],
        *,
        score: str = "score",
        resource: str = "resource",
    ):
        super().__init__(frame)
        self._axes, self.metric, self.resource = list(axes), Metric(score), resource

    @classmethod
    def from_search(cls, search: Any, *, ax: Any = None) -> Self:
        """Plot the lineages of a population.

        Parameters
        ----------
        search : fitted PBTSearchCV
        ax : matplotlib Axes, default=None
            Its place is divided.

        Returns
        -------
        display : LineageDisplay

        Raises
        ------
        TypeError, ValueError
            If it is no search, not fitted, or no population-based training, or if `ax`
            is not part of a grid and so cannot be divided.
        """
        frame = frame_lineage(search)
        return cls(frame, read_axes(search), score=find_scoring(search), resource=name_resource(search)).plot(ax)

    # ---- drawing ---------------------------------------------------------------------------------------------------

    def _choose_size(self) -> tuple[float, float]:
        return (6.8, 3.2 + 1.1 * len(self._axes))

    def _draw(self, ax: Any) -> None:
        from matplotlib.ticker import MaxNLocator

        grid = divide_axes(ax).subgridspec(1 + len(self._axes), 1, height_ratios=[2.6, *[1.0] * len(self._axes)])
        ax.set_axis_off()
        first = ax.figure.add_subplot(grid[0])
        below = [ax.figure.add_subplot(grid[k + 1], sharex=first) for k in range(len(self._axes))]
        self.ax_, self.axes_ = first, [first, *below]
        for each in self.axes_:
            style_axes(each)
            each.tick_params(labelbottom=each is self.axes_[-1])
        first.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
        self._draw_population(first)
        for axis, own in zip(self._axes, below, strict=True):
            self._draw_schedule(own, axis)
        self.axes_[-1].set_xlabel(capitalise(self.resource))
        n_copies = int((self.frame["parent"] >= 0).sum())
        note = f"{self.frame['member'].nunique()} members; {n_copies} replacements by a copy of a better one (dotted). "
        note += "Orange: the best member, its ancestors, and the schedule."
        n_low = int((self.frame["score"] < first.get_ylim()[0]).sum())
        note += f" Below the axis: {format_count(n_low, 'score')}." if n_low else ""
        n_failed = int(self.frame["failed"].sum())
        note += f" Failed: {n_failed}." if n_failed else ""
        names = max((len(axis.label) for axis in self._axes), default=0)
        set_title(first, "Population-based training", note, beside=LETTER * names)

    def _draw_population(self, ax: Any) -> None:
        places = self.frame.set_index(["member", "interval"])
        for row in self.frame.itertuples():
            is_copy = row.parent >= 0
            source = (row.parent_member if is_copy else row.member, row.interval - 1)
            if source in places.index and np.isfinite(row.score):
                before = places.loc[source]
                joins_winner = row.winner and bool(before["winner"])
                ax.plot(
                    [before["end"], row.end],
                    [before["score"], row.score],
                    color=SERIES[1] if joins_winner else FAINT,
                    linestyle=(0, (1, 1.5)) if is_copy else "-",
                    linewidth=2.4 if joins_winner else 0.9,
                    zorder=3 if joins_winner else 2,
                )
        winner = self.frame["winner"]
        ax.plot(self.frame["end"], self.frame["score"], ".", color=MUTED, markersize=3, zorder=2)
        ax.plot(self.frame["end"][winner], self.frame["score"][winner], "o", color=SERIES[1], markersize=4, zorder=4)
        scores, floor = self.frame["score"], find_floor(self.frame["score"])
        margin = 0.06 * (scores.max() - floor) or 0.05
        ax.set(
            ylim=(floor - margin, scores.max() + margin),
            ylabel=f"{capitalise(self.metric.label)}\n({self.metric.hint})",
        )
        write_scores(ax.yaxis, self.metric)
        if winner.any():
            last = self.frame[winner].iloc[-1]
            label_lines(ax, [(last["end"], last["score"], f"best: {self.metric.write(last['score'])}", SERIES[1])])

    def _draw_schedule(self, ax: Any, axis: ParameterAxis) -> None:
        """Draw a parameter of the best line, and what the other members had."""
        ax.set_ylim(-0.08, 1.08)
        rest, best = self.frame[~self.frame["winner"]], self.frame[self.frame["winner"]].sort_values("interval")
        middle = (rest["begin"] + rest["end"]) / 2
        ax.plot(middle, axis.place(rest[axis.name].tolist()), ".", color=FAINT, markersize=4, zorder=2)
        heights = axis.place(best[axis.name].tolist())
        ax.stairs(heights, [*best["begin"], best["end"].iloc[-1]], baseline=None, color=SERIES[1], linewidth=2.2)
        value = best[axis.name].iloc[-1]
        label_lines(ax, [(best["end"].iloc[-1], heights[-1], format_choice(value), SERIES[1])])
        ticks = list_ticks(axis)
        step = max(1, -(-len(ticks) // 3))
        ax.set_yticks([height for height, _ in ticks[::step]], [label for _, label in ticks[::step]])
        ax.set_ylabel(axis.label, rotation=0, ha="right", va="center", color=INK, fontsize=9)
