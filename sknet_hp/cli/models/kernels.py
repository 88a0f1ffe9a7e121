"""What a first command compiles, before its time counts."""

import time

import numpy as np

from sknet_hp.presets import TaskKind


def compile_kernels(task: TaskKind) -> float:
    """Return the seconds it took to compile what networks of a task need.

    That is done once in an environment, and takes some ten seconds there. They are not
    to be missing from the time that a user has given to a search.
    """
    from sknet_hp.estimators.classifier import NetClassifier
    from sknet_hp.estimators.regressor import NetRegressor

    begin = time.monotonic()
    X = np.linspace(-1, 1, 256).reshape(64, 4)
    if task == "classification":
        NetClassifier(max_epochs=2, random_state=0).fit(X, np.arange(64) % 2).predict(X)
    else:
        NetRegressor(max_epochs=2, random_state=0).fit(X, X[:, 0]).predict(X)
    return time.monotonic() - begin
