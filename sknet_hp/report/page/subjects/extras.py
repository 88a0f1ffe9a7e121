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
    """

    evaluation: Any = None
    comparison: Any = None
    X: Any = None
    y: Any = None
    notes: Mapping[str, str] = field(default_factory=dict)
