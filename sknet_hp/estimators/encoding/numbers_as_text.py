"""Text that looks like numbers: what keeps it from being read so."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

_MOSTLY = 0.8  # share of a column's cells from which it looks like numbers that something keeps from being read so
_FIRST = 200  # distinct cells that are looked at before all of them
_PLAIN = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")
_WRITTEN = re.compile(r"[-+(]?\s*[$€£¥]?\s*(\d{1,3}([,.'\s]\d{3})+|\d+)([.,]\d+)?\s*[%$€£¥)]?")


def find_nonnumeric_cell(counts: Mapping[Any, int]) -> str | None:
    """Of text that looks like numbers, a cell that keeps it from being read so, such as
    ``'1,049'`` or ``'?'``; None of other text.

    Parameters
    ----------
    counts : how many cells there are of each kind. Those that are no strings do not
        count.
    """
    texts = {text: count for text, count in counts.items() if isinstance(text, str)}
    first = list(islice(texts, _FIRST))
    if sum(_kind(text) != "other" for text in first) < _MOSTLY / 2 * len(
        first
    ):  # the common case: names, and nothing like numbers
        return None
    kinds = {text: _kind(text) for text in texts}
    alike = sum(count for text, count in texts.items() if kinds[text] != "other")
    if alike < _MOSTLY * sum(texts.values()):
        return None
    odd = next(
        (
            those
            for wanted in ("written", "other")
            if (those := [text for text, kind in kinds.items() if kind == wanted])
        ),
        [],
    )
    return max(odd, key=texts.__getitem__, default=None)


def _kind(text: str) -> str:
    text = text.strip()
    return "plain" if _PLAIN.fullmatch(text) else "written" if _WRITTEN.fullmatch(text) else "other"
