"""The same training with several seeds."""

import os
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any

import numpy as np

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.evaluation.levels.outer import make_outer_splits
from sknet_hp.evaluation.levels.prepare import prepare_estimator
from sknet_hp.evaluation.levels.target import read_target
from sknet_hp.evaluation.nested.checks import find_beforehand, read_checks
from sknet_hp.evaluation.running.data import read_data
from sknet_hp.evaluation.running.outcome import list_metrics
from sknet_hp.evaluation.running.scorers import find_scorers
from sknet_hp.evaluation.seeds.result import SeedsResult
from sknet_hp.evaluation.seeds.seeding import choose_seeds, find_seed_parameters, set_seed
from sknet_hp.evaluation.several import Outcomes, evaluate_several, read_deadline
from sknet_hp.findings.positive import require_labels


def repeat_over_seeds(
    estimator: Any,
    X: TableLike,
    y: ArrayLike = None,
    n_seeds: int | Sequence[int] = 10,
    *,
    cv: Any = 5,
    scoring: Any = None,
    groups: ArrayLike = None,
    sample_weight: ArrayLike = None,
    n_repeats: int = 1,
    random_state: Any = None,
    journal: str | os.PathLike[str] | None = None,
    time_budget: float | None = None,
    n_jobs: int | None = None,
    checks: bool | Collection[str] = True,
    verbose: int = 0,
) -> SeedsResult:
    """Train with several seeds in the same splits, and measure what seeds change.

    All seeds and splits train together.

    Parameters
    ----------
    estimator : estimator, pipeline or search
        Each seed replaces `random_state` of every network in it. If there is no
        network, it replaces every `random_state`.
    X : array-like or dataframe of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,), default=None
    n_seeds : int or list of int, default=10
        Number of seeds, or a list of seeds: two or more.
    cv : int, splitter or iterable of (train, test), default=5
        The splits. With a number of folds, rows are shuffled, classes are stratified,
        and groups stay together.
    scoring : str, callable, list, dict or None, default=None
        One metric or several. None is the metric of the estimator's `score`.
    groups : array-like of shape (n_rows,), default=None
        Rows of a group stay together: no split trains on some of them and scores on
        others.
    sample_weight : array-like of shape (n_rows,), default=None
    n_repeats : int, default=1
        How many times the rows are split into folds.
    random_state : int, RandomState or None, default=None
        Seed of the splits, and of the seeds; with None, the seeds are 0, 1, 2, …
    journal : path or None, default=None
        Directory that records what is done. If the call was killed or interrupted, the
        same call continues there and ends with the same numbers.
    time_budget : float, default=None
        Seconds for everything. Fits then run one after the other, and seeds that are
        not scored in all splits when the time is up are left out.
    n_jobs : int, default=None
        Number of cores for networks (None means all); for other estimators as in
        scikit-learn.
    checks : bool or list of str, default=True
        Which codes to check for in the data and the metrics. `docs/findings.md`
        describes them.
    verbose : int, default=0
        1 writes a line for each scored fit.

    Returns
    -------
    SeedsResult
        `mean`, `std`, `components`, `exceeds_noise(difference)`,
        `n_seeds_needed(half_width)`, `table`, `summary()`.

    Raises
    ------
    ValueError
        If there are fewer than two seeds, nothing has a seed, or fewer than two seeds
        are scored in all splits.
    JournalError
        If `journal` belongs to another evaluation, is in use, or cannot be written.
    KeyboardInterrupt
        After Ctrl-C. Its attribute `result` has what was finished.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sknet_hp.evaluation import repeat_over_seeds
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> tree = DecisionTreeClassifier(max_features=3)
    >>> result = repeat_over_seeds(tree, X, y, n_seeds=5, random_state=0)
    >>> result.get_scores().shape
    (5, 5)
    """
    seeds, names = choose_seeds(n_seeds, random_state), find_seed_parameters(estimator)
    skip, deadline = read_checks(checks), read_deadline({"estimator": estimator}, time_budget)
    data = read_target(read_data(X, y, groups, sample_weight), [estimator])
    splits = make_outer_splits(cv, data, estimator, n_repeats=n_repeats, random_state=random_state)
    scorers = find_scorers(estimator, scoring)
    require_labels(scorers, data.y)
    findings = find_beforehand(estimator, data, splits, scorers, skip)
    prepared = prepare_estimator(estimator, data, splits, cv=cv, random_state=random_state)
    settings = {
        "n_seeds": n_seeds,
        "cv": cv,
        "scoring": scoring,
        "n_repeats": n_repeats,
        "random_state": random_state,
        "time_budget": time_budget,
    }

    def make_result(outcomes: Outcomes) -> SeedsResult:
        metrics = list_metrics(chain.from_iterable(outcomes.values()), scorers)
        scores = {metric: read_scores(outcomes, metric) for metric in metrics}
        whole = np.all([np.isfinite(table).all(axis=1) for table in scores.values()], axis=0)
        _check_whole(whole, outcomes)
        return SeedsResult(
            type(estimator).__name__,
            [seed for seed, is_whole in zip(seeds, whole, strict=True) if is_whole],
            splits,
            {metric: table[whole] for metric, table in scores.items()},
            names,
            findings,
            len(seeds),
            estimator,
            data,
            settings,
        )

    return evaluate_several(
        {f"seed {seed}": set_seed(prepared, names, seed) for seed in seeds},
        data,
        splits,
        scorers,
        make_result,
        split_by_split=False,
        journal=journal,
        deadline=deadline,
        n_jobs=n_jobs,
        verbose=verbose,
    )


def read_scores(outcomes: Outcomes, metric: str) -> np.ndarray:
    """Return scores of shape (n_seeds, n_splits), NaN where there is none."""
    return np.array([[np.nan if each is None else each.get_score(metric) for each in own] for own in outcomes.values()])


def _check_whole(whole: np.ndarray, outcomes: Outcomes) -> None:
    """Refuse to judge seeds of which fewer than two are scored in all splits."""
    if whole.sum() >= 2:
        return
    every = [each for own in outcomes.values() for each in own]
    errors = [each.error for each in every if each is not None and each.error]
    n_done = sum(each is not None for each in every)
    reason = f"; the first error was\n{errors[0]}" if errors else "; give more time, or fewer seeds or splits"
    raise ValueError(
        f"{int(whole.sum())} of {len(whole)} seeds have a score in every split, and two are needed: {n_done} of "
        f"{len(every)} fits were finished in time, and {len(errors)} of them failed{reason}"
    )
