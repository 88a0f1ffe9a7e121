"""BOHB (Falkner et al. 2018, ICML): Hyperband, whose candidates a model proposes."""

import os
from itertools import cycle, islice
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from sknet_hp.search.arithmetic.brackets import Rung, plan_hyperband, widen_first_bracket
from sknet_hp.search.base.descriptions import document_searcher
from sknet_hp.search.base.initial import list_initial
from sknet_hp.search.base.searcher import BaseSearcher
from sknet_hp.search.proposals.kde import GoodAndBad, fit_densities, log_ratio
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.run import Run
from sknet_hp.search.searchers.halving import halve
from sknet_hp.search.spaces.dimensions import Choice, SteppedChoice
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params

_TRIES = 1000
"""Draws, of which none was new, after which a space counts as searched through."""


@document_searcher(
    n_brackets=(
        'int or "auto"',
        "Number of brackets of successive halving, from the one with the most candidates to the one that halves "
        'nothing, and then again from the first. "auto" runs each bracket once.',
    ),
    min_points_in_model=(
        'int or "auto"',
        'Smallest number of candidates in each of the two densities. "auto" is the number of dimensions plus one.',
    ),
    top_n_percent=("int", "Percentage of candidates that count as good."),
    num_samples=(
        "int",
        "Number of points that are drawn from the good density for each proposal. The most promising one is taken.",
    ),
    random_fraction=("float", "Share of proposals, from 0 to 1, that are drawn at random."),
    bandwidth_factor=("float", "Factor on the bandwidths of the good density when points are drawn from it."),
    min_bandwidth=(
        "float",
        "Smallest bandwidth, on a scale where the range of a parameter goes from 0 to 1. It keeps densities from "
        "shrinking to a point.",
    ),
)
class BOHBSearchCV(BaseSearcher):
    """Search by Hyperband, with a model that proposes promising candidates.

    Candidates are drawn where good candidates are dense and bad ones are not. Brackets
    run one after another. Before each bracket, the model is built from the scores at
    the largest resource that enough candidates have reached. Some of the candidates are
    still drawn at random. No candidate is proposed twice. If the space is a list of
    dicts, parameters that only some dicts have are conditional.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Notes
    -----
    The names and defaults are those of the authors' code, HpBandSter
    (`config_generators/bohb.py`); the brackets are the paper's, rounded up as in
    `HyperbandSearchCV`. `factor` is the paper's η; `max_resources` and `min_resources`
    are its largest and smallest budget.

    References
    ----------
    S. Falkner, A. Klein, F. Hutter, "BOHB: robust and efficient hyperparameter
    optimization at scale", ICML 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import BOHBSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = BOHBSearchCV(net, space, random_state=0).fit(X, y)
    >>> search.n_candidates_
    17
    """

    _proposes_by_scores = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearcher._parameter_constraints,
        "n_brackets": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "min_points_in_model": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "top_n_percent": [Interval(Integral, 1, 99, closed="both")],
        "num_samples": [Interval(Integral, 1, None, closed="left")],
        "random_fraction": [Interval(Real, 0, 1, closed="both")],
        "bandwidth_factor": [Interval(Real, 0, None, closed="neither")],
        "min_bandwidth": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_brackets: int | str = "auto",
        min_points_in_model: int | str = "auto",
        top_n_percent: int = 15,
        num_samples: int = 64,
        random_fraction: float = 1 / 3,
        bandwidth_factor: float = 3,
        min_bandwidth: float = 1e-3,
        resource: str = "auto",
        min_resources: int | str = "auto",
        max_resources: int | str = "auto",
        factor: float = 3,
        scoring: Any = None,
        refit: Any = True,
        cv: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        initial_candidates: Any = "current",
        target_score: float | None = None,
        patience: int | None = None,
        time_budget: float | None = None,
        journal: str | os.PathLike[str] | None = None,
        checks: Any = True,
        verbose: int = 0,
    ):
        super().__init__(
            estimator,
            param_distributions,
            resource=resource,
            min_resources=min_resources,
            max_resources=max_resources,
            factor=factor,
            scoring=scoring,
            refit=refit,
            cv=cv,
            n_jobs=n_jobs,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
            initial_candidates=initial_candidates,
            target_score=target_score,
            patience=patience,
            time_budget=time_budget,
            journal=journal,
            checks=checks,
            verbose=verbose,
        )
        self.n_brackets = n_brackets
        self.min_points_in_model = min_points_in_model
        self.top_n_percent = top_n_percent
        self.num_samples = num_samples
        self.random_fraction = random_fraction
        self.bandwidth_factor = bandwidth_factor
        self.min_bandwidth = min_bandwidth

    def _search(self, run: Run, space: Space) -> None:
        initial, random_state = list_initial(self, space), check_random_state(self.random_state)
        brackets = self._settle_brackets(run, widen_first_bracket(self._plan_brackets(run.resource), len(initial)))
        tried = {space.encode(params).tobytes() for params in initial if space.has(params)}
        vectors: list[np.ndarray] = []  # of the candidates by number
        for s, rungs in enumerate(brackets):
            densities = self._fit_densities(run, vectors, _count_levels(space), random_state)
            candidates = []
            for _ in range(rungs[0].n_candidates):
                params = initial.pop(0) if initial else self._propose(densities, space, tried, random_state)
                if params is not None:
                    candidates.append(run.propose(params, s))
                    vectors.append(space.encode(params))
            halve(run, candidates, rungs)
            if not run.keeps_finalists:
                run.forget(candidates)

    def _plan_brackets(self, resource: Resource) -> list[list[Rung]]:
        """Return the brackets of Hyperband, as many as are wanted."""
        each = plan_hyperband(resource.most, resource.least, self.factor)
        return list(islice(cycle(each), len(each) if self.n_brackets == "auto" else int(self.n_brackets)))

    def _fit_densities(
        self, run: Run, vectors: list[np.ndarray], levels: np.ndarray, random_state: np.random.RandomState
    ) -> GoodAndBad | None:
        """Return the densities at the largest budget that has enough candidates."""
        min_points = len(levels) + 1 if self.min_points_in_model == "auto" else int(self.min_points_in_model)
        for budget in sorted({row.n_resources for row in run.rows}, reverse=True):
            rows = [row for row in run.rows if row.n_resources == budget]
            densities = fit_densities(
                np.array([vectors[row.candidate.number] for row in rows]),
                np.array([-run.get_score(row) for row in rows]),
                levels,
                random_state,
                min_points=min_points,
                top_n_percent=self.top_n_percent,
                min_bandwidth=self.min_bandwidth,
            )
            if densities is not None:
                return densities
        return None

    def _propose(
        self, densities: GoodAndBad | None, space: Space, tried: set[bytes], random_state: np.random.RandomState
    ) -> Params | None:
        """Return a new candidate (algorithm 2 of the paper), None if none is left."""
        if densities is not None and random_state.uniform() >= self.random_fraction:
            samples = densities.good.sample(self.num_samples, random_state, self.bandwidth_factor)
            for k in np.argsort(log_ratio(*densities, samples), kind="stable"):
                params = space.decode(samples[k])
                if _add_if_new(space, params, tried):
                    return params
        for _ in range(_TRIES if space.size is None or len(tried) < space.size else 0):
            params = space.sample(1, random_state)[0]
            if _add_if_new(space, params, tried):
                return params
        return None


def _count_levels(space: Space) -> np.ndarray:
    """Return how many values without an order each coordinate has, 0 for numbers."""
    return np.array(
        [len(d.values) if isinstance(d, Choice) and not isinstance(d, SteppedChoice) else 0 for d in space.coordinates],
        dtype=int,
    )


def _add_if_new(space: Space, params: Params, tried: set[bytes]) -> bool:
    """Add a candidate to those that were tried, and return whether it was new."""
    before = len(tried)
    tried.add(space.encode(params).tobytes())
    return len(tried) > before
