"""Colours, line styles and markers of all pictures.

Series are told apart three times over: by hue, by lightness, and by line style or
marker. The hues are near those of Okabe and Ito ("Color universal design", 2008), which
people who see no red or no green can tell apart; neighbours also differ in lightness,
so that they stay apart in grey, and each stands out from the page.
"""

from typing import NamedTuple

PAPER = "#ffffff"
INK = "#1f2328"
MUTED = "#5f6873"
"""Text and marks of the second rank: readable, but not what is looked at first."""
FAINT = "#c3c9d1"
"""What is there for comparison only, such as candidates that were dropped."""

SERIES = ("#00538f", "#d9690f", "#2b2b2b", "#0e9c78", "#6a2c70", "#c77cb0")
"""Blue, orange, black, green, purple, pink: dark and light in turn."""

WORDS = dict(zip(SERIES, (SERIES[0], "#b45309", SERIES[2], "#0a7a5e", SERIES[4], "#a04d8f"), strict=True))
"""The colours of series where they write: darker, as letters are thin."""

PAPER_AT_NIGHT = "#15181c"
SERIES_AT_NIGHT = ("#8ecbf7", "#d9690f", "#f2f2f2", "#0e9c78", "#f0e442", "#c77cb0")
"""Of a dark page, where yellow stands for purple."""

Dashes = tuple[float, tuple[float, ...]]
LINE_STYLES: tuple[str | Dashes, ...] = ("-", "--", "-.", ":", (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)))
"""As many as colours: in grey, purple looks like blue."""
MARKERS = ("o", "s", "^", "D", "v", "P")

SCALE = "cividis_r"
"""Of numbers, such as scores: light to dark in even steps, for all kinds of colour
vision (Nunez, Anderton and Renslow 2018). The highest are the darkest.
"""


class Style(NamedTuple):
    """How a series looks."""

    colour: str
    line: str | Dashes
    marker: str


def get_style(number: int) -> Style:
    """Return how the series of a number looks, counted from 0.

    Colours come again after six series, with another line style: no two of the first
    twelve look the same, and no two of the first six have the same line style.
    """
    return Style(
        SERIES[number % len(SERIES)],
        LINE_STYLES[(number + number // len(SERIES)) % len(LINE_STYLES)],
        MARKERS[number % len(MARKERS)],
    )
