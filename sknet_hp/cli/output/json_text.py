"""JSON, which knows neither NumPy's numbers nor NaN."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def convert_to_json(value: Any) -> Any:
    """Return plain Python for JSON; what is not finite becomes null.

    What JSON has no type for, such as a layer's class, becomes its text.
    """
    if isinstance(value, Mapping):
        return {str(name): convert_to_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [convert_to_json(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def write_json(value: Any) -> str:
    """Return a value as JSON, over several lines, with a newline at the end."""
    return json.dumps(convert_to_json(value), indent=2, allow_nan=False) + "\n"


def print_json(value: Any) -> None:
    """Print a value as one JSON object on standard output."""
    sys.stdout.write(write_json(value))


def describe_table(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return a table for JSON, an object for each row."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
