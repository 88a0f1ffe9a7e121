"""The exceptions of the command line, and how to name things in their sentences."""

import difflib
from collections.abc import Iterable

from sknet_hp.formatting.words import list_some


class BadInput(Exception):
    """Input that can't be used.

    Its text is one sentence that says what was received and what to do.
    """


class Interrupted(Exception):
    """Ctrl-C where something is left to say, which is its text."""


def list_names(names: Iterable[object], limit: int = 8) -> str:
    """Return names for a sentence, in quotes, cut after `limit` of them."""
    return list_some([repr(str(name)) for name in names], limit)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'age'?)`` where a known name is near, else nothing."""
    alike = {_normalise(other): other for other in known}
    near = difflib.get_close_matches(_normalise(name), list(alike), n=1)
    return f" (did you mean {alike[near[0]]!r}?)" if near else ""


def _normalise(name: str) -> str:
    """Return a name without what is easily mistaken: capitals, and spaces around it."""
    return name.strip().casefold()
