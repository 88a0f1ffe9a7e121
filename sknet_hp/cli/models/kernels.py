"""What a first command compiles, before its time counts."""

import time
import warnings
from contextlib import suppress
from typing import Any

import numpy as np
from sklearn.base import clone

from sknet_hp.cli.tables.problem import Problem

ROWS = 300


def compile_kernels(problem: Problem, *models: Any) -> float:
    """Return the seconds it took to compile what networks need for a table.

    That is done once in an environment, and takes some ten seconds there. They are not
    to be missing from the time that a user has given to a search. What is compiled
    depends on the columns, so some rows of the table are trained on.

    Parameters
    ----------
    models : estimators; those that have no `max_epochs` compile nothing.
    """
    begin = time.monotonic()
    _, first = np.unique(problem.y, return_index=True)  # of each class, or of each number
    rows = np.union1d(first[:ROWS], np.arange(min(ROWS, len(problem.y))))
    X, y = problem.X.iloc[rows], problem.y[rows]
    for model in models:
        short = {name: 2 for name in model.get_params(deep=True) if name.split("__")[-1] == "max_epochs"}
        if not short:
            continue
        # Whatever is wrong with the table is told when all of it is trained on.
        with warnings.catch_warnings(), suppress(Exception):
            warnings.simplefilter("ignore")
            clone(model).set_params(**short).fit(X, y).predict(X)
    return time.monotonic() - begin
