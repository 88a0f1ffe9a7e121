"""Where results come from: the data, the versions and the machine."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import joblib
import numpy as np

from sknet_hp.formatting.words import list_some
from sknet_hp.system.processors import count_cores

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

    The hash is joblib's, of the cells, the names and the types of columns.
    """
    shape = X.shape if hasattr(X, "shape") else np.shape(X)
    found = [("Rows", f"{shape[0]:,}"), ("Columns", f"{shape[1]:,}" if len(shape) > 1 else "1")]
    if hasattr(X, "columns"):
        found.append(("Names of columns", list_some([str(name) for name in X.columns], MOST_NAMED)))
    if getattr(y, "name", None) is not None:
        found.append(("Target", str(y.name)))
    return [*found, ("Fingerprint", str(joblib.hash([X, y])))]
