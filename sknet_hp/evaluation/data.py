"""Checks of a table before anything is trained."""

import os
import warnings
from collections.abc import Collection
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from sknet_hp.evaluation.levels.target import require_variation
from sknet_hp.evaluation.running.data import read_data
from sknet_hp.findings.check import read_switch
from sknet_hp.findings.data import DATA_CHECKS, find_in_data
from sknet_hp.findings.data.case import make_case
from sknet_hp.findings.finding import Findings


def check_data(
    X: Any,
    y: Any = None,
    *,
    cv: Any = None,
    groups: Any = None,
    estimator: Any = None,
    checks: bool | Collection[str] = True,
) -> Findings:
    """Return findings about what would make scores on a table misleading.

    Nothing is trained. Searches and evaluations run the same checks.

    Parameters
    ----------
    X : array-like, dataframe or sparse matrix of shape (n_rows, n_columns)
        Dates may be among its columns.
    y : array-like of shape (n_rows,), default=None
        Without it, only the columns are checked.
    cv : int, splitter or iterable of (train, test), default=None
        The splits that an evaluation would use. None means five folds, as in
        scikit-learn.
    groups : array-like of shape (n_rows,), default=None
        Groups for the splitter. No group should be in training and test rows at once.
    estimator : estimator, default=None
        The model that will learn from the table. For a classifier, folds are
        stratified.
    checks : bool or list of str, default=True
        Which codes to check for. `docs/findings.md` describes them.

    Returns
    -------
    Findings
        The worst first. Empty if nothing was found.

    Raises
    ------
    ValueError
        If a code is not known, the splitter cannot split these rows, or y is missing
        in some rows or the same in all.
    TypeError
        If X is the name of a file.

    Examples
    --------
    >>> import numpy as np
    >>> from sknet_hp.evaluation import check_data
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> y = X[:, 0] > 0
    >>> check_data(np.vstack([X, X]), np.append(y, y)).codes
    ['duplicate_rows', 'leakage']
    """
    skip = read_switch(checks, DATA_CHECKS, "checks")
    if isinstance(X, str | os.PathLike):
        raise TypeError(f"X must be a table that is read already, such as pandas.read_csv({str(X)!r}); got {X!r}")
    read_data(X, y, groups)
    if y is not None:
        require_variation(y)
    return find_in_data(X, y, splits=_split(X, y, cv, groups, estimator), groups=groups, estimator=estimator, skip=skip)


def _split(X: Any, y: Any, cv: Any, groups: Any, estimator: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    case = make_case(X, y, estimator=estimator)
    is_classification = case is not None and case.classes is not None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The groups parameter is ignored")  # there is a finding for that
        return list(check_cv(cv, y, classifier=is_classification).split(X, y, groups))
