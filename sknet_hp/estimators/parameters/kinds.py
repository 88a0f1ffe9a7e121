"""The entry of a hyperparameter, and the kinds of values that several have."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, NamedTuple

from sklearn.utils._param_validation import Interval, StrOptions


class Hyperparameter(NamedTuple):
    """One hyperparameter.

    Attributes
    ----------
    type : what may be given, in words; None where the choices say it.
    allowed : constraints of scikit-learn's kind.
    text : what it does.
    search : over which range to search it, in words; empty where that is no use.
    source : who says so.
    advice : when it matters, and what it depends on.
    """

    type: str | None
    allowed: list[Any]
    text: str
    search: str = ""
    source: str = ""
    advice: str = ""

    @property
    def full_text(self) -> str:
        """What it does, and the range to search."""
        source = f" ({self.source})" if self.source else ""
        return f"{self.text} Search over {self.search}{source}." if self.search else self.text + source

    def describe_type(self, default: Any) -> str:
        """Return the type and the default, as numpydoc has it."""
        if self.type is not None:
            return f"{self.type}, default={default!r}"
        (options,) = (choice.options for choice in self.allowed if isinstance(choice, StrOptions))
        ordered = sorted(options, key=lambda name: (name != default, name))
        return (
            "{"
            + ", ".join(f'"{name}"' for name in ordered)
            + "}"
            + (" or None" if None in self.allowed else "")
            + f", default={default!r}"
        )


def allow_one_of(names: Iterable[str]) -> list[Any]:
    """Return constraints that allow these strings; None too, where it means "none"."""
    allowed = set(names)
    return [StrOptions(allowed), *([None] if "none" in allowed else [])]


def allow_at_least(low: int) -> list[Any]:
    """Return constraints that allow whole numbers from `low` on."""
    return [Interval(Integral, low, None, closed="left")]


POSITIVE = [Interval(Real, 0, None, closed="neither")]
NOT_NEGATIVE = [Interval(Real, 0, None, closed="left")]
SHARE = [Interval(Real, 0, 1, closed="left")]
SHARE_OR_ALL = [Interval(Real, 0, 1, closed="both")]
SWITCH = ["boolean"]

GORISHNIY = "Gorishniy et al. 2021"
BENGIO = "Bengio 2012"
GODBOLE = "Godbole et al. 2023"
FALLING = ("constant", "linear", "cosine", "flat_cos")
