"""Text that looks like numbers, and what keeps it from being read as numbers."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

_MOSTLY = 0.8  # share of cells that look like numbers, from which on the column does
_FIRST = 200  # distinct cells that are looked at before all of them
_PLAIN = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")
_WRITTEN = re.compile(r"[-+(]?\s*[$€£¥]?\s*(\d{1,3}([,.'\s]\d{3})+|\d+)([.,]\d+)?\s*[%$€£¥)]?")


def find_nonnumeric_cell(counts: Mapping[Any, int]) -> str | None:
    """Find a cell for which a column is text, though most of it looks like numbers.

    Parameters
    ----------
    counts : how many cells there are of each value. Only strings count.

    Returns
    -------
    cell : str or None
        The most frequent one, such as ``'1,049'`` or ``'?'``; None if the column does
        not look like numbers, or every cell can be read as one.
    """
    texts = {text: count for text, count in counts.items() if isinstance(text, str)}
    first = list(islice(texts, _FIRST))
    n_alike = sum(_classify(text) != "other" for text in first)
    if n_alike < _MOSTLY / 2 * len(first):  # the common case: names, and nothing like numbers
        return None
    kinds = {text: _classify(text) for text in texts}
    alike = sum(count for text, count in texts.items() if kinds[text] != "other")
    if alike < _MOSTLY * sum(texts.values()):
        return None
    for wanted in ("written", "other"):
        found = [text for text, kind in kinds.items() if kind == wanted]
        if found:
            return max(found, key=texts.__getitem__)
    return None


def _classify(text: str) -> str:
    """Return "plain" for a number, "written" with commas or units, else "other"."""
    text = text.strip()
    return "plain" if _PLAIN.fullmatch(text) else "written" if _WRITTEN.fullmatch(text) else "other"
