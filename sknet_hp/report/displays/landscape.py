"""The picture of scores over hyperparameters."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from sknet_hp.formatting.numbers import format_amount, format_count
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.colours import INK, MUTED, PAPER, SCALE, SERIES
from sknet_hp.report.display import Display, divide_axes, name_axes, set_title, style_axes, write_scores
from sknet_hp.report.frames.landscape import Landscape, rank_by_slices, read_landscape
from sknet_hp.report.labels import wrap_text
from sknet_hp.report.scales import set_scale
from sknet_hp.report.searches import find_scoring, name_resource
from sknet_hp.search.views.metric import Metric

KINDS = ("slices", "pairs")
MOST_COLUMNS = 3
MOST_SLICES = 12
PRIMES = (5, 2, 3, 7, 11, 13)
"""Of their roots, choices are spread by one for each hyperparameter."""

MOST_IN_PAIRS = 4
"""Hyperparameters that are drawn, if none are named: those that explain most."""

LETTERS_OF_BAR = 24
"""In a line beside the bar of colours."""

SIZES = (10.0, 42.0)
MOST_AT_FULL_SIZE = 60
"""Candidates; the dots of more are smaller."""

SHADES = (0.35, 0.75)
"""Of dots, from the least trained candidates to the most trained, and how opaque."""

BEST = {"marker": "*", "s": 190, "facecolor": SERIES[1], "edgecolor": INK, "linewidths": 0.8, "zorder": 6}


class LandscapeDisplay(Display):
    """Plot how the score depends on hyperparameters.

    Slices show the score over each hyperparameter. Pairs show two hyperparameters at a
    time, with the score as colour; darker is better. A dot is a candidate with its last
    score; small dots were dropped early. The star is the candidate that was chosen.

    Dots scatter because the other hyperparameters vary too. The line is a running mean
    over candidates, by a kernel whose width predicts left-out candidates best. For
    choices it is the median. It uses scores after the same resource, the largest that
    at least 12 candidates reached. The line is drawn only where it explains more than
    noise would, and where there are candidates nearby. Pairs are shaded in the same
    way, unless some candidates were trained longer than others.

    Parameters
    ----------
    landscape : Landscape
        As `from_search` makes it.
    kind : {"slices", "pairs"}
    score : str
        The metric, as scikit-learn has it. Errors are written as positive numbers.
    resource : str
        The resource that rungs increase, such as "epochs".
    n_left_out : int
        Hyperparameters that are not drawn for lack of room.

    Attributes
    ----------
    frame : DataFrame
        A row for each candidate: `candidate`, `resource`, `score`, `failed`, `best`,
        and a column for each hyperparameter.
    axes_ : list of matplotlib Axes
        Of each panel.
    ax_ : matplotlib Axes
        Around all of them.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.report import LandscapeDisplay
    >>> from sknet_hp.search import HalvingSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=8, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-4, 0.1, "log-uniform"), "dropout": (0.0, 0.5)}
    >>> search = HalvingSearchCV(net, space, cv=2, random_state=0).fit(X, y)
    >>> display = LandscapeDisplay.from_search(search, kind="pairs")
    >>> [panel.get_xscale() for panel in display.axes_]
    ['log']
    """

    def __init__(
        self,
        landscape: Landscape,
        *,
        kind: str = "slices",
        score: str = "score",
        resource: str = "resource",
        n_left_out: int = 0,
    ):
        super().__init__(landscape.frame)
        if kind not in KINDS:
            raise ValueError(f"kind={kind!r} must be one of {list(KINDS)}")
        self.landscape, self.kind, self.metric, self.resource = landscape, kind, Metric(score), resource
        self._names, self.n_left_out = list(landscape.axes), n_left_out
        if kind == "pairs" and len(self._names) < 2:
            raise ValueError(f'kind="pairs" needs two hyperparameters or more, got {self._names}; see kind="slices"')

    @classmethod
    def from_search(
        cls, search: Any, *, kind: str = "slices", parameters: Sequence[str] | None = None, ax: Any = None
    ) -> Self:
        """Plot the landscape of a search.

        Parameters
        ----------
        search : fitted search, or the record of one
        kind : {"slices", "pairs"}, default="slices"
        parameters : list of str, default=None
            Hyperparameters, in this order. None takes those in which candidates differ,
            beginning with those that explain most by themselves; for pairs, the first
            four.
        ax : matplotlib Axes, default=None
            Where to draw, in a grid of its figure; a new figure if None.

        Returns
        -------
        display : LandscapeDisplay

        Raises
        ------
        ValueError
            If candidates do not differ in any hyperparameter, if none has a score, or
            if `ax` is not part of a grid and so cannot be divided.
        """
        landscape = read_landscape(search, parameters)
        n = len(landscape.axes)
        if parameters is None:
            most = MOST_IN_PAIRS if kind == "pairs" else MOST_SLICES
            landscape = landscape.select(rank_by_slices(landscape)[:most])
        score, resource, n_left_out = find_scoring(search), name_resource(search), n - len(landscape.axes)
        return cls(landscape, kind=kind, score=score, resource=resource, n_left_out=n_left_out).plot(ax)

    def _choose_size(self) -> tuple[float, float]:
        n_rows, n_columns = self._count_panels()
        return 1.2 + 2.4 * n_columns, 0.9 + 2.3 * n_rows

    def _count_panels(self) -> tuple[int, int]:
        n = len(self._names)
        if self.kind == "pairs":
            return n - 1, n - 1
        n_columns = 2 if n == 4 else min(n, MOST_COLUMNS)
        return -(-n // n_columns), n_columns

    def _draw(self, ax: Any) -> None:
        place = divide_axes(ax)
        n_rows, n_columns = self._count_panels()
        # The first row is all title: that of axes around others is no part of the layout.
        grid = place.subgridspec(n_rows + 1, n_columns, height_ratios=[0.01] + [1] * n_rows)
        ax.set_axis_off()
        title = ax.figure.add_subplot(grid[0, :])
        title.set_axis_off()
        self.axes_: list[Any] = []
        draw = self._draw_slices if self.kind == "slices" else self._draw_pairs
        note = draw(ax, grid)
        better = "Better is up." if self.kind == "slices" else "Darker is better."
        heading = f"{capitalise(self.metric.label)} over hyperparameters"
        parts = [better, note, self._describe_sizes(), self._describe_rest()]
        set_title(title, heading, " ".join(filter(None, parts)))

    # ---- slices ----------------------------------------------------------------------------------------------------

    def _draw_slices(self, ax: Any, grid: Any) -> str:
        for number, name in enumerate(self._names):
            row, column = divmod(number, self._count_panels()[1])
            panel = ax.figure.add_subplot(grid[row + 1, column], sharey=self.axes_[0] if self.axes_ else None)
            style_axes(panel)
            self.axes_.append(panel)
            self._draw_slice(panel, name)
            panel.tick_params(labelleft=column == 0)
            if column == 0:
                name_axes(panel, panel.get_xlabel(), capitalise(self.metric.label))
                write_scores(panel.yaxis, self.metric)
        n_low = int((self.landscape.scored["score"] < self.landscape.floor).sum())
        n_failed = int(self.frame["failed"].sum())
        parts = [
            "Star: the chosen candidate." if self.frame["best"].any() else "",
            self._describe_lines(),
            f"Below the axis (▾): {n_low}." if n_low else "",
            f"{n_failed} failed (×)." if n_failed else "",
        ]
        return " ".join(filter(None, parts))

    def _draw_slice(self, panel: Any, name: str) -> None:
        scored, axis = self.landscape.scored, self.landscape.axes[name]
        floor = self.landscape.floor
        x, score, sizes = self._place(name, scored), scored["score"].to_numpy(), self._find_sizes(scored)
        is_low = score < floor
        margin = 0.06 * (float(score.max()) - floor or 1.0)
        edge = floor - margin
        shades = np.interp(sizes, SIZES, SHADES)
        for rows, heights, style in (
            (~is_low, score, {"color": SERIES[0], "s": sizes[~is_low], "zorder": 3}),
            (is_low, np.full(len(score), edge), {"color": MUTED, "s": 18, "marker": "v"}),
        ):
            if rows.any():
                panel.scatter(x[rows], heights[rows], alpha=shades[rows], linewidths=0, **style)
        failed = self.frame[self.frame["failed"]]
        panel.scatter(self._place(name, failed), np.full(len(failed), edge), marker="x", s=22, color=MUTED)
        best = scored[scored["best"]]
        panel.scatter(self._place(name, best), best["score"], **BEST)
        axes, surface = self.landscape.smooth([name], 60)
        if axes and np.isfinite(surface.heights).any():
            panel.plot(axes[0], surface.heights, color=INK, linewidth=1.6, zorder=4)
        elif axis.kind == "choice":
            self._draw_medians(panel, name)
        panel.set_ylim(edge - margin, float(score.max()) + 1.5 * margin)
        set_scale(panel, "x", axis)

    def _draw_medians(self, panel: Any, name: str) -> None:
        """Draw a stroke at the median of each choice with three candidates or more."""
        scored = self.landscape.comparable
        x = self.landscape.measure(name, scored)
        for k in range(len(self.landscape.axes[name].choices)):
            scores = scored["score"].to_numpy()[x == k]
            if len(scores) >= 3:
                panel.plot(
                    [k - 0.3, k + 0.3], [max(np.median(scores), self.landscape.floor)] * 2, color=INK, linewidth=1.6
                )

    # ---- pairs -----------------------------------------------------------------------------------------------------

    def _draw_pairs(self, ax: Any, grid: Any) -> str:
        from matplotlib.colors import Normalize

        scores = self.landscape.scored["score"]
        norm = Normalize(self.landscape.floor, float(scores.max()), clip=True)
        dots, is_shaded, n = None, False, len(self._names)
        for row in range(1, n):
            for column in range(row):
                panel = ax.figure.add_subplot(grid[row, column])
                style_axes(panel)
                panel.grid(visible=False)
                self.axes_.append(panel)
                x, y = self._names[column], self._names[row]
                is_shaded |= self._draw_surface(panel, x, y, norm)
                dots = self._draw_pair(panel, x, y, norm)
                set_scale(panel, "x", self.landscape.axes[x], labelled=row == n - 1)
                set_scale(panel, "y", self.landscape.axes[y], labelled=column == 0)
                panel.tick_params(labelbottom=row == n - 1, labelleft=column == 0)
        is_cut = bool((scores < self.landscape.floor).any())
        bar = ax.figure.colorbar(
            dots,
            ax=self.axes_,
            shrink=0.6,
            aspect=25,
            label=wrap_text(capitalise(self.metric.label), LETTERS_OF_BAR),
            extend="min" if is_cut else "neither",
        )
        bar.outline.set_visible(False)
        write_scores(bar.ax.yaxis, self.metric)
        n_failed = int(self.frame["failed"].sum())
        parts = [
            "Star: the chosen candidate." if self.frame["best"].any() else "",
            "Shade: mean nearby." if is_shaded else "",
            f"{n_failed} failed (×)." if n_failed else "",
        ]
        return " ".join(filter(None, parts))

    def _draw_pair(self, panel: Any, x: str, y: str, norm: Any) -> Any:
        scored = self.landscape.scored.sort_values("score")
        dots = panel.scatter(
            self._place(x, scored),
            self._place(y, scored),
            c=scored["score"],
            s=1.3 * self._find_sizes(scored),
            cmap=SCALE,
            norm=norm,
            edgecolor=PAPER,
            linewidths=0.6,
            zorder=3,
        )
        failed = self.frame[self.frame["failed"]]
        panel.scatter(self._place(x, failed), self._place(y, failed), marker="x", s=22, color=MUTED)
        best = scored[scored["best"]]
        panel.scatter(self._place(x, best), self._place(y, best), **BEST)
        return dots

    def _draw_surface(self, panel: Any, x: str, y: str, norm: Any) -> bool:
        if self.landscape.has_rungs:  # the shade would be of other scores than the dots
            return False
        axes, surface = self.landscape.smooth([x, y], 40)
        if not axes or not np.isfinite(surface.heights).any():
            return False
        heights = np.ma.masked_invalid(surface.heights.reshape(40, 40).T)
        panel.contourf(*axes, heights, levels=8, cmap=SCALE, norm=norm, alpha=0.45, zorder=0)
        return True

    # ---- both ------------------------------------------------------------------------------------------------------

    def _place(self, name: str, rows: Any) -> np.ndarray:
        """Return places along an axis; those of choices are spread, so all show."""
        places = self.landscape.measure(name, rows)
        if self.landscape.axes[name].kind == "choice":
            # Multiples of an irrational number are spread evenly, however many: another one for each axis.
            step = np.sqrt(PRIMES[self._names.index(name) % len(PRIMES)])
            places = places + 0.44 * ((rows["candidate"].to_numpy() * step) % 1 - 0.5)
        return places

    def _find_sizes(self, rows: Any) -> np.ndarray:
        room = min(1.0, np.sqrt(MOST_AT_FULL_SIZE / len(self.frame)))
        known = self.frame["resource"].dropna().unique()
        if len(known) < 2:
            return np.full(len(rows), room * sum(SIZES) / 2)
        steps = np.searchsorted(np.sort(known), rows["resource"]) / (len(known) - 1)
        return np.asarray(room * (SIZES[0] + (SIZES[1] - SIZES[0]) * steps))

    def _describe_lines(self) -> str:
        landscape, kinds = self.landscape, [axis.kind for axis in self.landscape.axes.values()]
        drawn = {kind == "choice" for kind, panel in zip(kinds, self.axes_, strict=True) if panel.lines}
        if not drawn:
            return ""
        names = "Line: running mean" if drawn == {False} else "Line: running mean, or median of a choice"
        if drawn == {True}:
            names = "Line: median of a choice"
        if not landscape.has_rungs:
            return f"{names}."
        n, after = len(landscape.comparable), format_amount(landscape.resource, self.resource)
        return f"{names}, of the {n} candidates scored after {after}."

    def _describe_rest(self) -> str:
        if not self.n_left_out:
            return ""
        return f"Not drawn: {format_count(self.n_left_out, 'other hyperparameter')}."

    def _describe_sizes(self) -> str:
        known = self.frame["resource"].dropna()
        if known.nunique() < 2:
            return ""
        most = format_amount(known.max(), self.resource)
        return f"Larger dots were trained longer: {known.min():g} to {most}."
