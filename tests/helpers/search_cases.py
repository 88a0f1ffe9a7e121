"""Searches as checks see them, made of numbers instead of trained."""

from types import SimpleNamespace

import numpy as np

from sknet_hp import NetClassifier
from sknet_hp.search.checks.case import ResourceOfSearch, SearchCase
from sknet_hp.search.curves import CurveTable
from sknet_hp.search.spaces.space import Space

EPOCHS = ResourceOfSearch("epochs", 1, 27, goes_on=True, in_rungs=True)


def make_case(scores, params=None, *, space=None, estimator=None, curves=(), **more):
    """A case whose candidates were all trained to the end, unless `more` says else.

    `scores` are means, or rows of splits; `curves` are losses, (candidate, split) -> list.
    """
    scores = np.asarray(scores, dtype=float)
    n = len(scores)
    if scores.ndim == 1:
        scores = scores[:, np.newaxis] + np.array([-0.001, 0.0, 0.001])
    given = space or {"lr": (1e-4, 1e-1, "log-uniform")}
    read = Space(given)
    settings = {
        "errors": [None] * n,
        "params": params or [{}] * n,
        "candidate": np.arange(n),
        "n_resources": np.full(n, 27),
        "space": read,
        "resource": EPOCHS,
    } | more
    search = SimpleNamespace(param_distributions=given, estimator=estimator or NetClassifier(), refit=True)
    return SearchCase(
        search,
        scores=scores,
        curves=CurveTable(("candidate", "split"), [(whose, make_curve(**own)) for whose, own in dict(curves).items()]),
        space_name="param_distributions",
        **settings,
    )


def make_curve(train=None, valid=None):
    """A curve with these losses."""
    n = len(train if train is not None else valid)
    unknown = np.full(n, np.nan)
    return {
        "epoch": np.arange(1, n + 1),
        "train_loss": unknown if train is None else np.asarray(train, dtype=float),
        "valid_loss": unknown if valid is None else np.asarray(valid, dtype=float),
        "valid_score": unknown,
    }
