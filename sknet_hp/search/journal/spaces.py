"""Search spaces as JSON can hold them, and back."""

from typing import Any

from sknet_hp.search.journal.plain import Text, from_plain, to_plain_or_text
from sknet_hp.search.spaces.dimensions import Choice, Dimension, Range
from sknet_hp.search.spaces.space import Space

Branches = list[dict[str, Dimension]]


def pack_space(space: Space) -> Any:
    """Return a space as plain values."""
    return [{name: _pack(dimension) for name, dimension in branch.items()} for branch in space.branches]


def unpack_space(packed: Any) -> Branches:
    """Return the branches of a space that `pack_space` was given.

    Values that JSON cannot hold, and distributions without bounds, are their text.
    """
    return [{name: _unpack(content) for name, content in branch.items()} for branch in packed]


def _pack(dimension: Dimension) -> dict[str, Any]:
    if isinstance(dimension, Choice):
        return {"choices": [to_plain_or_text(value) for value in dimension.values]}
    numbers = {name: getattr(dimension, name) for name in ("low", "high", "log", "integer")}
    return {name: to_plain_or_text(value) for name, value in numbers.items()} | {"text": repr(dimension.distribution)}


def _unpack(content: dict[str, Any]) -> Dimension:
    if "choices" in content:
        return Choice([from_plain(value) for value in content["choices"]])
    low, high, log, integer = (from_plain(content[name]) for name in ("low", "high", "log", "integer"))
    if low is None or high is None:
        return Range(Text(content["text"]), integer=integer, low=low, high=high, log=log)
    return Range.from_bounds(low, high, log=log, integer=integer)
