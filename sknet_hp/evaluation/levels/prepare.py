"""An estimator made ready: seeds, inner splits, groups and weights."""

import warnings
from copy import deepcopy
from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.utils import check_random_state

from sknet_hp.evaluation.levels.inner import Level, find_inner_splitters
from sknet_hp.evaluation.levels.metadata import request_metadata
from sknet_hp.evaluation.levels.outer import is_ordered
from sknet_hp.evaluation.running.data import Data, Split

_LARGEST_SEED = 2**31 - 1


def prepare_estimator(
    estimator: Any, data: Data, splits: list[Split], *, cv: Any = None, random_state: Any = None
) -> Any:
    """Return a copy of an estimator that respects groups, time and weights throughout.

    Inner folds and the rows that networks hold out become those of groups, or of time
    if the outer training rows stand before the test rows; groups and weights are
    requested wherever they are of use; what has no seed is given one.

    Parameters
    ----------
    estimator : of the user, who keeps it as it is.
    data : all rows.
    splits : the outer ones.
    cv : what made them; its `gap`, if it has one, is also that of inner splits.
    random_state : an int seeds all that has no seed; None leaves it so.

    Warns
    -----
    UserWarning
        If a splitter was replaced, or something cannot respect groups, time or
        weights.

    Raises
    ------
    ValueError
        If the groups of a fold are too few.
    """
    prepared = clone(estimator)
    draw = check_random_state(random_state if isinstance(random_state, Integral) else 0)
    gap = getattr(cv, "gap", 0)
    level = Level(data, splits, is_ordered(splits), int(gap), int(draw.randint(_LARGEST_SEED)))
    found, notes = find_inner_splitters(prepared, level)
    if found:
        prepared.set_params(**found)
    if isinstance(random_state, Integral) and (seeds := _draw_seeds(prepared, draw)):
        prepared.set_params(**seeds)
    notes += request_metadata(prepared, data)
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=3)
    return prepared


def _draw_seeds(estimator: Any, draw: Any) -> dict[str, Any]:
    """Return seeds for all that has none, by their names as parameters."""
    found: dict[str, Any] = {}
    for name, value in sorted(estimator.get_params(deep=True).items(), key=lambda item: item[0]):
        if name.rsplit("__", 1)[-1] == "random_state" and value is None:
            found[name] = int(draw.randint(_LARGEST_SEED))
        elif hasattr(value, "split") and getattr(value, "random_state", 0) is None and getattr(value, "shuffle", True):
            found[name] = deepcopy(value)
            found[name].random_state = int(draw.randint(_LARGEST_SEED))
    return found
