"""Words and lists of words in sentences."""

from collections.abc import Sequence
from textwrap import fill


def capitalise(text: str) -> str:
    """Return a text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def join_words(words: Sequence[str]) -> str:
    """Return an enumeration: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def list_some(words: Sequence[str], most: int, separator: str = ", ") -> str:
    """Return a list, cut where it is long: "a, b and 5 more", "a; b; and 5 more"."""
    shown, more = separator.join(words[:most]), len(words) - most
    return f"{shown}{' ' if separator == ', ' else separator}and {more:,} more" if more > 0 else shown


def wrap_line(line: str, width: int = 88) -> str:
    """Return a line in as many lines as it takes, the further ones indented."""
    indent = line[: len(line) - len(line.lstrip())]
    return fill(line, width, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False)
