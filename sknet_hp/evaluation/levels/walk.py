"""The estimators that an estimator is made of."""

from collections.abc import Iterator
from inspect import signature
from typing import Any

from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object


def iterate_parts(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Yield an estimator and those in it, each after the prefix of its parameters.

    Prefixes are "" and such as "estimator__net__".
    """
    yield "", estimator
    for name, value in estimator.get_params(deep=True).items():
        if hasattr(value, "get_params") and hasattr(value, "fit") and not isinstance(value, type):
            yield f"{name}__", value


def list_own_parameters(part: Any) -> dict[str, Any]:
    """Return the parameters of an estimator, without those of others in it."""
    own: dict[str, Any] = part.get_params(deep=False)
    return own


def hands_on_groups(part: Any) -> bool:
    """Return whether an estimator hands groups on to its splitter.

    It does if it routes metadata to it, or if its `fit` takes groups itself.
    """
    routing = get_routing_for_object(part)
    if isinstance(routing, MetadataRouter):
        return "splitter" in routing._route_mappings
    return "groups" in signature(part.fit).parameters


def find_barrier(estimator: Any, prefix: str) -> Any | None:
    """Return an estimator around a part that hands it no groups; None if all do.

    Parameters
    ----------
    estimator : the outermost one.
    prefix : of the part, as `iterate_parts` gives it.
    """
    for outer, part in iterate_parts(estimator):
        is_around = prefix.startswith(outer) and prefix != outer
        if is_around and not isinstance(get_routing_for_object(part), MetadataRouter):
            return part
    return None


def find_requests(part: Any, method: str) -> dict[str, Any]:
    """Return what an estimator itself requests for a method, by name.

    None stands for what nobody has decided.
    """
    routing = get_routing_for_object(part)
    own = routing._self_request if isinstance(routing, MetadataRouter) else routing
    return {} if own is None else dict(getattr(own, method).requests)
