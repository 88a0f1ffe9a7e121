"""Bayesian optimization with a Gaussian process (Snoek et al. 2012).

The process is scikit-optimize's.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from joblib import parallel_config

try:
    from skopt import Optimizer
    from skopt.space import Categorical, Integer, Real
except ImportError as error:
    raise ImportError("GPSearchCV needs scikit-optimize: pip install 'sknet_hp[bayes]'") from error

from sknet_hp.search.searchers.model_based import ModelBasedSearcher, document_model_based
from sknet_hp.search.spaces.axes import BRANCH, Axes, Axis
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params


class GaussianProcess:
    """scikit-optimize's `Optimizer` over a space.

    Axes of the branches that a point is not in stand at their lowest value.

    Parameters
    ----------
    space : the search space.
    seed : for all that is drawn.
    """

    def __init__(self, space: Space, seed: int):
        self.axes = Axes(space, ordered=True)
        self._varied = self.axes.list_varied()
        # With one value for each parameter there is nothing to model, and `Optimizer` takes no empty space.
        self._optimizer = (
            Optimizer([make_dimension(axis) for axis in self._varied], random_state=seed) if self._varied else None
        )

    def ask(self, n: int) -> list[Params]:
        """Return n proposals by the constant liar.

        Each is taken to come out as well as the best, before the next is asked for. One
        alone needs no lie: it is the optimizer's own, which costs no further fits
        of the process.
        """
        if self._optimizer is None:
            return [self.axes.decode({})] * n
        with _silence_skopt():
            points = [self._optimizer.ask()] if n == 1 else self._optimizer.ask(n)
        return [
            self.axes.decode({axis.label: x for axis, x in zip(self._varied, point, strict=True)}) for point in points
        ]

    def tell(self, params: list[Params], scores: list[float]) -> None:
        """Learn; what is not in the space says nothing."""
        pairs = [
            (point, score)
            for point, score in zip(map(self.axes.encode, params), scores, strict=True)
            if point is not None
        ]
        if self._optimizer is None or not pairs:
            return
        points = [
            [
                point.get(axis.label, 0 if axis.label == BRANCH or axis.n_categories else axis.low)
                for axis in self._varied
            ]
            for point, _ in pairs
        ]
        with _silence_skopt():
            self._optimizer.tell(points, [-score for _, score in pairs])


def make_dimension(axis: Axis) -> Any:
    """Return an axis as scikit-optimize's dimension."""
    if axis.n_categories is not None:
        return Categorical(range(axis.n_categories), name=axis.label)
    kind = Integer if axis.integer else Real
    return kind(axis.low, axis.high, prior="log-uniform" if axis.log else "uniform", name=axis.label)


@contextmanager
def _silence_skopt() -> Iterator[None]:
    """Silence remarks on points seen before, which are not trained again anyway.

    Small tasks of scikit-optimize go to no joblib backend.
    """
    with warnings.catch_warnings(), parallel_config(backend="sequential"):
        warnings.filterwarnings("ignore", message="The objective has been evaluated at", category=UserWarning)
        yield


@document_model_based
class GPSearchCV(ModelBasedSearcher):
    """Search by Bayesian optimization with a Gaussian process, in batches.

    This is scikit-optimize's `Optimizer` with its defaults. The first ten candidates
    are random. After that, those are proposed that are most promising by expected
    improvement, probability of improvement or the lower confidence bound. Choices that
    are numbers are taken in their order.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    J. Snoek, H. Larochelle, R. P. Adams, "Practical Bayesian optimization of machine
    learning algorithms", NIPS 2012. Batches: D. Ginsbourger, R. Le Riche, L. Carraro,
    "Kriging is well-suited to parallelize optimization", 2010.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import GPSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = GPSearchCV(net, space, n_candidates=12, n_points=4, random_state=0)
    >>> search = search.fit(X, y)
    >>> search.n_candidates_
    12
    """

    def _make_model(self, space: Space, seed: int) -> GaussianProcess:
        return GaussianProcess(space, seed)
