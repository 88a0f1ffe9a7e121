"""Names of parameters in a space, compared with those that an estimator has."""

from collections.abc import Iterable
from typing import Any

from sklearn.base import clone

from sknet_hp.estimators.names import write_hint


def check_names(names: Iterable[Any], estimator: Any) -> None:
    """Refuse names that the estimator has not, and suggest the nearest that it has.

    If a part of the estimator is itself among the names, nobody knows what parameters
    it will have.
    """
    names = list(names)
    known = estimator.get_params(deep=True)
    for name in names:
        if (
            name not in known
            and not any(str(name).startswith(f"{part}__") for part in names)
            and not _is_accepted(estimator, name)
        ):
            raise ValueError(f"{name!r} is not a parameter of the estimator; {write_hint(str(name), known)}")


def _is_accepted(estimator: Any, name: str) -> bool:
    """Return whether an estimator accepts a parameter that it does not list.

    skorch's nets accept those of their modules.
    """
    known = estimator.get_params(deep=True)
    part = max((part for part in known if name.startswith(f"{part}__")), key=len, default="")
    if hasattr(known.get(part, estimator), "get_params") and "__" in name[len(part) :].removeprefix("__"):
        return False  # of a part that is none, which skorch's nets would find out when they are fitted
    try:
        clone(estimator).set_params(**{name: None})
    except Exception:  # each refuses in its own way
        return False
    return True
