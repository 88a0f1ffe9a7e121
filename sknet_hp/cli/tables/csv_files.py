"""Tables from text files.

How they are written is found out, and what is no table is refused.
"""

import codecs
import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from sknet_hp.cli.errors import BadInput, list_names
from sknet_hp.cli.memory import is_out_of_memory, require_memory

if TYPE_CHECKING:
    import pandas as pd

UTF_8, UTF_16, WESTERN = "utf-8-sig", "utf-16", "cp1252"
"""Encodings: of most files, of some that spreadsheets write, and of old ones."""

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

_BYTES_PER_CELL = 16  # a number, and the copy that parsing makes
_FIRST_LINES = 20  # by which the separator is chosen
_ROWS_BETWEEN_MEMORY_CHECKS = 100_000
_BYTES_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Dialect:
    """How a file is written: its encoding, and what stands between fields."""

    encoding: str
    separator: str


def load_csv(path: Path, text_columns: list[str]) -> tuple["pd.DataFrame", Dialect]:
    """Read a CSV file, whatever separates its fields.

    Raises
    ------
    BadInput
        If it is not text, not a table, or too large.
    """
    dialect = find_dialect(path)
    _check_csv(path, dialect)
    import pandas as pd

    try:
        frame = pd.read_csv(
            path,
            sep=dialect.separator,
            encoding=dialect.encoding,
            low_memory=False,  # a column's type follows from all of its cells, not from those of a chunk
            dtype=dict.fromkeys(text_columns, "str"),
            **({"float_precision": "round_trip"} if pd.__version__.startswith("2.") else {}),  # later ones always do
        )
    except (pd.errors.ParserError, ValueError) as error:
        if is_out_of_memory(error):  # pandas reports that as an error of the file
            raise MemoryError from error
        raise BadInput(
            f"{str(path)!r} can't be read as CSV ({read_first_line(error)}): repair or export it again"
        ) from error
    return frame, dialect


def find_dialect(path: Path) -> Dialect:
    """Return how a file is written.

    Raises
    ------
    BadInput
        If it is not text.
    """
    encoding = _find_encoding(path)
    with _open_text(path, encoding) as text:
        head = list(islice(text, _FIRST_LINES))
    return Dialect(encoding, choose_separator(head))


def _find_encoding(path: Path) -> str:
    with _open_bytes(path) as file:
        start = file.read(2)
        if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return UTF_16
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk = start
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(_BYTES_AT_ONCE)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return WESTERN
    return UTF_8


def choose_separator(head: list[str]) -> str:
    """Return what separates the fields of the first lines of a file.

    That which gives the header the most fields, and before others one that gives all of
    the lines as many.
    """
    ranks = {}
    for separator in SEPARATORS:
        try:
            lengths = [len(line) for line in csv.reader(head, delimiter=separator) if line]
        except csv.Error:
            lengths = []
        n_fields = lengths[0] if lengths else 0
        # The last record may be cut where the first lines end.
        ranks[separator] = (n_fields > 1 and set(lengths[1:-1]) <= {n_fields}, n_fields)
    return max(ranks, key=ranks.__getitem__)  # of equals, the first


def _check_csv(path: Path, dialect: Dialect) -> None:
    """Check what pandas would quietly put up with, and the size.

    Equal names, lines of unequal length, binary content.
    """
    n_rows, n_characters = 0, 0
    with _open_text(path, dialect.encoding) as text:
        lines = csv.reader(_refuse_zero_bytes(text, path), delimiter=dialect.separator)
        header = next((line for line in lines if line), None)
        if header is None:
            raise BadInput(f"{str(path)!r} is empty: give a CSV file with a header line and rows")
        check_distinct(header, path)
        for line in lines:
            if not line:
                continue
            if len(line) != len(header):
                raise BadInput(_explain_length(path, dialect, lines.line_num, line, header))
            n_rows += 1
            n_characters += sum(map(len, line))
            if n_rows % _ROWS_BETWEEN_MEMORY_CHECKS == 0:
                require_memory_for_table(path, n_rows, len(header), n_characters)
    require_memory_for_table(path, n_rows, len(header), n_characters)


def _explain_length(path: Path, dialect: Dialect, number: int, line: list[str], header: list[str]) -> str:
    if len(header) == 1 and len(line) > 1:
        return (
            f"the first line of {str(path)!r}, {header[0][:60]!r}, has one field and line {number} has {len(line)}: "
            f"the first line must name the columns, remove what stands before it"
        )
    separator = SEPARATORS[dialect.separator]
    return (
        f"line {number} of {str(path)!r} has {len(line)} field{'s' if len(line) != 1 else ''} and the header has "
        f"{len(header)}: repair the line; fields are separated by {separator}, and text with {separator} in it stands "
        f"in double quotes"
    )


def _open_bytes(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


@contextmanager
def _open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    open_any: Any = gzip.open if path.name.lower().endswith(".gz") else open
    with open_any(path, "rt", encoding=encoding, newline="") as text:
        yield text


@contextmanager
def explain_bad_bytes(path: Path) -> Iterator[None]:
    """Say what is wrong where a file is no text, or no whole gzip file."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(
            f"{str(path)!r} is not a complete gzip file ({read_first_line(error)}): copy or compress it again"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{str(path)!r} is not text (byte {error.start}): save it as CSV in UTF-8, or as Parquet"
        ) from error
    except csv.Error as error:
        raise BadInput(
            f"{str(path)!r} can't be read as CSV ({read_first_line(error)}): repair or export it again"
        ) from error


def _refuse_zero_bytes(lines: TextIO, path: Path) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise BadInput(f"{str(path)!r} is not text, it has zero bytes in it: save it as CSV in UTF-8")
        yield line


def check_distinct(names: list[str], path: Path) -> None:
    """Refuse columns of the same name."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise BadInput(
            f"{str(path)!r} has several columns named {list_names(repeated)}: give each column a different name"
        )


def require_memory_for_table(path: Path, n_rows: int, n_columns: int, n_characters: int) -> None:
    """Refuse a table that does not fit into memory."""
    require_memory(
        n_rows * n_columns * _BYTES_PER_CELL + n_characters,
        f"reading {str(path)!r} ({n_rows:,} rows or more, {n_columns:,} columns)",
    )


def read_first_line(error: BaseException) -> str:
    """Return the first line of an error's message, for the middle of a sentence."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
