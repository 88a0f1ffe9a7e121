"""The picture of a comparison."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sknet_hp.formatting.numbers import format_number, format_percentage
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.colours import FAINT, INK, MUTED, SERIES
from sknet_hp.report.display import Display, format_thousands, set_title
from sknet_hp.report.frames.comparison import make_comparison_frame, make_posterior_frame
from sknet_hp.report.labels import escape_formulas, shorten, wrap_text
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

SHADES = {
    "second better": (SERIES[1], 0.75, "//"),
    "equivalent": (FAINT, 0.9, ""),
    "first better": (SERIES[0], 0.9, ""),
}
"""Colour, opacity and hatching of each region: they differ in grey as well."""


GAP, HALF_LABEL = 8, 28
"""Between labels, and of the label "equivalent" from its middle, in points."""

MOST_LETTERS = 36
"""Of the name of a model."""

LETTERS_OF_LABEL = 20
"""In each of its lines."""

LETTER, ROW = 0.075, 0.26
"""The width of a letter and the height of a pair, in inches."""

COLUMNS = {"better": "p_first_better", "same": "p_equivalent", "worse": "p_second_better"}
"""Of probabilities, beside the pairs."""

FIRST_COLUMN, COLUMN = 46, 46
"""Where the columns of probabilities end, and how wide one is, in points."""


class ComparisonDisplay(Display):
    """Plot by how much models differ, with the differences that do not matter.

    For two models, the plot is the posterior of their true difference (Bayesian
    correlated t-test). Dotted lines bound the region of practical equivalence, and each
    of the three parts has its probability. For more models, there is a row for each
    pair: the difference with its interval, the region as a band, and the three
    probabilities.

    Parameters
    ----------
    frame : DataFrame
        As `from_comparison` makes it.
    metric : str
        The metric, as scikit-learn has it.
    confidence : float
        Confidence level of the intervals.

    Attributes
    ----------
    frame : DataFrame
        A row for each pair: `first`, `second`, `difference` (positive where the first
        is better), `low`, `high`, `scale`, `degrees_of_freedom`, `rope`,
        `p_first_better`, `p_equivalent`, `p_second_better`, `verdict`.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sknet_hp.evaluation import compare
    >>> from sknet_hp.report import ComparisonDisplay
    >>> a = [0.84, 0.86, 0.83, 0.85, 0.87]
    >>> b = [0.81, 0.84, 0.82, 0.81, 0.84]
    >>> comparison = compare(a, b, n_train=800, n_test=200, names=["wide", "deep"])
    >>> display = ComparisonDisplay.from_comparison(comparison)
    >>> display.frame["p_first_better"].round(3).item()
    0.959
    """

    _size: ClassVar[tuple[float, float]] = (7.2, 3.8)

    def __init__(self, frame: "pd.DataFrame", metric: str = "score", confidence: float = 0.95):
        super().__init__(frame)
        self.metric, self.confidence = Metric(metric), confidence

    @classmethod
    def from_comparison(
        cls, comparison: Any, *, metric: str | None = None, reference: str | None = None, ax: Any = None
    ) -> Self:
        """Plot a comparison.

        Parameters
        ----------
        comparison : Comparison
        metric : str, default=None
            Which metric; None is the first of the comparison.
        reference : str, default=None
            Show only pairs with this contestant; None shows all pairs.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ComparisonDisplay

        Raises
        ------
        ValueError
            If the metric or the reference is not in the comparison.
        """
        frame = make_comparison_frame(comparison, metric, reference)
        display = cls(frame, comparison.metrics[0] if metric is None else metric, comparison.confidence)
        return display.plot(ax)

    @property
    def _has_posterior(self) -> bool:
        return len(self.frame) == 1 and bool(self.frame["scale"].iloc[0] > 0)

    @property
    def _names(self) -> list[str]:
        """What pairs are called."""
        pairs = zip(self.frame["first"], self.frame["second"], strict=True)
        return [f"{shorten(first, MOST_LETTERS)} − {shorten(second, MOST_LETTERS)}" for first, second in pairs]

    def _choose_size(self) -> tuple[float, float]:
        if self._has_posterior:
            return self._size
        return 6.0 + self._width_of_names, 1.6 + ROW * max(len(self.frame), 3)

    @property
    def _width_of_names(self) -> float:
        return LETTER * max(map(len, self._names))

    def _draw(self, ax: Any) -> None:
        from matplotlib.ticker import MaxNLocator

        if self._has_posterior:
            self._draw_posterior(ax)
        else:
            self._draw_pairs(ax)
        ax.xaxis.set_major_locator(MaxNLocator(6))
        # A difference of errors with a minus sign is by how much the first one reduces them.
        name = f"{'Reduction' if self.metric.is_error else 'Difference'} in {self.metric.label}"
        ax.set_xlabel(escape_formulas(name) + format_thousands(ax.xaxis))

    def _draw_posterior(self, ax: Any) -> None:
        pair = self.frame.iloc[0]
        posterior = make_posterior_frame(pair)
        for region, part in posterior.groupby("region"):
            colour, opacity, hatch = SHADES[str(region)]
            ax.fill_between(
                part["difference"], part["density"], color=colour, alpha=opacity, hatch=hatch, edgecolor="white",
                linewidth=0,
            )  # fmt: skip
        ax.plot(posterior["difference"], posterior["density"], color=INK, linewidth=1)
        low, high = posterior["difference"].min(), posterior["difference"].max()
        self._mark_region(ax, pair["rope"])
        top = posterior["density"].max()
        ax.set(ylim=(0, 1.25 * top), xlim=(low, high), yticks=[])
        self._widen(ax, pair)
        end, shift = self._place_labels(ax, pair["rope"])
        texts = [
            (-end, "right", f"{_label(pair['second'])}\n{format_percentage(pair['p_second_better'], 1)}", -shift),
            (0.0, "center", f"equivalent\n{format_percentage(pair['p_equivalent'], 1)}", 0),
            (end, "left", f"{_label(pair['first'])}\n{format_percentage(pair['p_first_better'], 1)}", shift),
        ]
        for at, side, text, aside in texts:
            ax.annotate(
                text, (at, 1.04 * top), (aside, 0), textcoords="offset points", ha=side, va="bottom", fontsize=9.5,
                color=INK, linespacing=1.4, annotation_clip=False,
            )  # fmt: skip
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False)
        mean, low_end, high_end = (_write(pair[name]) for name in ("difference", "low", "high"))
        ends = f"{format_percentage(self.confidence, None)} interval {low_end} to {high_end}"
        set_title(
            ax,
            _write_verdict(pair),
            f"Posterior of the true difference: mean {mean}, {ends}",
            above=13 * (max(text.count("\n") for _, _, text, _ in texts) - 1),
        )

    def _widen(self, ax: Any, pair: Any) -> None:
        """Make room for the outer labels within the axes."""
        end, shift = self._place_labels(ax, pair["rope"])
        low, high = ax.get_xlim()
        points = ax.get_window_extent().width * 72 / ax.figure.dpi
        left, right = (
            (72 * LETTER * max(map(len, _label(pair[name]).split("\n"))) + shift) / points
            for name in ("second", "first")
        )
        if left + right < 1:
            low = min(low, (-end - left * high) / (1 - left))
            high = max(high, (end - right * low) / (1 - right))
            ax.set_xlim(low, high)

    def _place_labels(self, ax: Any, rope: float) -> tuple[float, float]:
        """Return where the outer labels stand: at a difference, and so far aside.

        They begin where the region ends, or, where it is too narrow for the label
        between them, where that ends. The distance aside is in points.
        """
        (left, _), (right, _) = ax.transData.transform([(0, 0), (rope, 0)])
        half = (right - left) * 72 / ax.figure.dpi
        return (rope, GAP) if half > HALF_LABEL else (0.0, HALF_LABEL + GAP)

    def _mark_region(self, ax: Any, half: float) -> None:
        for end in {-half, half}:
            ax.axvline(end, ymax=0.82, color=MUTED, linestyle=":", linewidth=1.2)  # below the labels

    def _draw_pairs(self, ax: Any) -> None:
        half = self.frame["rope"].iloc[0]
        ax.axvspan(-half, half, color=FAINT, alpha=0.5, linewidth=0)
        ax.axvline(0, color=MUTED, linewidth=0.8)
        heights = range(len(self.frame) - 1, -1, -1)
        for height, (_, pair) in zip(heights, self.frame.iterrows(), strict=True):
            sure = max(pair["p_first_better"], pair["p_second_better"]) >= 0.95
            colour = SERIES[0] if sure else MUTED
            ax.plot([pair["low"], pair["high"]], [height, height], color=colour, linewidth=2)
            ax.plot(pair["difference"], height, "o" if sure else "s", color=colour, markersize=7)
            self._write_columns(ax, height, [format_percentage(pair[name]) for name in COLUMNS.values()], INK)
        self._write_columns(ax, len(self.frame) - 0.3, list(COLUMNS), MUTED)
        ax.set_yticks(list(heights), list(map(escape_formulas, self._names)))
        ax.set_ylim(-0.6, len(self.frame) - 0.4)
        ax.grid(visible=False)
        interval = f"{format_percentage(self.confidence, None)} intervals"
        set_title(
            ax,
            self._write_heading(),
            f"{interval}; shaded: equivalent in practice (±{format_number(half)}). Right: probability that the first "
            "is better, the same, or worse.",
            above=14,
            beside=self._width_of_names - 1.0,
        )

    def _write_heading(self) -> str:
        if len(self.frame) == 1:
            return _write_verdict(self.frame.iloc[0])
        others = self.frame["second"].unique()
        return f"Differences from {others[0]}" if len(others) == 1 else "Differences of all pairs"

    def _write_columns(self, ax: Any, height: float, texts: Sequence[str], colour: str) -> None:
        """Write a row of words beside the axes."""
        for k, text in enumerate(texts):
            ax.annotate(
                text, (1, height), (FIRST_COLUMN + k * COLUMN, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", va="center", fontsize=9, color=colour, annotation_clip=False,
            )  # fmt: skip


def _write_verdict(pair: Any) -> str:
    """Return the verdict of a pair as a title; names of models stay as they are."""
    return capitalise(pair["verdict"]) if pair["verdict"].startswith("the ") else str(pair["verdict"])


def _label(name: str) -> str:
    """Return that a model is better, on lines that are not too long."""
    return wrap_text(f"{shorten(name, MOST_LETTERS)} better", LETTERS_OF_LABEL)


def _write(difference: float) -> str:
    """Return a difference with the minus sign that axes have."""
    return format_number(difference).replace("-", "−", 1) if difference < 0 else format_number(difference)
