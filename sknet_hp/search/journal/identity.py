"""What a search is a function of, as short digests that are the same in every process.

Functions and classes that a user may edit between two runs are their code and what it
refers to; those of installed packages are their names.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

from sknet_hp.fusion.detection import TrainsNetworks
from sknet_hp.search.journal.description import Description, hash_text
from sknet_hp.search.spaces.dimensions import Choice
from sknet_hp.search.spaces.space import Space

_CHANGING: set[str] = set()
"""What has changed while searches of this process ran, though nobody edited it.

A list that a scorer adds to, say.
"""


def digest(value: Any) -> str:
    """Return a short digest of a value, the same in every process.

    It may be a plain value, an array, a table, an estimator, a function or a class.
    """
    return hash_text(Description().describe_whole(value))


def outline(value: Any) -> str:
    """Return a digest that tells an object from others of the same search.

    Code and state of the search are compared as a whole.
    """
    return hash_text(Description().describe_outline(value))


class Identity:
    """What a search is a function of, part by part.

    Parameters
    ----------
    digests : parts that are digests already.
    objects : parts that hold code of the user's, and objects that may change while the
        search runs.

    Attributes
    ----------
    changing : names of what is not compared, as it changes while the search runs.
    parts : digests of all parts.
    named : digests of the user's functions, classes, and what else these refer to, by
        name.
    uncompared : what can not be compared, in words.
    """

    def __init__(self, digests: Mapping[str, str], objects: Mapping[str, Any] | None = None):
        self._digests, self._objects = dict(digests), dict(objects or {})
        self._describe(_CHANGING)

    def leave_out(self, changing: Iterable[str]) -> None:
        """Leave out what is `changing`, as a search did that was begun elsewhere."""
        if self.changing != set(changing):
            self._describe(changing)

    def _describe(self, changing: Iterable[str]) -> None:
        self.changing = set(changing)
        self.parts, self.named, self.uncompared = dict(self._digests), dict[str, str](), set[str]()
        for name, value in self._objects.items():
            description = Description(self.changing)
            self.parts[name] = hash_text(description.describe_whole(value))
            self.named |= description.named
            self.uncompared |= description.uncompared

    def note_changes(self) -> bool:
        """Leave out what has changed since it was compared.

        Returns
        -------
        bool
            Whether anything has.
        """
        before = self.named
        self._describe(self.changing)
        found = {name for name, known in self.named.items() if before.get(name, known) != known}
        if found:
            _CHANGING.update(found)
            self._describe(self.changing | found)
        return bool(found)


def warn_of_uncompared(identity: Identity, path: Any, what: str, close: Callable[[], object]) -> None:
    """Warn, on behalf of who opened a journal, of code that cannot be compared.

    Parameters
    ----------
    identity : compared with that of the journal.
    path : of the journal, as the user gave it.
    what : has a journal, such as "search".
    close : lets others into the journal; called where warnings are errors.
    """
    if not identity.uncompared:
        return
    try:
        warnings.warn(
            f"journal={path!r} cannot compare all of your code with what it was when the {what} began: "
            f"{'; '.join(sorted(identity.uncompared))}. If you change that, give another path to start again",
            UserWarning,
            stacklevel=4,
        )
    except UserWarning:
        close()
        raise


def list_differences(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the names of what is not the same in both."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def find_unseeded_networks(estimator: Any, space: Space) -> list[str]:
    """Return the names of parameters that are seeds which networks have not got.

    The networks are those within an estimator, and those that a space has for choices.
    What holds a network, and has a seed of its own, gives it one.
    """
    known = {"": estimator, **estimator.get_params(deep=True)}
    chosen = {
        name: value
        for branch in space.branches
        for name, d in branch.items()
        if isinstance(d, Choice)
        for value in d.values
        if _is_unseeded(value)
    }
    found = []
    for path in [path for path, value in [*known.items(), *chosen.items()] if _is_unseeded(value)]:
        steps = path.split("__") if path else []
        holders = [known.get("__".join(steps[:depth])) for depth in range(len(steps))]
        if not any(isinstance(getattr(holder, "random_state", None), Integral) for holder in holders):
            found.append("__".join([*steps, "random_state"]))
    return found


def _is_unseeded(value: Any) -> bool:
    return isinstance(value, TrainsNetworks) and getattr(value, "random_state", 0) is None
