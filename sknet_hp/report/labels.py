"""Words of any length in pictures: cut, wrapped, and without formulas."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

LETTERS_PER_INCH = {"title": 11.0, "note": 15.0, "axis": 11.5}
"""Of bold titles, small notes and names of axes."""

GROWTH = 1.15
"""How much wider than at first axes are in a constrained layout."""


def escape_formulas(text: str) -> str:
    """Return a text in which matplotlib finds no formula, such as "$5 to $10"."""
    return text.replace("$", r"\$")


def shorten(text: str, most: int) -> str:
    """Return a text with its middle left out if it is long.

    Long names often differ only at their ends.
    """
    if len(text) <= most:
        return text
    n_last = (most - 1) // 2
    return f"{text[: most - 1 - n_last].rstrip()}…{text[len(text) - n_last :].lstrip()}"


def shorten_all(texts: Sequence[str], most: int) -> list[str]:
    """Return texts that are no longer than needed to tell them apart.

    Parameters
    ----------
    texts : of which none is there twice.
    most : letters of each; more if some would be the same.
    """
    short = [shorten(text, most) for text in texts]
    return short if len(set(short)) == len(set(texts)) or most >= max(map(len, texts)) else shorten_all(texts, 2 * most)


def wrap_text(text: str, width: int) -> str:
    """Return a text in lines of so many letters, with no formulas in it.

    A remark in brackets at its end has a line of its own.
    """
    parts = text.split(" (") if text.endswith(")") and len(text) > width else [text]
    begin, remark = (" (".join(parts[:-1]), [f"({parts[-1]}"]) if len(parts) > 1 else (text, [])
    lines = [line for part in (begin, *remark) for line in wrap(part, max(width, 8))]
    return escape_formulas("\n".join(lines))


def count_letters(ax: Any, kind: str, *, upright: bool = False, beside: float = 0.0) -> int:
    """Return how many letters have room along axes.

    Parameters
    ----------
    ax : matplotlib Axes
    kind : {"title", "note", "axis"}
    upright : along the height, not the width.
    beside : what else takes room there, in inches.
    """
    figure, spec = ax.figure, ax.get_subplotspec()
    is_alone = spec is None or not figure.get_layout_engine()
    place = ax.get_position() if spec is None else spec.get_position(figure)
    share = (place.height if upright else place.width) * (1.0 if is_alone else GROWTH)
    inches = share * (figure.bbox.height if upright else figure.bbox.width) / figure.dpi
    return int(LETTERS_PER_INCH[kind] * max(inches - beside, 1.0))
