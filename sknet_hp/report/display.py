"""What all displays share: axes to draw on, after scikit-learn's Display convention."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sknet_hp.report.colours import FAINT, INK, MUTED, WORDS
from sknet_hp.report.labels import count_letters, escape_formulas, wrap_text
from sknet_hp.search.views.metric import Metric
from sknet_hp.system.extras import require_extra

if TYPE_CHECKING:
    import pandas as pd

MOST_DECIMALS = 6
MILLION, HUGE = 1e6, 1e9


class Display(ABC):
    """A picture and the numbers behind it.

    Subclasses say in `_draw` how their frame is drawn, and have class methods
    (`from_search`, `from_evaluation`…) that return a display already plotted.

    Parameters
    ----------
    frame : DataFrame
        What is drawn.

    Attributes
    ----------
    frame : DataFrame
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
    """

    _size: ClassVar[tuple[float, float]] = (6.4, 4.0)
    """Of a figure of its own, in inches."""

    def __init__(self, frame: "pd.DataFrame"):
        self.frame = frame

    def plot(self, ax: Any = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is something else.
        """
        check_matplotlib(type(self).__name__)
        self.ax_ = open_axes(ax, self._choose_size())
        self.figure_ = self.ax_.figure
        self._draw(self.ax_)
        return self

    def _choose_size(self) -> tuple[float, float]:
        """Return the size of a figure of its own, in inches."""
        return self._size

    @abstractmethod
    def _draw(self, ax: Any) -> None:
        """Draw the frame on axes."""


def check_matplotlib(name: str) -> None:
    """Refuse to draw without matplotlib.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    with require_extra("plot", name, "matplotlib"):
        import matplotlib  # noqa: F401


def open_axes(ax: Any, size: tuple[float, float]) -> Any:
    """Return axes in the style of all pictures: those given, or new ones.

    Parameters
    ----------
    ax : matplotlib Axes or None
    size : of a new figure, in inches.

    Raises
    ------
    TypeError
        If it is something else.
    """
    from matplotlib import pyplot
    from matplotlib.axes import Axes

    if ax is None:
        _, ax = pyplot.subplots(figsize=size, layout="constrained")
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be matplotlib Axes or None, got {type(ax).__name__}; of an array of axes, give one")
    style_axes(ax)
    return ax


def style_axes(ax: Any) -> None:
    """Take away what is not data: the box, and ticks that shout."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set_color(MUTED)
    ax.tick_params(colors=MUTED, labelcolor=INK, labelsize=9)
    ax.grid(axis="y", color=FAINT, linewidth=0.5, alpha=0.6)
    ax.set_axisbelow(True)


def divide_axes(ax: Any) -> Any:
    """Return the place of axes in the grid of their figure, to be divided.

    Raises
    ------
    ValueError
        If they are in no grid.
    """
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            "axes that were not made by subplots cannot be divided; give ax=None, or axes made by subplots"
        )
    return place


def set_title(ax: Any, title: str, note: str = "", *, above: float = 0.0, beside: float = 0.0) -> None:
    """Say above a picture what it shows, and under that how to read it.

    Parameters
    ----------
    ax : matplotlib Axes
    title : a few words.
    note : a sentence in small letters, such as what bands are.
    above : how far above the axes both stand, in points.
    beside : inches that labels take beside the axes.
    """
    lines = wrap(note, count_letters(ax, "note", beside=beside))
    heading = wrap_text(title, count_letters(ax, "title", beside=beside))
    ax.set_title(heading, loc="left", fontsize=11, fontweight="bold", color=INK, pad=above + 8 + 12 * len(lines))
    ax.annotate(
        escape_formulas("\n".join(lines)),
        (0, 1),
        (0, above + 6),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=8.5,
        color=MUTED,
    )


def name_axes(ax: Any, x: str, y: str, **style: Any) -> None:
    """Write what is along axes, in as many lines as it takes.

    Parameters
    ----------
    ax : matplotlib Axes
    x, y : names of the horizontal and the vertical axis.
    **style : of the horizontal one, such as `loc`.
    """
    ax.set_xlabel(wrap_text(x, count_letters(ax, "axis")), **style)
    ax.set_ylabel(wrap_text(y, count_letters(ax, "axis", upright=True)))


