"""Candidates that are tried before all others."""

from typing import Any

from sknet_hp.search.spaces.names import check_names
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params, drop_known


def list_initial(search: Any, space: Space) -> list[Params]:
    """Return the initial candidates of a searcher, each once."""
    given = search.initial_candidates
    if given is None:
        return []
    known = search.estimator.get_params(deep=True)
    current = {name: value for name, value in known.items() if name in space.names}
    initial: list[Params] = []
    for params in [given] if isinstance(given, str) else given:
        if isinstance(params, dict):
            check_names(params, search.estimator)
        elif params != "current":
            raise ValueError(f"initial_candidates must hold dicts of parameters or 'current', got {params!r}")
        initial += drop_known([current if isinstance(params, str) else dict(params)], initial)
    return initial
