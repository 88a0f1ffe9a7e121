"""What else belongs to the subject of a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Extras:
    """What else belongs to the subject of a page.

    Attributes
    ----------
    evaluation : NestedResult of the same search, or None.
    comparison : Comparison with other models, or None.
    X, y : the data, or None.
    notes : what else belongs to its origin, by name.
    next_steps : sentences with the code of each, in place of what a page would show.
    """

    evaluation: Any = None
    comparison: Any = None
    X: Any = None
    y: Any = None
    notes: Mapping[str, str] = field(default_factory=dict)
    next_steps: Mapping[str, str] | None = None
