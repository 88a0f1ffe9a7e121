"""What contestants are called."""

from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import Pipeline

MOST = 60
"""Characters of the parameters in a name."""


def name_contestants(contestants: Sequence[Any], given: Sequence[str] | None) -> list[str]:
    """Return a name for each contestant, each different.

    Parameters
    ----------
    contestants : estimators, results or scores
    given : their names, or None: the names of their classes; where these are equal,
        with the parameters in which they differ, or else a number.

    Raises
    ------
    ValueError
        If the names are not as many as the contestants, or two are equal.
    """
    if given is not None:
        names = [str(name) for name in given]
        if isinstance(given, str) or len(names) != len(contestants) or len(set(names)) < len(names):
            raise ValueError(
                f"names must be {len(contestants)} different names, one for each contestant; got {given!r}"
            )
        return names
    names = [_name_class(each) for each in contestants]
    names = [
        _add_settings(name, each, [other for other, its in zip(contestants, names, strict=True) if its == name])
        for each, name in zip(contestants, names, strict=True)
    ]
    return [f"{name} {names[: k + 1].count(name)}" if names.count(name) > 1 else name for k, name in enumerate(names)]


def _name_class(contestant: Any) -> str:
    """Return what a contestant is: of a pipeline its last step, of a search whose."""
    if isinstance(contestant, Pipeline):
        return _name_class(contestant.steps[-1][1])
    if not hasattr(contestant, "get_params"):
        return str(getattr(contestant, "description", "scores"))
    name = type(contestant).__name__
    inner = contestant.get_params(deep=False).get("estimator")  # forests have an attribute of this name
    return f"{name}({_name_class(inner)})" if hasattr(inner, "get_params") else name


def _add_settings(name: str, contestant: Any, namesakes: Sequence[Any]) -> str:
    """Return a name with the parameters in which namesakes differ, if that is short."""
    if len(namesakes) == 1 or not hasattr(contestant, "get_params"):
        return name
    simple = [
        {key: repr(value) for key, value in each.get_params().items() if not hasattr(value, "get_params")}
        for each in namesakes
    ]
    own = {key: repr(value) for key, value in contestant.get_params().items()}
    different = [key for key in simple[0] if len({each.get(key) for each in simple}) > 1]
    settings = ", ".join(f"{key.rsplit('__', 1)[-1]}={own[key]}" for key in different if key in own)
    return f"{name}({settings})" if 0 < len(settings) <= MOST else name
