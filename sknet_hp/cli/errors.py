"""The exceptions of the command line, and how to name things in their sentences."""

import difflib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from sknet_hp.formatting.words import list_some


class BadInput(Exception):
    """Input that can't be used.

    Parameters
    ----------
    sentence : what was received and what to do.
    instead : the command as it should be, where that is known.
    """

    def __init__(self, sentence: str, instead: str = ""):
        super().__init__(sentence)
        self.instead = instead


class Interrupted(Exception):
    """Ctrl-C where something is left to say, which is its text."""


def list_names(names: Iterable[object], limit: int = 8) -> str:
    """Return names for a sentence, in quotes, cut after `limit` of them."""
    return list_some([repr(str(name)) for name in names], limit)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'age'?)`` where a known name is near, else nothing."""
    near = find_near(name, known)
    return f" (did you mean {near!r}?)" if near else ""


def suggest_path(path: Path, is_meant: Callable[[Path], bool]) -> str:
    """Return `` (did you mean 'data/age.csv'?)`` where a path of a near name is.

    Parameters
    ----------
    path : that is not there.
    is_meant : which of the paths beside it may be meant.
    """
    beside: dict[str, Path] = {}
    with suppress(OSError):
        beside = {other.name: path.with_name(other.name) for other in path.parent.iterdir() if is_meant(other)}
    near = find_near(path.name, beside)
    return f" (did you mean {str(beside[near])!r}?)" if near else ""


def find_near(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to another, if one is near."""
    alike = {_normalise(other): other for other in known}
    near = difflib.get_close_matches(_normalise(name), list(alike), n=1)
    return alike[near[0]] if near else None


def _normalise(name: str) -> str:
    """Return a name without what is easily mistaken: capitals, and spaces around it."""
    return name.strip().casefold()