def write_scores(axis: Any, metric: Metric) -> None:
    """Write the ticks of an axis of scores as people read them: errors are positive.

    What is better stays above. All ticks have equally many decimals.

    Parameters
    ----------
    axis : matplotlib Axis
    metric : of the scores.
    """
    from matplotlib.ticker import Formatter

    class ScoreFormatter(Formatter):
        def __call__(self, score: float, pos: int | None = None) -> str:
            return f"{metric.turn(score) + 0.0:,.6g}"

        def format_ticks(self, values: Any) -> list[str]:
            return format_scores(values, metric)

    axis.set_major_formatter(ScoreFormatter())


def format_scores(ticks: Sequence[float], metric: Metric) -> list[str]:
    """Return round scores as people read them, all with equally many decimals.

    Parameters
    ----------
    ticks : scores.
    metric : of the scores.
    """
    numbers = [metric.turn(tick) + 0.0 for tick in ticks]
    decimals = None if max(map(abs, numbers), default=0.0) >= HUGE else count_decimals(numbers)
    return [f"{number:,.6g}" if decimals is None else f"{number:,.{decimals}f}" for number in numbers]


def count_decimals(ticks: Sequence[float]) -> int | None:
    """Return how many decimals ticks have; None if they are no round numbers."""
    for decimals in range(MOST_DECIMALS + 1):
        if len(ticks) and all(abs(round(tick, decimals) - tick) <= 1e-9 * max(1.0, abs(tick)) for tick in ticks):
            return decimals
    return None


def label_lines(ax: Any, labels: list[tuple[float, float, str, str]]) -> None:
    """Write labels beside the right ends of lines, so that none covers another.

    Call it when limits and scales are set.

    Parameters
    ----------
    ax : matplotlib Axes
    labels : (x, y, text, colour) of each; x and y are where its line ends.
    """
    to_share = ax.transData + ax.transAxes.inverted()
    ends = sorted(((to_share.transform((x, y))[1], x, y, text, colour) for x, y, text, colour in labels))
    heights = spread_apart([end[0] for end in ends], gap=0.065)
    for (_, x, y, text, colour), height in zip(ends, heights, strict=True):
        ax.annotate(
            escape_formulas(text),
            (x, y),
            (1.02, height),
            xycoords="data",
            textcoords="axes fraction",
            color=WORDS.get(colour, colour),
            fontsize=9,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "alpha": 0.5, "shrinkA": 1, "shrinkB": 1},
            annotation_clip=False,
        )


def spread_apart(heights: list[float], gap: float) -> list[float]:
    """Return heights in [0, 1], moved until each is a gap above the one before.

    Parameters
    ----------
    heights : from the lowest to the highest.
    gap : smaller where there are too many for it.
    """
    gap = min(gap, 1 / max(1, len(heights) - 1))
    moved: list[float] = []
    for height in heights:
        wanted = min(max(height, 0.0), 1.0)
        moved.append(max(wanted, moved[-1] + gap) if moved else wanted)
    for k in range(len(moved) - 1, -1, -1):
        highest = 1.0 if k == len(moved) - 1 else moved[k + 1] - gap
        moved[k] = min(moved[k], highest)
    return moved


def format_thousands(axis: Any) -> str:
    """Separate the thousands of an axis's numbers, or write them in millions.

    Call it when the limits are set.

    Parameters
    ----------
    axis : matplotlib Axis, such as `ax.yaxis`

    Returns
    -------
    str
        What to add to the name of the axis: " (millions)", or nothing.
    """
    from matplotlib.ticker import FuncFormatter, StrMethodFormatter

    largest = max(map(abs, axis.get_view_interval()))
    if largest >= MILLION:
        axis.set_major_formatter(FuncFormatter(lambda number, _: f"{number / MILLION + 0.0:,.4g}"))
        return " (millions)"
    if largest >= 1000:
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return ""
