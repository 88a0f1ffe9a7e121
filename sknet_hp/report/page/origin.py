"""Where results come from: the data, the versions and the machine."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from sknet_hp.formatting.words import list_some
from sknet_hp.system.processors import count_cores

if TYPE_CHECKING:
    import pandas as pd

_PACKAGES = ("sknet_hp", "scikit-learn", "torch", "skorch", "numpy", "scipy", "pandas", "numba", "joblib")
MOST_NAMED = 40
"""So many names of columns are listed."""


def list_versions() -> list[tuple[str, str]]:
    """Return Python and the packages that numbers depend on, with their versions."""
    found = [("Python", platform.python_version())]
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:  # a source tree, say
            continue
    return found


def describe_machine() -> list[tuple[str, str]]:
    """Return what the machine is that writes the page; nothing that names it."""
    return [
        ("System", f"{platform.system()} on {platform.machine()}"),
        ("Processor", _find_processor()),
        ("Cores", str(count_cores())),
    ]


def _find_processor() -> str:
    """Return the name of the processor, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def describe_data(X: Any, y: Any) -> list[tuple[str, str]]:
    """Return what tells a table from others: its size, its columns, and a hash.

    The hash is of the cells and the names of columns, whatever types hold them: a
    table has one fingerprint, however it was read.
    """
    shape = X.shape if hasattr(X, "shape") else np.shape(X)
    found = [("Rows", f"{shape[0]:,}"), ("Columns", f"{shape[1]:,}" if len(shape) > 1 else "1")]
    if hasattr(X, "columns"):
        found.append(("Names of columns", list_some([str(name) for name in X.columns], MOST_NAMED)))
    if getattr(y, "name", None) is not None:
        found.append(("Target", str(y.name)))
    return [*found, ("Fingerprint", _hash_table(X, y))]


def _hash_table(X: Any, y: Any) -> str:
    """Return a hash of the features and the target of a table."""
    return str(joblib.hash([_hash_cells(X), None if y is None else _hash_cells(y)]))


def _hash_cells(part: Any) -> Any:
    """Return a hash of each row and the names of columns.

    What is no plain table is returned as it is.
    """
    import pandas as pd

    if isinstance(part, pd.Series):
        part = part.to_frame(name="")
    if isinstance(part, (list, tuple, np.ndarray)) and np.ndim(part) in (1, 2):
        part = pd.DataFrame(np.asarray(part)).infer_objects()
        part.columns = [""] if part.shape[1] == 1 else part.columns
    if not isinstance(part, pd.DataFrame):
        return part
    return "\n".join(map(str, part.columns)), hash_rows(part)


def hash_rows(table: "pd.DataFrame") -> np.ndarray:
    """Return a hash of 64 bits for each row, whatever types hold its cells."""
    import pandas as pd

    plain = {place: _make_plain(table.iloc[:, place]) for place in range(table.shape[1])}
    return pd.util.hash_pandas_object(pd.DataFrame(plain), index=False).to_numpy()


def _make_plain(column: Any) -> Any:
    """Return a column as floats or as text: the same cells must have the same hash."""
    from pandas.api import types

    column = column.infer_objects()
    numeric = types.is_numeric_dtype(column) and not types.is_complex_dtype(column)
    return column.astype("float64") if numeric else column.astype("str")
