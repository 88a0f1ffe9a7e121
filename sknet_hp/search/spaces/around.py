"""A sensible space around an estimator's own values."""

from typing import Any

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.search.spaces.dimensions import Choice, Range
from sknet_hp.search.spaces.values import is_number

# How the field varies them: by orders of magnitude, a third as much for sizes (powers of two), or over their
# whole range.
_ORDERS = ("lr", "alpha", "C", "gamma", "learning_rate", "learning_rate_init", "l2_regularization")
_SIZES = ("width", "batch_size", "max_leaf_nodes", "min_samples_leaf")
_WHOLE = {"dropout": (0.0, 0.5), "momentum": (0.5, 0.99), "subsample": (0.5, 1.0)}
_FROM_ZERO = {"weight_decay": (1e-6, 1e-1)}
_DEPTHS = ("n_layers", "max_depth")
_SHAPE = ("width", "max_leaf_nodes", *_DEPTHS)


def search_space(estimator: Any, orders: float = 1.5, *, fixed_shape: bool = False) -> dict[str, Choice | Range]:
    """Return a search space around the current values of an estimator.

    For a pipeline, it is the space of its last step.

    Parameters
    ----------
    estimator : estimator
    orders : float, default=1.5
        Number of orders of magnitude to go up and down from values that are searched on
        a log scale, such as learning rates. Sizes go a third as far.
    fixed_shape : bool, default=False
        Leave out widths and depths, which cannot change during training. Use this for
        `PBTSearchCV`.

    Returns
    -------
    space : dict
        The `param_distributions` of our searchers, except `GridSearchCV`, which takes
        lists, and `BayesSearchCV`, which has its own dimensions. You can remove names,
        add some, or narrow one: ``space["lr"] = (1e-4, 1e-2, "log-uniform")``.

    Raises
    ------
    ValueError
        If `orders` is not above 0, or no range is known for any parameter of the
        estimator.

    Examples
    --------
    >>> from sknet_hp import NetClassifier
    >>> sorted(search_space(NetClassifier()))
    ['dropout', 'lr', 'n_layers', 'weight_decay', 'width']
    >>> sorted(search_space(NetClassifier(), fixed_shape=True))
    ['dropout', 'lr', 'weight_decay']
    """
    if not orders > 0:
        raise ValueError(f"orders={orders!r} must be above 0")
    prefix, last = find_last_step(estimator)
    space: dict[str, Choice | Range] = {}
    for name, value in last.get_params(deep=False).items():
        found = None if fixed_shape and name in _SHAPE else _surround(name, value, orders, last)
        if found is not None:
            space[prefix + name] = found
    if not space:
        raise ValueError(f"nothing is known of the parameters of {type(last).__name__}; write the space yourself")
    return space


def _surround(name: str, value: Any, orders: float, estimator: Any) -> Choice | Range | None:
    """Return the dimension around one value, None if nothing is known of it."""
    if not is_number(value) or not _has_effect(name, estimator):
        return None
    if name in _WHOLE:
        low, high = _WHOLE[name]
        return Range.from_bounds(min(low, value), max(high, value))
    if name in _FROM_ZERO:
        low, high = _FROM_ZERO[name]
        return Range.from_bounds(min(low, value) if value else low, max(high, value), log=True)
    if value <= 0:
        return None
    if name in _ORDERS:
        return Range.from_bounds(value / 10**orders, value * 10**orders, log=True)
    if name in _SIZES and isinstance(value, int):
        factor = 10 ** (orders / 3)
        return Range.from_bounds(max(1, round(value / factor)), round(value * factor) + 1, log=True, integer=True)
    return Choice(list(range(max(1, value - 1), value + 3))) if name in _DEPTHS and isinstance(value, int) else None


def _has_effect(name: str, estimator: Any) -> bool:
    """Return whether a parameter of this name means something for the estimator."""
    if name == "momentum":  # written out, since rules that know whether they have it can not be asked without torch
        return getattr(estimator, "optimizer", "sgd") in ("sgd", "momentum", "nesterov")
    if name == "alpha":  # with an optimizer it is that of RMSprop, which nobody searches by orders of magnitude
        return not hasattr(estimator, "optimizer")
    if name in ("width", "n_layers", "dropout") and isinstance(getattr(estimator, "module", None), type):
        return False  # a module of one's own has its own
    # Sizes of layers that are given one by one take the place of both.
    return name not in ("width", "n_layers") or getattr(estimator, "hidden_layer_sizes", None) is None
