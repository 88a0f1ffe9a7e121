"""The learning-rate range test."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.tuning.learning_rate.ramp import run_ramps
from sknet_hp.tuning.learning_rate.reading import read_ramps, read_trainings
from sknet_hp.tuning.learning_rate.result import LRResult
from sknet_hp.tuning.learning_rate.settings import find_network, make_problem
from sknet_hp.tuning.learning_rate.sweep import LEAST_RATES, run_sweep
from sknet_hp.tuning.trainings import Trainings

METHODS: dict[str, tuple[Any, Any]] = {"sweep": (run_sweep, read_trainings), "ramp": (run_ramps, read_ramps)}
"""How each method trains, and how what it trained is read."""


def find_lr(
    estimator: Any,
    X: TableLike,
    y: ArrayLike,
    *,
    rates: str | Sequence[float] | np.ndarray = "auto",
    n_seeds: int = 3,
    n_epochs: int | str = "auto",
    method: str = "sweep",
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    time_budget: float | None = None,
    max_rows: int | None = 20_000,
    verbose: int = 0,
) -> LRResult:
    """Find a learning rate for a network, by short trainings at many rates.

    All networks train together. The networks of a seed begin with the same weights and
    see the same batches. The suggestion is the smallest rate with nearly the lowest
    loss on held-out rows: the rate with the lowest loss of a short training is too
    large for a long one.

    The rate is constant in the test. Schedule and warm-up are left out, and so are
    callbacks, all members but the first, and schedules of dropout and weight decay. The
    suggestion is the `lr` that a schedule multiplies.

    Parameters
    ----------
    estimator : NetClassifier, NetRegressor, or Pipeline that ends with one
        It is not changed. The earlier steps of a pipeline are fitted once, on all rows
        of the test.
    X, y : as `fit` of the estimator takes them
    rates : "auto" or array-like of shape (n_rates,), default="auto"
        Rates to try, at least five. "auto" goes from 1e-5 to 10 in half decades, and in
        finer steps where losses are low. If the best is near an end, it goes further.
    n_seeds : int, default=3
        Number of seeds for each rate. A seed determines initial weights, batches and
        held-out rows.
    n_epochs : int or "auto", default="auto"
        Number of epochs for each network. "auto" is about 300 steps, and 3 to 30
        epochs.
    method : {"sweep", "ramp"}, default="sweep"
        "ramp" is Smith's test, for comparison: one training for each seed, with a rate
        that grows with each of 100 steps from 1e-7 to 10 (or through `rates`). It reads
        the training loss.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights of rows, as in `fit` of the network. Earlier steps of a pipeline do not
        get them.
    groups : array-like of shape (n_rows,), default=None
        Rows of the same group are held out together.
    n_jobs : int, default=None
        Number of cores. None means all.
    random_state : int, RandomState instance or None, default=None
        Source of the seeds. None uses that of the network.
    time_budget : float, default=None
        Seconds after which the test ends with what has been trained, as after Ctrl-C.
        If that is too little for a result, it is an error.
    max_rows : int or None, default=20000
        Largest number of rows to use, drawn class by class. None uses all. Batches are
        as large as in training on all rows.
    verbose : int, default=0
        1 shows a live line on a terminal. 2 writes a line for each network.

    Returns
    -------
    result : LRResult
        `suggestion` is the rate, `apply(estimator)` sets it, `summary()` explains it in
        sentences, and `plot()` draws it.

    Raises
    ------
    TypeError
        If the estimator is neither a network of sknet_hp nor a pipeline that ends with
        one.
    ValueError
        If a parameter has another value, there are fewer than 20 rows, no rate is
        better than chance, or too little was trained in the time.

    References
    ----------
    Smith 2017, Cyclical learning rates for training neural networks.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.tuning import find_lr
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(random_state=0)
    >>> result = find_lr(net, X, y)
    >>> model = result.apply(net).fit(X, y)
    """
    net = find_network(estimator)
    _check_parameters(n_seeds, n_epochs, method, max_rows)
    grid = _read_rates(rates)
    trainings: Trainings[Any] = Trainings("find_lr", n_jobs, time_budget, verbose)
    source = check_random_state(net.random_state if random_state is None else random_state)
    seeds = [int(seed) for seed in source.randint(2**31 - 1, size=n_seeds)]
    problem = make_problem(estimator, X, y, sample_weight, groups, n_epochs, max_rows, seeds[0])
    train, read = METHODS[method]
    train(trainings, problem, grid, seeds)
    return read(trainings, problem, net.lr)


def _check_parameters(n_seeds: Any, n_epochs: Any, method: Any, max_rows: Any) -> None:
    for name, value, instead in (
        ("n_seeds", n_seeds, ()),
        ("n_epochs", n_epochs, ("auto",)),
        ("max_rows", max_rows, (None,)),
    ):
        is_count = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 1
        if not is_count and value not in instead:
            more = "".join(f" or {other!r}" for other in instead)
            raise ValueError(f"{name}={value!r}; it must be a whole number from 1 on{more}")
    if method not in METHODS:
        raise ValueError(f"method={method!r}; it must be one of {list(METHODS)}")


def _read_rates(rates: Any) -> np.ndarray | None:
    """Return the rates that were given, rising, or None for "auto"."""
    if isinstance(rates, str) and rates == "auto":
        return None
    try:
        given = np.unique(np.asarray(rates, dtype=float))
    except (TypeError, ValueError):
        given = np.array([])
    if len(given) < LEAST_RATES or not np.all(np.isfinite(given)) or given[0] <= 0:
        raise ValueError(
            f"rates={rates!r}; it must be 'auto' or {LEAST_RATES} or more different numbers above 0, for example "
            f"numpy.logspace(-4, 0, 9)"
        )
    return given
