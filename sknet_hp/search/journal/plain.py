"""Values as JSON can hold them, and back, none of them changed."""

import math
from typing import Any

import numpy as np

from sknet_hp.findings.finding import Finding


class Text:
    """Stands for something that JSON cannot hold, such as a function or an estimator.

    Parameters
    ----------
    text : what it was written as.
    """

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def to_plain(value: Any) -> Any:
    """Return a value as lists, dicts of a name to a value, and Python's own numbers.

    Raises
    ------
    TypeError
        If it is something else, such as a function or an estimator.
    """
    if value is None or isinstance(value, (bool, str)):
        return str(value) if isinstance(value, np.str_) else value
    if isinstance(value, np.generic):
        return {"numpy": [value.dtype.str, to_plain(value.item())]}
    if type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) in (list, tuple):
        return {type(value).__name__: [to_plain(part) for part in value]}
    if type(value) is dict:
        return {"dict": [[to_plain(key), to_plain(part)] for key, part in value.items()]}
    raise TypeError(f"{value!r} ({type(value).__name__}) cannot be written as plain values")


def to_plain_or_text(value: Any) -> Any:
    """Return a value as `to_plain` does; what it refuses, as the text of its `repr`."""
    try:
        return to_plain(value)
    except TypeError:
        return {"text": " ".join(repr(value).split())}


def from_plain(value: Any) -> Any:
    """Return the value that `to_plain` was given."""
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind == "numpy":
        name, item = content
        return np.dtype(name).type(from_plain(item))
    if kind == "text":
        return Text(content)
    if kind == "float":
        return float(content)
    if kind == "dict":
        return {from_plain(key): from_plain(part) for key, part in content}
    parts = [from_plain(part) for part in content]
    return parts if kind == "list" else tuple(parts)


def pack_finding(finding: Finding) -> Any:
    """Return a finding as plain values; without its remedy, if that holds others."""
    words = {name: getattr(finding, name) for name in ("code", "severity", "message", "advice", "subject")}
    numbers = {"evidence": dict(finding.evidence), "remedy": dict(finding.remedy)}
    for name, part in numbers.items():
        try:
            words[name] = part if to_plain(part) is not None else {}
        except TypeError:  # distributions of a wider space, say
            words[name] = {}
    return to_plain(words)


def unpack_finding(packed: Any) -> Finding:
    """Return the finding that `pack_finding` was given."""
    return Finding(**from_plain(packed))
