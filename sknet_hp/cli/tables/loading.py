"""Tables from CSV, Parquet and scikit-learn.

Those that are not what they claim to be are refused with one sentence.
"""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sknet_hp.cli.errors import BadInput, list_names, suggest, suggest_path
from sknet_hp.cli.memory import is_out_of_memory, require_memory

if TYPE_CHECKING:
    import pandas as pd

CSV_ENDINGS = (".csv", ".csv.gz")
PARQUET_ENDINGS = (".parquet", ".pq")
BUNDLED = ("iris", "wine", "breast_cancer", "digits", "diabetes")
BUNDLED_TARGET = "target"

_BYTES_PER_CELL = 16  # a number, and the copy that parsing makes
_ROWS_BETWEEN_MEMORY_CHECKS = 100_000


def load_table(source: str, text_columns: list[str] | None = None) -> "pd.DataFrame":
    """Read a table.

    Parameters
    ----------
    source : str
        A path ending in ``.csv``, ``.csv.gz`` or ``.parquet``, or ``sklearn:NAME``.
    text_columns : list of str, default=None
        Columns of a CSV to read as text, whatever they look like.

    Returns
    -------
    DataFrame
        Shape (rows, columns); the columns' names are distinct strings.

    Raises
    ------
    BadInput
        If there is no such table, if it can't be read, or if it does not fit into
        memory.
    """
    require_table(source)
    if source.startswith("sklearn:"):
        return _load_bundled(source.removeprefix("sklearn:"))
    path = Path(source)
    name = path.name.lower()
    try:
        frame = _load_csv(path, text_columns or []) if name.endswith(CSV_ENDINGS) else _load_parquet(path)
    except PermissionError:
        raise BadInput(f"{source!r} can't be read: you have no permission, ask for it or copy the file") from None
    if len(frame) == 0:
        raise BadInput(f"{source!r} has a header with {frame.shape[1]} columns, but no rows: give a table with data")
    frame.columns = frame.columns.astype(str)
    return frame


def is_table_name(source: str) -> bool:
    """Return whether a word looks like the name of a table."""
    return source.startswith("sklearn:") or source.lower().endswith(CSV_ENDINGS + PARQUET_ENDINGS)


def require_table(source: str) -> None:
    """Check that there is a file that may be a table, without reading it.

    Raises
    ------
    BadInput
        If there is none, or its name says that it is something else.
    """
    if source.startswith("sklearn:"):
        return
    path = Path(source)
    if not path.exists():
        raise BadInput(
            f"there is no file {source!r}{suggest_path(path, lambda other: is_table_name(other.name))}: give the path "
            f"of a CSV or Parquet file, or sklearn:NAME with NAME one of {list_names(BUNDLED)}"
        )
    if path.is_dir():
        raise BadInput(f"{source!r} is a directory, not a table: give the path of a CSV or Parquet file")
    if not path.is_file():
        raise BadInput(
            f"{source!r} is a device, a pipe or a socket, which is read once and may never end: copy what comes out "
            f"of it into a file"
        )
    if not path.name.lower().endswith(CSV_ENDINGS + PARQUET_ENDINGS):
        raise BadInput(
            f"{source!r} does not end in {', '.join(CSV_ENDINGS + PARQUET_ENDINGS)}: convert it to CSV or "
            f"Parquet, or rename it"
        )


def shorten_source(source: str) -> str:
    """Return the table's short name, for the directory with its results."""
    name = source.removeprefix("sklearn:") if source.startswith("sklearn:") else Path(source).name
    for ending in sorted(CSV_ENDINGS + PARQUET_ENDINGS, key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)] or "table"
    return name


def _load_bundled(name: str) -> "pd.DataFrame":
    from sklearn import datasets

    if name == "california_housing":
        try:
            return datasets.fetch_california_housing(as_frame=True, download_if_missing=False).frame.rename(
                columns={"MedHouseVal": BUNDLED_TARGET}
            )
        except OSError:
            raise BadInput(
                "sklearn:california_housing is not on this machine and nothing is downloaded here: run "
                "sklearn.datasets.fetch_california_housing() once in Python, or give the table as a CSV file"
            ) from None
    if name not in BUNDLED:
        raise BadInput(
            f"scikit-learn has no table {name!r}{suggest(name, BUNDLED)}: use one of {list_names(BUNDLED)}, or a file"
        )
    return getattr(datasets, f"load_{name}")(as_frame=True).frame


