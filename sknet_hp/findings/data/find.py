"""All checks of data at once."""

import warnings
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from sknet_hp.findings.check import register, run_checks
from sknet_hp.findings.data.case import make_case
from sknet_hp.findings.data.columns import find_id_columns, find_useless_columns
from sknet_hp.findings.data.duplicates import find_conflicting_labels, find_duplicate_rows
from sknet_hp.findings.data.folds import find_group_overlap, find_missing_classes, find_row_order
from sknet_hp.findings.data.leakage import find_leakage
from sknet_hp.findings.data.near_duplicates import find_near_duplicates
from sknet_hp.findings.data.order import find_time_overlap
from sknet_hp.findings.data.preparation import find_preparation
from sknet_hp.findings.finding import Findings

DATA_CHECKS = register(
    find_duplicate_rows,
    find_near_duplicates,
    find_conflicting_labels,
    find_leakage,
    find_preparation,
    find_time_overlap,
    find_group_overlap,
    find_missing_classes,
    find_row_order,
    find_id_columns,
    find_useless_columns,
)
"""What can be wrong with a table and its splits, by code."""


_IS_CHECKED = ContextVar("_IS_CHECKED", default=False)


@contextmanager
def assume_checked() -> Iterator[None]:
    """Look for nothing in data: who calls what runs in here has done so.

    For searches inside evaluations, whose rows are those of the evaluation.
    """
    token = _IS_CHECKED.set(True)
    try:
        yield
    finally:
        _IS_CHECKED.reset(token)


def is_assumed_checked() -> bool:
    """Return whether somebody else has looked at the data, and at the metrics."""
    return _IS_CHECKED.get()


def find_in_data(
    X: Any,
    y: Any = None,
    *,
    splits: Iterable[Any] | None = None,
    groups: Any = None,
    estimator: Any = None,
    skip: Collection[str] = (),
) -> Findings:
    """Return what is found in a table, its target and its splits.

    Nothing is changed, and nothing drawn from the process's random generators. A table
    of more than 100,000 rows, or 4 million cells, is looked at in a sample of its rows.

    Parameters
    ----------
    X : array-like, dataframe or sparse matrix of shape (n_rows, n_columns)
        Anything else that an estimator may learn from is not looked at.
    y : array-like of shape (n_rows,), default=None
    splits : iterable of (train, test), default=None
        Row numbers, as `cv.split` gives them.
    groups : array-like of shape (n_rows,), default=None
        Groups that must not be in training and test at once.
    estimator : estimator, default=None
        What is to learn from the table.
    skip : codes of `DATA_CHECKS` that are not looked for.
    """
    if _IS_CHECKED.get() or set(skip) >= set(DATA_CHECKS):
        return Findings()
    try:
        with np.errstate(all="ignore"):
            case = make_case(X, y, splits=splits, groups=groups, estimator=estimator)
    except Exception as error:
        warnings.warn(
            f"the table could not be checked ({type(error).__name__}: {error}); nothing else is affected",
            UserWarning,
            stacklevel=2,
        )
        return Findings()
    with np.errstate(all="ignore"):  # numbers may be as large as they like
        return Findings() if case is None else run_checks(DATA_CHECKS, case, skip)
