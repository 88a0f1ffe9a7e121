"""What a range test trains: the network with a constant rate, and the rows."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _num_samples, check_consistent_length

from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.building.update import count_batch_rows
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.estimators.targets.held_out import choose_fraction
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.evaluation.levels.target import flatten_column, require_variation

LEAST_ROWS = 20
"""With fewer rows, those held out say nothing of a rate."""

HELD_OUT = 0.25
"""Share of the rows held out: more than `fit` does, for losses are compared here."""

STEPS = 300
"""Steps of a network. Shorter trainings favour rates that are too large for long ones.
"""

LEAST_EPOCHS, MOST_EPOCHS = 3, 30


@dataclass(frozen=True)
class Problem:
    """The network of a range test, and the rows that it is trained on.

    Attributes
    ----------
    net : with constant settings, not fitted; each training has a clone.
    X, y : what has passed the first steps of a pipeline, if there are any.
    sample_weight, groups : of these rows, or None.
    n_rows : that the test was given, of which `X` may be a part.
    n_epochs : of each training.
    changed : parameters of the network that are held constant for the test, and what
        they were.
    """

    net: BaseNet
    X: TableLike
    y: ArrayLike
    sample_weight: ArrayLike | None
    groups: ArrayLike | None
    n_rows: int
    n_epochs: int
    changed: dict[str, Any] = field(default_factory=dict)

    @property
    def n_held_out(self) -> float:
        """How many rows are held out, about."""
        return HELD_OUT * _num_samples(self.X)


def find_network(estimator: Any) -> BaseNet:
    """Return the network that is tested: the estimator, or a pipeline's last step.

    Raises
    ------
    TypeError
        If it is none of ours.
    """
    _, net = find_last_step(estimator)
    if isinstance(net, type):
        raise TypeError(f"find_lr needs an estimator, but got the class {net.__name__}; write {net.__name__}()")
    if isinstance(net, BaseNet):
        return net
    raise TypeError(
        f"find_lr needs a network with a parameter `lr`: NetClassifier, NetRegressor, or a Pipeline that ends with "
        f"one; got {type(net).__name__}" + _advise_on(net)
    )


def _advise_on(given: Any) -> str:
    """Return what to give instead of what holds a network, if it is one."""
    for name in ("estimator", "regressor"):
        if isinstance(find_last_step(getattr(given, name, None))[1], BaseNet):
            return f"; give the network in it, its {name}="
    return ""


def make_problem(
    estimator: Any,
    X: TableLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    groups: ArrayLike | None,
    n_epochs: int | str,
    max_rows: int | None,
    random_state: Any,
) -> Problem:
    """Return what a range test trains, with a pipeline's first steps fitted."""
    net = find_network(estimator)
    check_consistent_length(X, y, sample_weight, groups)
    n_rows = _num_samples(X)
    if n_rows < LEAST_ROWS:
        raise ValueError(f"find_lr needs {LEAST_ROWS} rows or more, but X has {n_rows}")
    if max_rows is not None and max_rows < LEAST_ROWS:
        raise ValueError(f"max_rows={max_rows!r}; find_lr needs {LEAST_ROWS} rows or more")
    require_variation(y)
    if groups is not None and len(set(np.asarray(groups).tolist())) < 2:
        raise ValueError(
            "groups= has one group only, so no other can be held out: leave groups out, or give finer ones"
        )
    y = flatten_column(y)
    rows = _draw_rows(n_rows, y, max_rows, random_state)
    X, y, sample_weight, groups = (
        None if part is None else _safe_indexing(part, rows) for part in (X, y, sample_weight, groups)
    )
    X = _transform(estimator, X, y)
    batch_size = _resolve_batch_size(net, n_rows)
    n_train = int(len(rows) * (1 - HELD_OUT))
    epochs = _choose_epochs(n_train, batch_size) if isinstance(n_epochs, str) else n_epochs
    settings = _make_settings(net, epochs, batch_size)
    known = net.get_params(deep=False)
    changed = {name: known[name] for name in _SHOWN if known[name] != settings.get(name, known[name])}
    return Problem(clone(net).set_params(**settings), X, y, sample_weight, groups, n_rows, epochs, changed)


def choose_split(net: BaseNet, groups: ArrayLike | None, seed: int) -> Any:
    """Return what holds rows out: the own splitter, one by groups, or None."""
    if net.validation_split is not None or groups is None:
        return net.validation_split
    return GroupShuffleSplit(1, test_size=HELD_OUT, random_state=seed)


_SHOWN = ("lr_schedule", "lr_warmup", "weight_decay_schedule", "dropout_schedule")


def _make_settings(net: BaseNet, n_epochs: int, batch_size: int) -> dict[str, Any]:
    """Return the parameters that make trainings comparable."""
    constant = {"lr_schedule": "constant", "lr_warmup": 0, "weight_decay_schedule": "constant"}
    judged = {
        "early_stopping": True,
        "patience": n_epochs + 1,
        "stopping_metric": "loss",
        "validation_fraction": HELD_OUT,
        "restore_best": False,
        "refit_full": False,
    }
    alone = {"n_members": 1, "callbacks": None, "verbose": 0, "warm_start": False}
    # "auto" would become "ema" with the early stopping that is set here.
    averaging = "none" if net.weight_averaging == "auto" and not net.early_stopping else net.weight_averaging
    return {
        **constant,
        **judged,
        **alone,
        "dropout_schedule": "constant",
        "weight_averaging": averaging,
        "schedule_epochs": None,
        "max_epochs": n_epochs,
        "batch_size": batch_size,
    }


def _resolve_batch_size(net: BaseNet, n_rows: int) -> int:
    """Return the rows in a batch of a training on all rows, which a share stands for.

    The best rate depends on them, and a test has fewer rows.
    """
    if net.early_stopping:
        n_rows -= round(n_rows * choose_fraction(net.validation_fraction, n_rows))
    return count_batch_rows(net.batch_size, n_rows)


def _choose_epochs(n_train: int, batch_size: int) -> int:
    """Return the epochs that so many steps take."""
    steps = max(1, round(n_train / batch_size))
    return int(np.clip(round(STEPS / steps), LEAST_EPOCHS, MOST_EPOCHS))


def _draw_rows(n_rows: int, y: ArrayLike, max_rows: int | None, random_state: Any) -> np.ndarray:
    """Return the numbers of at most `max_rows` rows, class by class if that can be."""
    rows = np.arange(n_rows)
    if max_rows is None or n_rows <= max_rows:
        return rows
    seed = check_random_state(random_state).randint(2**31 - 1)
    strata = y if type_of_target(y) in ("binary", "multiclass") else None
    for stratify in (strata, None):
        try:
            drawn, _ = train_test_split(rows, train_size=max_rows, random_state=seed, stratify=stratify)
        except ValueError:  # classes of a single row
            continue
        return np.sort(drawn)
    raise ValueError(f"max_rows={max_rows!r} leaves too few of the {n_rows} rows")


def _transform(estimator: Any, X: TableLike, y: ArrayLike) -> TableLike:
    """Return a table that has passed the first steps of a pipeline, fitted on it."""
    while estimator is not find_last_step(estimator)[1]:
        first = clone(estimator[:-1])
        X = first.fit_transform(X, y) if len(first) else X
        estimator = estimator.steps[-1][1]
    return X
