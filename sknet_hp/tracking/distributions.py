"""Spaces of searches as distributions of Optuna, wide enough for all that was tried."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sknet_hp.search.spaces.dimensions import Choice, Dimension, Range
from sknet_hp.search.spaces.values import Params, is_number, to_plain
from sknet_hp.search.views.facts import find_space

_ORDERS = 10
"""Numbers whose largest is so many times the smallest are taken to be on a log scale.
"""


def list_distributions(search: Any, candidates: Sequence[Params]) -> dict[str, Any]:
    """Return a distribution of Optuna for each parameter that candidates have.

    Settings of one's own may lie outside the space; distributions hold them, too.

    Parameters
    ----------
    search : fitted search, or the record of one.
    candidates : their parameters.
    """
    space = find_space(search)
    branches = [] if space is None else space.branches
    names = dict.fromkeys(name for params in candidates for name in params)
    return {
        name: _make_distribution(
            [branch[name] for branch in branches if name in branch],
            [to_plain(params[name]) for params in candidates if name in params],
        )
        for name in names
    }


def simplify(value: Any) -> Any:
    """Return a value as Optuna's storages can hold it: what is not plain, as text."""
    plain = to_plain(value)
    return plain if plain is None or isinstance(plain, (bool, int, float, str)) else repr(plain)


def _make_distribution(dimensions: Sequence[Dimension], tried: Sequence[Any]) -> Any:
    """Return one distribution of all dimensions of a parameter, and what was tried."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    ranges = [each for each in dimensions if isinstance(each, Range)]
    if len(ranges) < len(dimensions) or not all(is_number(value) for value in tried):
        choices = [value for each in dimensions if isinstance(each, Choice) for value in each.values]
        return CategoricalDistribution(_drop_repeated([simplify(value) for value in [*choices, *tried]]))
    bounds = [bound for each in ranges for bound in (each.low, each.high) if bound is not None]
    low, high = min([*bounds, *tried]), max([*bounds, *tried])
    log = low > 0 and (any(each.log for each in ranges) if bounds else high >= _ORDERS * low)
    if all(isinstance(value, (int, np.integer)) for value in tried) and all(each.integer for each in ranges):
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _drop_repeated(values: Sequence[Any]) -> list[Any]:
    """Return each value once; 1 and True are two."""
    return list({(type(value), value): value for value in values}.values())
