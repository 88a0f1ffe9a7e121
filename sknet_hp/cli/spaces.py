"""What `tune` searches: the networks' spaces and the settings that follow from the
table, as pure functions.
"""

import math
from typing import Any

# In order of importance; a grid takes the first values of each.
GRID_AXES: dict[str, list[Any]] = {
    "lr": [1e-3, 3e-3, 3e-4, 1e-2],
    "width": [128, 256, 64],
    "dropout": [0.0, 0.2, 0.4],
    "n_layers": [2, 3, 1],
    "weight_decay": [1e-4, 1e-2, 1e-6],
}

MAX_EPOCHS = 50


def random_space() -> dict[str, Any]:
    """Distributions for a random search."""
    from scipy.stats import loguniform, uniform

    return {
        "lr": loguniform(3e-4, 1e-2),
        "width": [64, 128, 256],
        "n_layers": [1, 2, 3],
        "dropout": uniform(0.0, 0.5),
        "weight_decay": loguniform(1e-6, 1e-1),
    }


def grid_of(n_candidates: int) -> dict[str, list[Any]]:
    """The grid that grows, an axis at a time in turn, for as long as it has at most
    `n_candidates` points.

    >>> grid_of(5)
    {'lr': [0.001, 0.003], 'width': [128, 256], 'dropout': [0.0], 'n_layers': [2],
    'weight_decay': [0.0001]}
    """
    lengths = dict.fromkeys(GRID_AXES, 1)
    grown = True
    while grown:
        grown = False
        for axis, values in GRID_AXES.items():
            longer = lengths | {axis: lengths[axis] + 1}
            if lengths[axis] < len(values) and math.prod(longer.values()) <= n_candidates:
                lengths, grown = longer, True
    return {axis: values[: lengths[axis]] for axis, values in GRID_AXES.items()}


def n_networks(candidates: int, inner: int, outer: int) -> int:
    """Networks that a nested cross-validation trains, with the refit of each search,
    and those of the final search.
    """
    search = candidates * inner + 1
    return outer * search + search


def affordable_candidates(seconds: float, seconds_per_network: float, inner: int, outer: int, asked: int) -> int:
    """The most candidates, up to those asked for, whose networks train within the
    seconds; 0 if not even one does.
    """
    affordable = seconds / seconds_per_network
    refits = outer + 1
    return max(0, min(asked, int((affordable - refits) // (inner * refits))))
