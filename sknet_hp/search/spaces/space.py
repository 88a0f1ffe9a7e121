"""Search spaces, in one form whoever's notation they were written in.

A space is a list of branches, of which a candidate has one; a branch maps names of
parameters to dimensions.
"""

from collections.abc import Mapping
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterSampler

from sknet_hp.search.spaces.dimensions import Choice, Dimension, check_can_be_learned, is_same
from sknet_hp.search.spaces.names import check_names
from sknet_hp.search.spaces.reading import read_dimension
from sknet_hp.search.spaces.values import Params


class Space:
    """A space over the parameters of an estimator.

    Parameters
    ----------
    param_distributions : dict or list of dict
        From names to lists or arrays of choices, SciPy distributions, dimensions of
        scikit-optimize, distributions of Optuna, or tuples `(low, high)` and `(low,
        high, "log-uniform")`, whole numbers if both bounds are. Several dicts are
        alternatives.
    estimator : to check names against; None to take any.
    """

    def __init__(self, param_distributions: Any, estimator: Any = None):
        given = [param_distributions] if isinstance(param_distributions, Mapping) else param_distributions
        if (
            not isinstance(given, (list, tuple))
            or not given
            or not all(isinstance(branch, Mapping) for branch in given)
        ):
            raise ValueError(
                f"param_distributions must be a dict or a list of dicts that are not empty, got {param_distributions!r}"
            )
        self.branches: list[dict[str, Dimension]] = []
        for branch in given:
            if estimator is not None:
                check_names(branch, estimator)
            self.branches.append({name: read_dimension(value, name) for name, value in branch.items()})
        if not any(self.branches):
            raise ValueError("param_distributions is empty: there is nothing to search")

    @property
    def names(self) -> list[str]:
        """All parameters of all branches, in order."""
        return list(dict.fromkeys(name for branch in self.branches for name in branch))

    @property
    def size(self) -> int | None:
        """How many candidates there are, None for endlessly many."""
        total = 0
        for branch in self.branches:
            choices = [dimension for dimension in branch.values() if isinstance(dimension, Choice)]
            if len(choices) < len(branch):
                return None
            total += prod(len(choice.values) for choice in choices)
        return total

    def sample(self, n: int, random_state: Any) -> list[Params]:
        """Draw n candidates as scikit-learn's `ParameterSampler` draws them.

        Where all are choices no candidate is drawn twice, so there are fewer if there
        are no more.
        """
        plain = [
            {name: d.values if isinstance(d, Choice) else d for name, d in branch.items()} for branch in self.branches
        ]
        n = n if self.size is None else min(n, self.size)
        return [dict(params) for params in ParameterSampler(plain, n, random_state=random_state)]

    def has(self, params: Params) -> bool:
        """Return whether parameters are those of a branch, with values of its own."""
        return any(_holds(branch, params) for branch in self.branches)

    def find_branch(self, params: Params) -> int:
        """Return which branch has these parameters.

        If none has, it is the first of those that have most of their names and fewest
        others.
        """
        for number, branch in enumerate(self.branches):
            if _holds(branch, params):
                return number
        return min(range(len(self.branches)), key=lambda number: len(self.branches[number].keys() ^ params.keys()))

    @property
    def coordinates(self) -> list[Dimension]:
        """The dimensions of `encode`'s vectors.

        Which branch, if there are several; then each dimension that has more than one
        value. Where branches say the same about a parameter, it is one dimension.
        """
        return self._layout[0]

    @cached_property
    def _layout(self) -> tuple[list[Dimension], list[dict[str, int]]]:
        """The coordinates, and where each branch has its parameters among them."""
        coordinates: list[Dimension] = [Choice(range(len(self.branches)))] if len(self.branches) > 1 else []
        owners: list[str | None] = [None] * len(coordinates)
        places: list[dict[str, int]] = []
        for branch in self.branches:
            places.append({})
            for name, own in branch.items():
                if isinstance(own, Choice) and len(own.values) == 1:
                    continue
                check_can_be_learned(own, name)
                known = [k for k, owner in enumerate(owners) if owner == name and is_same(coordinates[k], own)]
                places[-1][name] = known[0] if known else len(coordinates)
                if not known:
                    coordinates.append(own)
                    owners.append(name)
        return coordinates, places

    def encode(self, params: Params) -> np.ndarray:
        """Return a candidate as a vector.

        Parameters
        ----------
        params : dict

        Returns
        -------
        vector : ndarray of shape (n_coordinates,)
            In [0, 1] for ranges and steps, the number of the value for choices, NaN for
            what the candidate's branch does not have, and for values that the space
            does not know.
        """
        coordinates, places = self._layout
        branch, vector = self.find_branch(params), np.full(len(coordinates), np.nan)
        if len(self.branches) > 1:
            vector[0] = branch
        for name, k in places[branch].items():
            vector[k] = coordinates[k].encode(params[name]) if name in params else np.nan
        return vector

    def decode(self, vector: np.ndarray) -> Params:
        """Return the candidate at a vector.

        Coordinates that the candidate's branch does not have do not matter.
        """
        coordinates, places = self._layout
        branch = int(vector[0]) if len(self.branches) > 1 else 0
        params = {}
        for name, own in self.branches[branch].items():
            k = places[branch].get(name)
            params[name] = own.decode(0) if k is None else coordinates[k].decode(float(vector[k]))
        return params


def _holds(branch: dict[str, Dimension], params: Params) -> bool:
    """Return whether a branch has these parameters, with these values."""
    return set(branch) == set(params) and all(d.has(params[name]) for name, d in branch.items())
