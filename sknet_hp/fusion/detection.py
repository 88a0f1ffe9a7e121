"""Which values and tasks come to an estimator that trains networks."""

import inspect
from typing import Any

from joblib.parallel import BatchedCalls


class TrainsNetworks:
    """Mark of the estimators that train networks, see `has_network`."""


def has_network(value: Any, depth: int = 16) -> bool:
    """Return whether a value is, or holds, an estimator that trains networks.

    Parameters of estimators and what containers hold are looked through, `depth` levels
    deep.
    """
    if isinstance(value, TrainsNetworks):
        return True
    if depth == 0 or isinstance(value, type):
        return False
    if isinstance(value, (list, tuple, set)):
        return len(value) <= 1000 and any(has_network(v, depth - 1) for v in value)
    if isinstance(value, dict):
        return any(has_network(v, depth - 1) for v in value.values())
    if hasattr(value, "get_params"):
        try:
            parameters = value.get_params(deep=False)
        except Exception:  # an estimator that is not well-formed has no network that we could see
            return False
        return any(has_network(v, depth - 1) for v in parameters.values())
    return False


def is_estimator(value: Any) -> bool:
    """Return whether a value has the methods of an estimator."""
    return hasattr(value, "get_params") and hasattr(value, "fit")


def needs_threads(batch: BatchedCalls) -> bool:
    """Return whether a joblib batch may come to a network.

    Yes if an estimator of ours is among the arguments. No if other estimators are and
    none of ours, or if the function is scikit-learn's own: such tasks run one after
    another, in order, as without a backend. A function of the user's may do anything:
    yes.
    """
    foreign = False
    for function, args, kwargs in batch.items:
        function = inspect.unwrap(getattr(function, "function", function))
        values = [*args, *kwargs.values(), getattr(function, "__self__", None)]
        if any(has_network(v) for v in values):
            return True
        module = getattr(function, "__module__", None) or ""
        foreign = foreign or module.split(".")[0] in ("sklearn", "skopt") or any(is_estimator(v) for v in values)
    return not foreign
