"""Numbers as people read them."""

from typing import Any


def format_score(value: float) -> str:
    """Return a score to four digits after the point, large ones to fewer."""
    value = 0.0 if abs(value) < 5e-5 else value  # not -0.0000
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}" if abs(value) < 10_000 else f"{value:,.0f}"


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
