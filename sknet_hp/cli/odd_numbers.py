"""Text that looks like numbers: what keeps it from being read so."""

import re
from typing import Any

_MOSTLY = 0.8  # share of a column's cells from which it looks like numbers that something keeps from being read so
_PLAIN = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")
_WRITTEN = re.compile(r"[-+(]?\s*[$€£¥]?\s*(\d{1,3}([,.'\s]\d{3})+|\d+)([.,]\d+)?\s*[%$€£¥)]?")


def odd_among_numbers(cells: Any) -> str | None:
    """Of text that looks like numbers, a cell that keeps it from being read so, such as ``'1,049'`` or ``'?'``; None of other text."""
    import pandas as pd

    counts = pd.Series(cells).value_counts()
    counts = counts[[isinstance(text, str) for text in counts.index]]
    kinds = ["plain" if _PLAIN.fullmatch(text.strip()) else "written" if _WRITTEN.fullmatch(text.strip()) else "other" for text in counts.index]
    alike = sum(count for kind, count in zip(kinds, counts, strict=True) if kind != "other")
    if alike < _MOSTLY * counts.sum():
        return None
    return next((text for wanted in ("written", "other") for kind, text in zip(kinds, counts.index, strict=True) if kind == wanted), None)
