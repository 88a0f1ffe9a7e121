"""Numbers as people read them."""

from typing import Any

import numpy as np


def write_number(value: float) -> str:
    """Return a number with three or four digits that count."""
    size = abs(value)
    if not np.isfinite(value):
        return str(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if 0 < size < 1e-3:
        return f"{value:.2g}"
    return f"{value + 0.0:.4f}" if size < 10 else f"{value:.4g}"  # 0.0000, not -0.0000


def format_seconds(seconds: float) -> str:
    """Return a time as "42 s", "1:05 min" or "2:07 h"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours}:{minutes_left:02d} h" if hours else f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"


def format_value(value: Any) -> str:
    """Return a parameter's value, numbers with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else repr(value) if isinstance(value, str) else str(value)


def count(n: int, name: str) -> str:
    """Return a number with what is counted, which is given in the singular."""
    return f"{n:,} {name}{'' if n == 1 else 's'}"


def name_unit(resource: str) -> str:
    """Return what a resource is counted in, in the plural if it has one."""
    if resource == "n_samples":
        return "rows"
    return "epochs" if resource.endswith("max_epochs") else resource


def capitalise(text: str) -> str:
    """Return a text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]
