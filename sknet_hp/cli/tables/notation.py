"""Numbers and dates as people write them: 1,234.5 or 1.234,5, ? for none, 31.1.2025.

pandas reads them as text. As categories they would be worth little.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sknet_hp.cli.errors import list_names

if TYPE_CHECKING:
    import pandas as pd

MARKS = frozenset({"?", "-", "--", "–", "—", ".", "*"})
"""What stands for a missing number, beside what pandas knows."""


@dataclass(frozen=True)
class Notation:
    """How numbers are written.

    Attributes
    ----------
    pattern : of all numbers that are written so.
    groups : what separates groups of three digits.
    point : what separates the fraction.
    """

    pattern: re.Pattern[str]
    groups: str
    point: str

    def convert(self, text: str) -> str:
        """Return a number as Python writes it."""
        return text.translate(dict.fromkeys(map(ord, self.groups))).replace(self.point, ".")


PLAIN = Notation(re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?"), "", ".")
ENGLISH = Notation(re.compile(r"[-+]?([1-9]\d{0,2}([,']\d{3})+|\d+)(\.\d+)?"), ",'", ".")
CONTINENTAL = Notation(re.compile(r"[-+]?([1-9]\d{0,2}([.'\u00a0\u202f]\d{3})+|\d+)(,\d+)?"), ".'\u00a0\u202f", ",")

_DATE = re.compile(r"\s*(\d{1,2})\.(\d{1,2})\.(\d{4})(\s+\d{2}:\d{2}(:\d{2})?)?\s*")
"""With points between them, the day stands first wherever dates are written so."""


def read_notation(
    frame: "pd.DataFrame", text_columns: Sequence[str], separator: str
) -> tuple["pd.DataFrame", list[str]]:
    """Return a table with such columns as pandas knows them, and what was done.

    A column becomes numbers if all its cells are numbers in one notation, or marks; and
    dates such as 2025-01-31 if all of them are dates.

    Parameters
    ----------
    frame : a table as pandas has read it from a CSV file.
    text_columns : columns that are text, whatever they look like.
    separator : of the file. Where it is a comma, 1,234 is above a thousand; elsewhere
        it is a little above one.
    """
    notations = (PLAIN, ENGLISH, CONTINENTAL) if separator == "," else (PLAIN, CONTINENTAL, ENGLISH)
    read: dict[str, tuple[str, str]] = {}
    marked: dict[str, list[str]] = {}
    dates: dict[str, tuple[str, str]] = {}
    changed = frame.copy(deep=False)
    for name in frame.columns:
        texts = {} if name in text_columns else _list_texts(frame[name])
        if texts and all(map(_DATE.fullmatch, texts)):
            written = {text: _DATE.sub(_write_date, text) for text in texts}
            changed[name] = frame[name].map(written)
            dates[name] = next(iter(written.items()))
            continue
        numbers = {text: cell for text, cell in texts.items() if cell not in MARKS}
        notation = next((each for each in notations if all(map(each.pattern.fullmatch, numbers.values()))), None)
        if notation is None or not numbers:
            continue
        converted = {text: float(notation.convert(cell)) for text, cell in numbers.items()}
        changed[name] = frame[name].map(converted).astype(float)
        if notation is not PLAIN:
            example = next(cell for cell in numbers.values() if not PLAIN.pattern.fullmatch(cell))
            read[name] = (example, notation.convert(example))
        for mark in sorted(set(texts.values()) & MARKS):
            marked.setdefault(mark, []).append(name)
    return changed, [
        *_describe_notation(read, "numbers with commas"),
        *_describe_notation(dates, "dates with the day first"),
        *_describe_marks(marked),
    ]


def _write_date(match: re.Match[str]) -> str:
    day, month, year, time, _ = match.groups()
    return f"{year}-{month:0>2}-{day:0>2}" + (f" {time.strip()}" if time else "")


def _list_texts(column: "pd.Series") -> dict[str, str]:
    """Return the texts of a column, and what they are without spaces around them.

    None if there are other values.
    """
    from pandas.api import types

    if not (types.is_object_dtype(column) or types.is_string_dtype(column)):
        return {}
    values = column.dropna().unique().tolist()
    return {each: each.strip() for each in values} if all(isinstance(each, str) for each in values) else {}


def _describe_notation(read: dict[str, tuple[str, str]], what: str) -> Iterable[str]:
    if read:
        written, plain = next(iter(read.values()))
        holds = "the column {} holds" if len(read) == 1 else "the columns {} hold"
        yield f"{holds.format(list_names(read))} {what}: {written!r} is read as {plain}"


def _describe_marks(marked: dict[str, list[str]]) -> Iterable[str]:
    for mark, names in marked.items():
        yield f"{mark!r} is read as missing in the column{'s' if len(names) > 1 else ''} {list_names(names)}"
