"""Which of two or more is better."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.evaluation.comparison.evaluate import find_common_scorers, read_outcomes
from sknet_hp.evaluation.comparison.names import name_contestants
from sknet_hp.evaluation.comparison.pair import adjust_pairs, compare_pair
from sknet_hp.evaluation.comparison.result import Comparison
from sknet_hp.evaluation.comparison.rope import choose_rope
from sknet_hp.evaluation.comparison.scored import (
    Scored,
    check_same_splits,
    check_same_target,
    find_common_metrics,
    read_result,
    read_scores,
)
from sknet_hp.evaluation.levels.outer import make_outer_splits
from sknet_hp.evaluation.levels.prepare import prepare_estimator
from sknet_hp.evaluation.levels.target import read_target
from sknet_hp.evaluation.nested.checks import find_beforehand, read_checks
from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.evaluation.running.data import read_data
from sknet_hp.evaluation.several import Outcomes, evaluate_several, read_deadline
from sknet_hp.findings.finding import Findings
from sknet_hp.findings.positive import require_labels


def compare(
    a: Any,
    b: Any,
    *more: Any,
    X: TableLike = None,
    y: ArrayLike = None,
    cv: Any = None,
    scoring: Any = None,
    n_repeats: int = 1,
    rope: float | Mapping[str, float] | None = None,
    names: Sequence[str] | None = None,
    n_train: ArrayLike = None,
    n_test: ArrayLike = None,
    groups: ArrayLike = None,
    sample_weight: ArrayLike = None,
    confidence: float = 0.95,
    random_state: Any = None,
    journal: str | os.PathLike[str] | None = None,
    time_budget: float | None = None,
    n_jobs: int | None = None,
    checks: bool | Collection[str] = True,
    verbose: int = 0,
) -> Comparison:
    """Compare estimators, searches or scores, and say how sure the difference is.

    Contestants are compared split by split. The test is the corrected resampled t-test
    (Nadeau & Bengio 2003), with Holm's correction for several comparisons. The result
    also has the Bayesian correlated t-test with a region of practical equivalence
    (Benavoli et al. 2017).

    Parameters
    ----------
    a, b, *more : estimator, search, result of nested_cross_validate, array or dict
        What to compare. Estimators and searches are evaluated on `X` and `y`, all on
        the same splits. Results must come from the same splits. Arrays have a score for
        each split (higher is better), and need `n_train` and `n_test`. So do dicts as
        `cross_validate` returns them.
    X : array-like or dataframe of shape (n_rows, n_columns), default=None
    y : array-like of shape (n_rows,), default=None
    cv : int, splitter or iterable of (train, test), default=None
        The splits. None means five folds, or the splits of a result that is compared.
        With a number of folds, rows are shuffled, classes are stratified, and groups
        stay together.
    scoring : str, callable, list, dict or None, default=None
        One metric or several. None is the metric of the contestants' `score`.
    n_repeats : int, default=1
        How many times the rows are split into folds. More repeats can show smaller
        differences.
    rope : float or dict of floats by metric, default=None
        Largest difference that does not matter, in units of the score: half the width
        of the region of practical equivalence. None is 0.01 for metrics with a best
        value of 1, the usual choice, and 1 % of the mean score for others.
    names : list of str, default=None
        Names of the contestants. None uses the names of their classes.
    n_train, n_test : int or array-like of shape (n_splits,), default=None
        Numbers of training and test rows in each split, for contestants that are
        scores.
    groups : array-like of shape (n_rows,), default=None
        Rows of a group stay together: no split trains on some of them and scores on
        others.
    sample_weight : array-like of shape (n_rows,), default=None
    confidence : float, default=0.95
        Level of the intervals.
    random_state : int, RandomState or None, default=None
        Seed of the splits. An integer also seeds what has no seed.
    journal : path or None, default=None
        Directory that records what is done. If the call was killed or interrupted, the
        same call continues there and ends with the same numbers.
    time_budget : float, default=None
        Seconds for everything. Splits that are not finished by then are left out for
        all contestants.
    n_jobs : int, default=None
        Number of cores for networks (None means all); for other estimators as in
        scikit-learn.
    checks : bool or list of str, default=True
        Which codes to check for in the data and the metrics, if estimators are
        evaluated here. `docs/findings.md` describes them.
    verbose : int, default=0
        1 writes a line for each scored fit.

    Returns
    -------
    Comparison
        `table`, `ranking`, `summary()`, and `sentence`, which is ready for a paper.

    Raises
    ------
    ValueError
        If contestants were scored on different splits or by different metrics, or in
        fewer than two splits.
    JournalError
        If `journal` belongs to another comparison, is in use, or cannot be written.
    KeyboardInterrupt
        After Ctrl-C. Its attribute `result` has what was finished.

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error, Machine Learning 52.
    Benavoli et al. (2017), Time for a change, JMLR 18. Holm (1979), Scandinavian
    Journal of Statistics 6.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sknet_hp.evaluation import compare
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> result = compare(tree, DummyClassifier(), X=X, y=y, random_state=0)
    >>> result.pairs[0].verdict
    'DecisionTreeClassifier is better than DummyClassifier'
    """
    contestants = [a, b, *more]
    called = name_contestants(contestants, names)
    named = dict(zip(called, contestants, strict=True))
    estimators = {name: each for name, each in named.items() if hasattr(each, "fit")}
    results = [each for each in contestants if isinstance(each, NestedResult)]
    given = {name: _read_given(each, name, n_train, n_test) for name, each in named.items() if name not in estimators}
    settings = {"cv": cv, "scoring": scoring, "n_repeats": n_repeats, "rope": rope, "names": names}
    settings |= {"n_train": n_train, "n_test": n_test, "confidence": confidence}
    settings |= {"random_state": random_state, "time_budget": time_budget}
    if not estimators:
        check_same_target(results)
        compared = compare_scored(list(given.values()), rope, confidence)
        return replace(compared, given=contestants, settings=settings)
    first, one = next(iter(estimators.items()))
    if X is None:
        raise ValueError(f"{first!r} is an estimator: give X= and y=, on which it is evaluated")
    skip, deadline = read_checks(checks), read_deadline(estimators, time_budget)
    data = read_target(read_data(X, y, groups, sample_weight), estimators.values())
    check_same_target(results, data.y)
    if results and cv is None:
        splits = list(results[0].splits)
    else:
        splits = make_outer_splits(cv, data, one, n_repeats=n_repeats, random_state=random_state)
    scorers = find_common_scorers(estimators, scoring)
    require_labels(scorers, data.y)
    findings = find_beforehand(one, data, splits, scorers, skip)
    prepared = {
        name: prepare_estimator(each, data, splits, cv=cv, random_state=random_state)
        for name, each in estimators.items()
    }

    def make_comparison(outcomes: Outcomes) -> Comparison:
        scored = given | {each.name: each for each in read_outcomes(outcomes, splits)}
        compared = compare_scored([scored[name] for name in called], rope, confidence, findings)
        return replace(compared, given=contestants, data=data, settings=settings)

    return evaluate_several(
        prepared,
        data,
        splits,
        scorers,
        make_comparison,
        split_by_split=True,
        journal=journal,
        deadline=deadline,
        n_jobs=n_jobs,
        verbose=verbose,
    )


def _read_given(each: Any, name: str, n_train: ArrayLike, n_test: ArrayLike) -> Scored:
    """Return the scores of a contestant that is no estimator."""
    return read_result(each, name) if isinstance(each, NestedResult) else read_scores(each, name, n_train, n_test)


def compare_scored(
    contestants: Sequence[Scored], rope: Any = None, confidence: float = 0.95, findings: Findings | None = None
) -> Comparison:
    """Return the comparison of contestants whose scores are known.

    Raises
    ------
    ValueError
        If they were scored on different splits or by different metrics.
    """
    check_same_splits(contestants)
    pairs = []
    for metric in find_common_metrics(contestants):
        mean = float(np.nanmean([each.scores[metric] for each in contestants]))
        region = choose_rope(rope, metric, mean)
        pairs += [compare_pair(first, second, metric, region) for first, second in combinations(contestants, 2)]
    return Comparison(contestants, adjust_pairs(pairs), confidence, findings or Findings())
