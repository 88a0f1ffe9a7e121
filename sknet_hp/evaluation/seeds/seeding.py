"""Seeds of the networks in an estimator."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.random import sample_without_replacement

from sknet_hp.fusion.detection import TrainsNetworks

_LARGEST_SEED = 2**31 - 1


def choose_seeds(n_seeds: int | Sequence[int], random_state: Any) -> list[int]:
    """Return the seeds: 0, 1, 2, …, or drawn from a `random_state`, or as given.

    Raises
    ------
    ValueError
        If there are fewer than two, or some are equal.
    """
    if isinstance(n_seeds, Integral) and not isinstance(n_seeds, bool):
        if n_seeds < 2:
            raise ValueError(f"n_seeds must be at least 2, because one seed shows no spread; got {n_seeds!r}")
        if random_state is None:
            return list(range(int(n_seeds)))
        return [int(seed) for seed in sample_without_replacement(_LARGEST_SEED, n_seeds, random_state=random_state)]
    seeds = list(n_seeds) if isinstance(n_seeds, Sequence | np.ndarray) and not isinstance(n_seeds, str) else []
    are_seeds = all(isinstance(seed, Integral) and seed >= 0 for seed in seeds)
    if len(seeds) < 2 or not are_seeds or len(set(seeds)) < len(seeds):
        raise ValueError(
            f"n_seeds must be a number of at least 2, or two or more different seeds, from 0 on; got {n_seeds!r}"
        )
    return [int(seed) for seed in seeds]


def find_seed_parameters(estimator: Any) -> list[str]:
    """Return which parameters of an estimator are seeds of its networks.

    In an estimator without a network, they are all that are called `random_state`.

    Raises
    ------
    ValueError
        If there are none.
    """
    known = estimator.get_params(deep=True)
    names = [name for name in known if name.rsplit("__", 1)[-1] == "random_state"]
    of_networks = [name for name in names if isinstance(_find_holder(estimator, name, known), TrainsNetworks)]
    if not names:
        raise ValueError(
            f"{type(estimator).__name__} has no parameter random_state, nor has anything in it, so nothing "
            f"changes from seed to seed"
        )
    return of_networks or names


def _find_holder(estimator: Any, name: str, known: dict[str, Any]) -> Any:
    """Return the estimator that a parameter belongs to."""
    path = name.rpartition("__")[0]
    return known[path] if path else estimator


def set_seed(estimator: Any, names: Sequence[str], seed: int) -> Any:
    """Return a copy of an estimator with this seed in all of these parameters."""
    return clone(estimator).set_params(**dict.fromkeys(names, seed))
