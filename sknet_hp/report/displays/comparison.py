"""The picture of a comparison."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.colours import FAINT, INK, MUTED, SERIES
from sknet_hp.report.display import Display, set_title
from sknet_hp.report.frames.comparison import make_comparison_frame, make_posterior_frame
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

    def _draw(self, ax: Any) -> None:
        if len(self.frame) == 1 and self.frame["scale"].iloc[0] > 0:
            self._draw_posterior(ax)
        else:
            self._draw_pairs(ax)
        # A difference of errors with a minus sign is by how much the first one reduces them.
        ax.set_xlabel(f"{'Reduction' if self.metric.is_error else 'Difference'} in {self.metric.label}")

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
        end, shift = self._place_labels(ax, pair["rope"])
        texts = [
            (-end, "right", f"{pair['second']} better\n{format_percentage(pair['p_second_better'], 1)}", -shift),
            (0.0, "center", f"equivalent\n{format_percentage(pair['p_equivalent'], 1)}", 0),
            (end, "left", f"{pair['first']} better\n{format_percentage(pair['p_first_better'], 1)}", shift),
        ]
        for at, side, text, aside in texts:
            ax.annotate(
                text, (at, 1.04 * top), (aside, 0), textcoords="offset points", ha=side, va="bottom", fontsize=9.5,
                color=INK, linespacing=1.4, annotation_clip=False,
            )  # fmt: skip
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False)
        ends = f"{format_percentage(self.confidence, None)} interval {pair['low']:.4g} to {pair['high']:.4g}"
        set_title(
            ax,
            capitalise(pair["verdict"]) if pair["verdict"].startswith("the ") else pair["verdict"],
            f"Posterior of the true difference: mean {pair['difference']:.4g}, {ends}",
        )

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
            parts = (pair["p_first_better"], pair["p_equivalent"], pair["p_second_better"])
            text = " ".join(f"{format_percentage(p):>5}" for p in parts)
            ax.annotate(
                text, (1.02, height), xycoords=("axes fraction", "data"),
                va="center", fontsize=9, color=INK, family="monospace",
            )  # fmt: skip
        ax.annotate(
            "better   same  worse", (1.02, len(self.frame) - 0.55), xycoords=("axes fraction", "data"), fontsize=9,
            color=MUTED, family="monospace", va="bottom",
        )  # fmt: skip
        names = [f"{pair['first']} − {pair['second']}" for _, pair in self.frame.iterrows()]
        ax.set_yticks(list(heights), names)
        ax.set_ylim(-0.6, len(self.frame) - 0.4)
        ax.grid(visible=False)
        interval = f"{format_percentage(self.confidence, None)} intervals"
        set_title(
            ax,
            "Differences of all pairs",
            f"{interval}; shaded: equivalent in practice (±{half:.3g}). Right: probability that the first "
            "is better, the same, or worse.",
            above=12,
        )
