"""A small network first: whether it learns, how long it takes, and what rows follow."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.utils import _safe_indexing

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.estimators.types import ArrayLike
from sknet_hp.formatting.numbers import format_amount, format_percentage
from sknet_hp.search.base.setup import Split
from sknet_hp.search.running.fitting import SplitData, fit_on
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.views.metric import Metric
from sknet_hp.tuning.guided.reports import StageReport

N_ROWS, N_EPOCHS = 5000, 10
"""Rows and epochs of the prototype, at most."""


class Prototype(NamedTuple):
    """What a small network has shown.

    Attributes
    ----------
    n_rows, n_epochs : that it trained on and for.
    seconds : that it took, all kernels being compiled.
    score, constant : on rows that it has not seen; of a prediction that is the same for
        all rows. NaN where they cannot be scored.
    network : the fitted estimator.
    """

    n_rows: int
    n_epochs: int
    seconds: float
    score: float
    constant: float
    network: Any

    @property
    def learns(self) -> bool:
        """Whether it beats a constant prediction, as far as that is known."""
        return bool(np.isnan(self.score) or np.isnan(self.constant) or self.score > self.constant)


def build_prototype(
    estimator: Any, data: SplitData, resource: Resource, scorer: Callable[..., Any], metric: str
) -> Prototype:
    """Train a small network twice, and time it the second time.

    In the first one kernels may be compiled, which takes seconds once.

    Parameters
    ----------
    estimator : network, or pipeline that ends with one.
    data : a split; at most `N_ROWS` rows of each of its parts are taken.
    resource : epochs.
    scorer, metric : of the search.
    """
    draw = np.random.RandomState(0)
    small = data._replace(
        train=np.sort(draw.permutation(data.train)[:N_ROWS]), test=np.sort(draw.permutation(data.test)[:N_ROWS])
    )
    fit_on(clone(estimator), small, resource.make_settings(1))
    start = time.perf_counter()
    fitted = fit_on(clone(estimator), small, resource.make_settings(min(resource.most, N_EPOCHS)))
    seconds = time.perf_counter() - start
    dummy = DummyClassifier(strategy="prior") if is_classifier(estimator) else DummyRegressor()
    y = _safe_indexing(small.y, small.train)
    return Prototype(
        len(small.train),
        int(find_last_step(fitted)[1].n_iter_),
        seconds,
        _score(fitted, small, scorer, metric),
        _score(dummy.fit(np.zeros((len(y), 1)), y), small, scorer, metric),
        fitted,
    )


def _score(fitted: Any, data: SplitData, scorer: Callable[..., Any], metric: str) -> float:
    """Return a score on test rows, NaN if there is none.

    Few rows may lack a class that a scorer asks for.
    """
    X, y = (_safe_indexing(part, data.test) for part in (data.X, data.y))
    with suppress(Exception):
        scores = scorer(fitted, X, y)
        return float(scores[metric] if isinstance(scores, dict) else scores)
    return float("nan")


def check_is_network(estimator: Any) -> None:
    """Refuse an estimator that does not end with a network of ours.

    Raises
    ------
    ValueError
        With the name of what it ends with.
    """
    from sknet_hp.estimators.classifier import NetClassifier
    from sknet_hp.estimators.regressor import NetRegressor

    _, last = find_last_step(estimator)
    if not isinstance(last, (NetClassifier, NetRegressor)):
        raise ValueError(
            f"GuidedSearchCV tunes NetClassifier, NetRegressor and pipelines that end with one, got "
            f"{type(last).__name__}; for other estimators use a search of sknet_hp.search, such as HalvingSearchCV"
        )


def describe_prototype(report: StageReport, prototype: Prototype, metric: Metric, share: float, n_rows: int) -> None:
    """Write into a report what a prototype has shown, and what follows.

    Parameters
    ----------
    report : of the stage.
    prototype : that was trained.
    metric : of its score.
    share : of the training rows that candidates are compared on.
    n_rows : training rows of a split.
    """
    report.tried = [f"one network for {format_amount(prototype.n_epochs, 'epochs')} on {prototype.n_rows:,} rows"]
    report.found = f"It took {prototype.seconds:.2g} s. "
    if not np.isnan(prototype.score) and not np.isnan(prototype.constant):
        scores = (metric.write(each) for each in (prototype.score, prototype.constant))
        beside = f"its {metric.label} on rows of one split is {', that of a constant prediction '.join(scores)}"
        report.found += f"It {'learns' if prototype.learns else 'has not learned yet'}: {beside}. "
    if share < 1:
        report.decided = (
            f"Candidates are compared on {format_percentage(share)} of the {n_rows:,} training rows of each split, so "
            f"that there is time for several; the final fit has all rows."
        )
    else:
        report.decided = "Candidates are compared on all training rows."


def thin_splits(splits: list[Split], y: ArrayLike, share: float, *, by_class: bool) -> list[Split]:
    """Return splits with a share of their training rows, in the same order.

    Test rows stay.

    Parameters
    ----------
    splits : of the rows.
    y : targets.
    share : of the training rows of each split that is kept.
    by_class : whether each class keeps this share, and one row at least.
    """
    if share >= 1:
        return splits
    draw = np.random.RandomState(0)
    labels = np.asarray(y) if by_class and np.ndim(y) == 1 else np.zeros(len(np.asarray(y)))
    thinned = []
    for train, test in splits:
        codes = np.unique(labels[train], return_inverse=True)[1]
        kept = [
            draw.permutation(own)[: max(1, round(share * len(own)))]
            for code in range(codes.max() + 1)
            if len(own := train[codes == code])
        ]
        order = np.isin(train, np.concatenate(kept))
        thinned.append((train[order], test))
    return thinned