def _load_csv(path: Path, text_columns: list[str]) -> "pd.DataFrame":
    _check_csv(path)
    import pandas as pd

    try:
        # low_memory=False: a column's type follows from all of its cells, not from those of a chunk
        return pd.read_csv(path, encoding="utf-8-sig", low_memory=False, dtype=dict.fromkeys(text_columns, "str"))
    except (pd.errors.ParserError, ValueError) as error:
        if is_out_of_memory(error):  # pandas reports that as an error of the file
            raise MemoryError from error
        raise BadInput(
            f"{str(path)!r} can't be read as CSV ({_read_first_line(error)}): repair or export it again"
        ) from error


def _check_csv(path: Path) -> None:
    """Check what pandas would quietly put up with, and the size.

    Equal names, lines of unequal length, binary content.
    """
    n_rows, n_characters = 0, 0
    with _open_text(path) as text:
        lines = csv.reader(_refuse_zero_bytes(text, path))
        header = next((line for line in lines if line), None)
        if header is None:
            raise BadInput(f"{str(path)!r} is empty: give a CSV file with a header line and rows")
        _check_separated_by_commas(header, path)
        _check_distinct(header, path)
        for line in lines:
            if not line:
                continue
            if len(line) != len(header):
                raise BadInput(
                    f"line {lines.line_num} of {str(path)!r} has {len(line)} fields and the header has {len(header)}: "
                    f"repair the line; fields are separated by commas, and text with commas in it stands in double "
                    f"quotes"
                )
            n_rows += 1
            n_characters += sum(map(len, line))
            if n_rows % _ROWS_BETWEEN_MEMORY_CHECKS == 0:
                _require_memory_for_table(path, n_rows, len(header), n_characters)
    _require_memory_for_table(path, n_rows, len(header), n_characters)


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    """Open a CSV, zipped or not, and say what is wrong where its bytes are no text."""
    zipped = path.name.lower().endswith(".gz")
    try:
        if zipped:
            with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as text:
                yield text
        else:
            with path.open(encoding="utf-8-sig", newline="") as text:
                yield text
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(
            f"{str(path)!r} is not a complete gzip file ({_read_first_line(error)}): copy or compress it again"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{str(path)!r} is not UTF-8 text (byte {error.start}): save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise BadInput(
            f"{str(path)!r} can't be read as CSV ({_read_first_line(error)}): repair or export it again"
        ) from error


def _refuse_zero_bytes(lines: TextIO, path: Path) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise BadInput(f"{str(path)!r} is not text, it has zero bytes in it: save it as CSV in UTF-8")
        yield line


def _load_parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            _check_distinct(file.schema_arrow.names, path)
            metadata = file.metadata
            n_bytes = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
            _require_memory_for_table(path, metadata.num_rows, metadata.num_columns, n_bytes)
        frame = pd.read_parquet(path)
        # What pandas has written as a named index is a column of the file like others.
        return frame if all(name is None for name in frame.index.names) else frame.reset_index()
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, PermissionError | MemoryError):
            raise
        raise BadInput(
            f"{str(path)!r} can't be read as Parquet ({_read_first_line(error)}): export it again"
        ) from error


def _check_separated_by_commas(header: list[str], path: Path) -> None:
    for separator, name in {";": "semicolons", "\t": "tabs", "|": "vertical bars"}.items():
        if len(header) == 1 and separator in header[0]:
            raise BadInput(
                f"the header of {str(path)!r} has one column, {header[0][:60]!r}, as if fields were separated by "
                f"{name}: separate them by commas, in numbers write a point for a decimal comma"
            )


def _check_distinct(names: list[str], path: Path) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise BadInput(
            f"{str(path)!r} has several columns named {list_names(repeated)}: give each column a different name"
        )


def _require_memory_for_table(path: Path, n_rows: int, n_columns: int, n_characters: int) -> None:
    require_memory(
        n_rows * n_columns * _BYTES_PER_CELL + n_characters,
        f"reading {str(path)!r} ({n_rows:,} rows or more, {n_columns:,} columns)",
    )


def _read_first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
