"""Words and lists of words in sentences."""

from collections.abc import Sequence


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
