"""Text that is a date, as ISO 8601 writes dates, or nearly so."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from sknet_hp.estimators.encoding.tables.moments import MOMENT, read_zone

_DATE = re.compile(
    r"\s*(\d{4})([-/])(\d{1,2})\2(\d{1,2})"  # the year first: no doubt which is the month
    r"(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?\s*"
)
_DOUBTFUL = re.compile(r"\s*\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d{2})(?:[T ,]+\d{1,2}:\d{2}.*)?\s*")
_SHAPE = "0000-00-00T00:00:00"
_LENGTHS = (10, 16, 19)  # of what dates in this shape have: a day, minutes, seconds
_FIRST = 50  # texts that are looked at before all of them
_MOSTLY = 0.8  # the share of cells that are dates, from which on others are odd


def are_dates(texts: Iterable[str]) -> bool:
    """Return whether there are texts, and all are dates such as 2025-01-31.

    A time may follow: 2025-01-31 18:30, 2025-01-31T18:30:05.25+01:00.
    """
    texts = list(texts)
    if not texts or not all(_DATE.fullmatch(text) for text in texts[:_FIRST]):
        return False
    return not np.isnat(parse_dates(texts)).any()


def find_nondate_cell(counts: Mapping[Any, int]) -> str | None:
    """Find a cell for which a column is text, though most of it is dates.

    Parameters
    ----------
    counts : how many cells there are of each value. Only strings count.

    Returns
    -------
    cell : str or None
        The most frequent one; None if all cells are dates, or few are.
    """
    texts = [text for text in counts if isinstance(text, str)]
    if 2 * sum(_DATE.fullmatch(text) is not None for text in texts[:_FIRST]) < len(texts[:_FIRST]):
        return None  # the common case
    others = [text for text, moment in zip(texts, parse_dates(texts), strict=True) if np.isnat(moment)]
    if sum(map(counts.__getitem__, others)) > (1 - _MOSTLY) * sum(map(counts.__getitem__, texts)):
        return None
    return max(others, key=counts.__getitem__, default=None)


def find_doubtful_date(texts: Iterable[str]) -> str | None:
    """Return one of the texts, if all look like 01/02/2025, day or month first."""
    first = list(islice(texts, _FIRST))
    return first[0] if first and all(_DOUBTFUL.fullmatch(text) for text in first) else None


def parse_dates(texts: Sequence[str], zone: str | None = None) -> np.ndarray:
    """Return the moments that texts name; NaT for those that name none.

    Parameters
    ----------
    texts : sequence of str
    zone : str or None
        The time zone whose clock is read. Texts that say how far they are from UTC
        are converted to it; others are times of that clock already. If it is None,
        so are all: what stands behind the time is left aside.

    Returns
    -------
    moments : datetime64[us] ndarray of shape (len(texts),)
    """
    uniform = _parse_uniform(texts)
    if uniform is not None:
        return uniform
    clock = None if zone is None else read_zone(zone)
    return np.array([_parse_date(text, clock) for text in texts], dtype=MOMENT)


def _parse_uniform(texts: Sequence[str]) -> np.ndarray | None:
    """Return the moments of texts that are all of one shape; None for others.

    NumPy parses them many times faster, and also what is no date.
    """
    length = len(texts[0]) if len(texts) else 0
    cells = np.array(texts, dtype=str)
    if length not in _LENGTHS or cells.dtype.itemsize != 4 * length:
        return None
    characters = cells.view(np.uint32).reshape(-1, length)  # (texts, length)
    for place, wanted in enumerate(_SHAPE[:length]):
        column = characters[:, place]
        if wanted == "0":
            fits = (column >= ord("0")) & (column <= ord("9"))
        else:
            fits = (column == ord(wanted)) | ((wanted == "T") & (column == ord(" ")))
        if not fits.all():
            return None
    try:
        return cells.astype(MOMENT)
    except ValueError:  # the 30th of February
        return None


def _parse_date(text: str, clock: datetime.tzinfo | None) -> datetime.datetime | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, _, month, day, time, offset = match.groups()
    written = f"{year}-{month:0>2}-{day:0>2}" + (f"T{time}{offset or ''}" if time else "")
    try:
        moment = datetime.datetime.fromisoformat(written)
    except ValueError:  # the 30th of February
        return None
    if clock is not None and moment.tzinfo is not None:
        moment = moment.astimezone(clock)
    return moment.replace(tzinfo=None)
