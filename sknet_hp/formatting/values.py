"""Values of parameters as people read them."""

from collections.abc import Mapping
from functools import partial
from numbers import Integral, Real
from typing import Any

MOST_LETTERS = 60


def format_value(value: Any, *, quoted: bool = False, most: int | None = MOST_LETTERS) -> str:
    """Return the value of a parameter.

    Numbers of four digits or fewer are as they were given, others have three digits.
    Classes and functions are named; estimators are what scikit-learn prints.

    Parameters
    ----------
    value : of any kind.
    quoted : whether text is in quotes, as in code. In tuples and lists it always is.
    most : letters after which it is cut; None to have it whole.
    """
    text = " ".join(_write(value, quoted).split())
    return text if most is None or len(text) <= most else f"{text[: most - 1]}…"


def format_params(params: Mapping[str, Any]) -> str:
    """Return parameters as in code: ``lr=0.001, activation='relu'``."""
    return ", ".join(f"{name}={format_value(value, quoted=True, most=None)}" for name, value in params.items())


def _write(value: Any, quoted: bool) -> str:
    if isinstance(value, str):
        return repr(str(value)) if quoted else str(value)
    if isinstance(value, Real) and not isinstance(value, (bool, Integral)):
        return _write_float(float(value))
    if type(value) in (tuple, list):
        items = ", ".join(_write(item, quoted=True) for item in value)
        return f"[{items}]" if isinstance(value, list) else f"({items}{',' if len(value) == 1 else ''})"
    if isinstance(value, partial):
        return _write(value.func, quoted)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
        return str(value.__name__)
    return str(value)


def _write_float(value: float) -> str:
    if 1000 <= abs(value) < 1e15:
        return f"{value:.0f}"
    short = f"{value:.4g}"
    return short if float(short) == value else f"{value:.3g}"
