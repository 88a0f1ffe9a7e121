"""What `tune` searches, and how many candidates fit into a time."""

import math
from typing import TYPE_CHECKING, Any

from sknet_hp.cli.errors import BadInput
from sknet_hp.search import search_space

if TYPE_CHECKING:
    from sknet_hp.estimators.classifier import NetClassifier
    from sknet_hp.estimators.regressor import NetRegressor

# In order of importance; a grid takes the first values of each.
GRID_AXES: dict[str, list[Any]] = {
    "lr": [1e-3, 3e-3, 3e-4, 1e-2],
    "width": [128, 256, 64],
    "dropout": [0.0, 0.2, 0.4],
    "n_layers": [2, 3, 1],
    "weight_decay": [1e-4, 1e-2, 1e-6],
}


def make_random_space(network: "NetClassifier | NetRegressor") -> dict[str, Any]:
    """Return the distributions of a random search for a network.

    They are those of `search_space`, narrower where the few candidates and epochs of
    the command line would not reach: as wide as the grid.
    """
    from scipy.stats import loguniform

    narrow = {name: sorted(GRID_AXES[name]) for name in ("width", "n_layers")}
    return search_space(network) | narrow | {"lr": loguniform(min(GRID_AXES["lr"]), max(GRID_AXES["lr"]))}


def make_grid(n_candidates: int) -> dict[str, list[Any]]:
    """Return the largest grid that has at most `n_candidates` points.

    It grows by a value of each axis in turn.

    >>> [len(values) for values in make_grid(5).values()]
    [2, 2, 1, 1, 1]
    """
    lengths = dict.fromkeys(GRID_AXES, 1)
    has_grown = True
    while has_grown:
        has_grown = False
        for axis, values in GRID_AXES.items():
            longer = lengths | {axis: lengths[axis] + 1}
            if lengths[axis] < len(values) and math.prod(longer.values()) <= n_candidates:
                lengths, has_grown = longer, True
    return {axis: values[: lengths[axis]] for axis, values in GRID_AXES.items()}


def list_grid(space: dict[str, Any]) -> dict[str, list[Any]]:
    """Return a space of choices as a grid.

    Raises
    ------
    BadInput
        If it has a range, of which a grid would have endlessly many points.
    """
    ranges = [name for name, values in space.items() if not isinstance(values, list)]
    if ranges:
        raise BadInput(
            f"--search grid tries all points, and --space has a range for {ranges[0]!r}: write a list of values, or "
            f"say --search random"
        )
    return space


def count_networks(candidates: int, inner: int, outer: int) -> int:
    """Count the networks that a nested search trains.

    Those of the cross-validation, with the refit of each search, and those of the final
    search.
    """
    search = candidates * inner + 1
    return outer * search + search


def count_affordable(seconds: float, seconds_per_network: float, inner: int, outer: int, asked: int) -> int:
    """Count the candidates whose networks train within the seconds.

    At most as many as asked for; 0 if not even one does.
    """
    affordable = seconds / seconds_per_network
    refits = outer + 1
    return max(0, min(asked, int((affordable - refits) // (inner * refits))))
