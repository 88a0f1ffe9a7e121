"""Spaces in the notation of scikit-learn's and scikit-optimize's own searches."""

from collections.abc import Mapping
from typing import Any

from sknet_hp.search.spaces.space import Space


def read_stock_space(given: Any, *, of_lists: bool) -> Space | None:
    """Return a space of scikit-learn's or scikit-optimize's, or None.

    None stands for one that is none of ours.

    Parameters
    ----------
    given : dict or list of dicts; a number may stand beside each dict.
    of_lists : whether tuples are lists of choices, not bounds of a range.
    """
    branches = (
        [given] if isinstance(given, Mapping) else [each[0] if isinstance(each, tuple) else each for each in given]
    )
    if of_lists:
        branches = [
            {name: values if hasattr(values, "rvs") else list(values) for name, values in branch.items()}
            for branch in branches
        ]
    try:
        return Space(branches)
    except (TypeError, ValueError):
        return None
