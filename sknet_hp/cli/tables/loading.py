"""Tables from CSV, Parquet and scikit-learn.

Those that are not what they claim to be are refused with one sentence.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sknet_hp.cli.errors import BadInput, list_names, suggest, suggest_path
from sknet_hp.cli.tables.csv_files import (
    WESTERN,
    check_distinct,
    explain_bad_bytes,
    load_csv,
    read_first_line,
    require_memory_for_table,
)
from sknet_hp.cli.tables.notation import read_notation

if TYPE_CHECKING:
    import pandas as pd

CSV_ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
PARQUET_ENDINGS = (".parquet", ".pq")
SPREADSHEET_ENDINGS = (".xlsx", ".xls", ".xlsm", ".ods")
BUNDLED = ("iris", "wine", "breast_cancer", "digits", "diabetes")
BUNDLED_TARGET = "target"


def load_table(source: str, text_columns: list[str] | None = None) -> "pd.DataFrame":
    """Read a table, as `read_table` does, without what there is to say of it."""
    return read_table(source, text_columns)[0]


def read_table(source: str, text_columns: list[str] | None = None) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """Read a table, and say what in it was not taken as it is written.

    Parameters
    ----------
    source : str
        A path ending in one of `CSV_ENDINGS` or `PARQUET_ENDINGS`, or ``sklearn:NAME``.
    text_columns : list of str, default=None
        Columns of a CSV to read as text, whatever they look like.

    Returns
    -------
    table : DataFrame of shape (rows, columns)
        The columns' names are distinct strings.
    notes : tuple of str
        A sentence each.

    Raises
    ------
    BadInput
        If there is no such table, if it can't be read, or if it does not fit into
        memory.
    """
    require_table(source)
    if source.startswith("sklearn:"):
        return _load_bundled(source.removeprefix("sklearn:")), ()
    path = Path(source)
    notes: list[str] = []
    try:
        if path.name.lower().endswith(CSV_ENDINGS):
            with explain_bad_bytes(path):
                frame, dialect = load_csv(path, text_columns or [])
            frame, notes = read_notation(frame, text_columns or [], dialect.separator)
            if dialect.encoding == WESTERN:
                notes.insert(
                    0, f"{source!r} is not UTF-8 and is read as Windows-1252: if letters are wrong, save it as UTF-8"
                )
        else:
            frame = _load_parquet(path)
    except PermissionError:
        raise BadInput(f"{source!r} can't be read: you have no permission, ask for it or copy the file") from None
    if len(frame) == 0:
        raise BadInput(f"{source!r} has a header with {frame.shape[1]} columns, but no rows: give a table with data")
    frame.columns = frame.columns.astype(str)
    return frame, tuple(notes)


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
    if "://" in source:
        raise BadInput(f"{source!r} is an address, and tables are read from files: download it first")
    if source == "-":
        raise BadInput("'-' is no file, and tables are not read from standard input: copy what comes in into a file")
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
    if path.name.lower().endswith(SPREADSHEET_ENDINGS):
        raise BadInput(
            f"{source!r} is a spreadsheet: save it as CSV in the program that made it (semicolons and decimal commas "
            f"are understood), and give that file"
        )
    if not is_table_name(source):
        raise BadInput(
            f"{source!r} does not end in .csv, .tsv, .txt (or one of these and .gz) or .parquet: convert it to CSV or "
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


def _load_parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            check_distinct(file.schema_arrow.names, path)
            metadata = file.metadata
            n_bytes = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
            require_memory_for_table(path, metadata.num_rows, metadata.num_columns, n_bytes)
        frame = pd.read_parquet(path)
        # What pandas has written as a named index is a column of the file like others.
        return frame if all(name is None for name in frame.index.names) else frame.reset_index()
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, PermissionError | MemoryError):
            raise
        raise BadInput(f"{str(path)!r} can't be read as Parquet ({read_first_line(error)}): export it again") from error
