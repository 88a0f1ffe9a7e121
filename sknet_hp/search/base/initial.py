"""Candidates that are tried before all others."""

from typing import Any

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.search.spaces.names import check_names
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params, drop_known


def list_initial(search: Any, space: Space) -> list[Params]:
    """Return the initial candidates of a searcher, each once."""
    given = search.initial_candidates
    if given is None:
        return []
    initial: list[Params] = []
    for params in [given] if isinstance(given, str) else given:
        if isinstance(params, dict):
            check_names(params, search.estimator)
        elif params != "current":
            raise ValueError(f"initial_candidates must hold dicts of parameters or 'current', got {params!r}")
        wanted = find_current(search.estimator, space) if isinstance(params, str) else dict(params)
        initial += drop_known([] if wanted is None else [wanted], initial)
    return initial


def find_current(estimator: Any, space: Space) -> Params | None:
    """Return the candidate that is the untuned estimator.

    It has the parameters of one branch of the space, that with most of its values; what
    other branches vary is the estimator's own in any case. The values may be outside
    the space.

    Parameters
    ----------
    estimator : that is searched over.
    space : over its parameters.

    Returns
    -------
    params : dict, or None if the estimator cannot be tried as it is: it has no value
        for one of them, as skorch has none for what its module is given, or is a
        pipeline whose last step is still to be chosen.
    """
    _, last = find_last_step(estimator)
    if last is None or isinstance(last, str):
        return None
    own = estimator.get_params(deep=True)
    settings = [{name: own[name] for name in branch if name in own} for branch in space.branches]
    n_others = [
        sum(name not in params or not dimension.has(params[name]) for name, dimension in branch.items())
        for branch, params in zip(space.branches, settings, strict=True)
    ]
    nearest = n_others.index(min(n_others))
    return settings[nearest] if len(settings[nearest]) == len(space.branches[nearest]) else None
