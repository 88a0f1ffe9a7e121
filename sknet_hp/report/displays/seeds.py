"""Scores of several seeds in the same splits."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sknet_hp.formatting.numbers import format_count, format_percentage
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.colours import FAINT, INK, MUTED, PAPER, SERIES
from sknet_hp.report.display import Display, label_lines, name_axes, set_title, write_scores
from sknet_hp.report.frames.seeds import find_extremes, make_seeds_frame, make_variance_frame
from sknet_hp.report.scales import number_splits
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

GAP = 1.5
"""Between splits of two repeats, and between splits and means, in splits."""
BAR = 22
"""Points that the bar of the variance takes above the axes."""
LEAST_SHARE = 0.3
"""Of the bar, to have room for words."""
SHADES = ((FAINT, INK), (SERIES[0], PAPER), ("#6ea3cb", INK))
"""Colours of the parts and of the words on them: splits, then seeds."""


class SeedsDisplay(Display):
    """Plot how much of a score is the luck of its seed.

    A line is a seed. It crosses the splits at the scores that the same model has with
    this seed, and ends at its mean. Lines that run in parallel differ in all splits
    alike; lines that cross differ by chance. The bar above says what the variance of a
    single fit's score comes from.

    Use `from_result`.

    Parameters
    ----------
    frame : DataFrame
        Of `sknet_hp.report.frames.seeds.make_seeds_frame`.
    variance : DataFrame
        Of `sknet_hp.report.frames.seeds.make_variance_frame`.
    metric : str
        The metric, as scikit-learn has it. Errors are written as positive numbers;
        better is higher up.

    Attributes
    ----------
    frame : DataFrame
        A row for each seed and split: `seed`, `repeat`, `fold`, `score`, and the `mean`
        of the seed.
    variance : DataFrame
        A row for each part of the variance: `part`, `variance`, `sd`, `share`.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.evaluation import repeat_over_seeds
    >>> from sknet_hp.report import SeedsDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=5)
    >>> result = repeat_over_seeds(net, X, y, n_seeds=3, cv=3, random_state=0)
    >>> display = SeedsDisplay.from_result(result)
    >>> len(display.frame)
    9
    """

    _size: ClassVar[tuple[float, float]] = (7.2, 4.2)

    def __init__(self, frame: "pd.DataFrame", variance: "pd.DataFrame", metric: str = "score"):
        super().__init__(frame)
        self.variance, self.metric = variance, Metric(metric)

    @classmethod
    def from_result(cls, result: Any, *, metric: str | None = None, ax: Any = None) -> Self:
        """Plot the result of `repeat_over_seeds`.

        Parameters
        ----------
        result : SeedsResult
        metric : str, default=None
            By which; None is the first of the result.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : SeedsDisplay

        Raises
        ------
        TypeError
            If it is no result of `repeat_over_seeds`.
        ValueError
            If the metric was not computed.
        """
        frame = make_seeds_frame(result, metric)
        name = result.metrics[0] if metric is None else metric
        return cls(frame, make_variance_frame(result, metric), name).plot(ax)

    def _draw(self, ax: Any) -> None:
        first = self.frame[self.frame["seed"] == self.frame["seed"].iloc[0]]
        at = (first["fold"] + first["repeat"] * (first["fold"].max() + GAP)).to_numpy()
        end = float(at.max()) + GAP
        ax.axvline(end - GAP / 2, color=FAINT, linewidth=1)
        extremes = find_extremes(self.frame)
        looks = {extremes.get("best"): (SERIES[0], "-"), extremes.get("worst"): (SERIES[1], "--")}
        labels = []
        for seed, rows in self.frame.groupby("seed", sort=False):
            mean, is_extreme = rows["mean"].iloc[0], seed in looks
            colour, line = looks.get(seed, (MUTED, "-"))
            ends = [*at, end], [*rows["score"], mean]
            strong = {"linewidth": 1.8, "zorder": 4} if is_extreme else {"linewidth": 0.7, "alpha": 0.5, "zorder": 2}
            ax.plot(*ends, line, color=colour, marker="o", markersize=5 if is_extreme else 3, **strong)
            if is_extreme:
                labels.append((end, mean, f"seed {seed}: {self.metric.write(mean)}", colour))
        x = "Split, repeat by repeat" if first["repeat"].any() else "Split"
        name_axes(ax, x, f"{capitalise(self.metric.label)} ({self.metric.hint})", loc="left")
        places, numbers = number_splits(first, at)
        ax.set_xticks([*places, end], [*numbers, "mean"])
        ax.set_xlim(-0.5, end + 0.3)
        write_scores(ax.yaxis, self.metric)
        label_lines(ax, labels)
        self._draw_variance(ax)
        n = format_count(self.frame["seed"].nunique(), "seed")
        note = f"A line is a seed; coloured are those with the best and the worst mean. Better is up. {self._note()}"
        set_title(ax, f"{n} in the same splits", note.strip(), above=BAR if len(self.variance) else 0)

    def _note(self) -> str:
        if not len(self.variance):
            return ""
        parts = [f"{row.part} {format_percentage(row.share)}" for row in self.variance.itertuples()]
        return f"Bar: what the variance of a single fit's score comes from ({'; '.join(parts)})."

    def _draw_variance(self, ax: Any) -> None:
        """Draw the parts of the variance as a bar above the axes."""
        if not len(self.variance):
            return
        bar = ax.inset_axes([0, 1.02, 1, 0.075])
        bar.set_axis_off()
        bar.set(xlim=(0, 1), ylim=(0, 1))
        starts = np.concatenate([[0.0], np.cumsum(self.variance["share"])[:-1]])
        for start, row, (colour, ink) in zip(starts, self.variance.itertuples(), SHADES, strict=True):
            bar.barh(0.5, row.share, 1, start, color=colour, edgecolor=PAPER, linewidth=0.8)
            if row.share >= LEAST_SHARE:
                bar.text(start + row.share / 2, 0.5, row.part, color=ink, fontsize=8.5, ha="center", va="center")
