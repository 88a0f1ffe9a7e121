"""Parameters and times as people read them."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any


def write_value(value: Any) -> str:
    """Return the value of a parameter: numbers in three digits, text as it is."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return str(value)
    if isinstance(value, Integral):
        return f"{int(value):,}" if abs(int(value)) >= 10_000 else str(int(value))
    if isinstance(value, Real):
        return f"{float(value):.3g}"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def write_params(params: Mapping[str, Any]) -> str:
    """Return parameters as ``lr=0.001, width=64``."""
    return ", ".join(f"{name}={write_value(value)}" for name, value in params.items())


def write_seconds(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def write_resource(amount: float, name: str) -> str:
    """Return an amount of what candidates are given, such as "1 epoch", "27 epochs"."""
    return f"{amount:,.6g} {name.removesuffix('s') if amount == 1 else name}"


def join(texts: list[str]) -> str:
    """Return texts as an enumeration: "a, b and c"."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}" if texts else ""
