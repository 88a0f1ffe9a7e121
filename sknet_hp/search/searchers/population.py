"""Population-based training (Jaderberg et al. 2017)."""

import os
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.arithmetic.cost import Cost
from sknet_hp.search.base.descriptions import document_searcher
from sknet_hp.search.base.searcher import BaseSearcher
from sknet_hp.search.candidates import Candidate, Step, rank
from sknet_hp.search.curves import collect_curves
from sknet_hp.search.proposals.exploring import count_replaced, explore
from sknet_hp.search.running.fitting import plan_fits
from sknet_hp.search.running.run import Run
from sknet_hp.search.searchers.population_checks import check_changeable, check_settings
from sknet_hp.search.spaces.space import Space

_INTERVALS = 10
"""How many there are if their length is automatic."""


@document_searcher(
    attributes={
        "cv_results_": (
            "dict of ndarray",
            "As in scikit-learn, with a row for each member and interval, and also `bracket` (always 0), `iter` (the "
            "interval) and `n_resources`. `candidate` numbers settings with their networks: a copy is a new candidate, "
            "and `parent` is the one it was copied from (-1 if none). `member` is its place in the population. Times "
            "are those of this interval only.",
        ),
        "curves_": (
            "pandas.DataFrame",
            "Learning curves, with a row for each epoch of each fit: candidate, parent (the candidate it was copied "
            "from, which has the earlier epochs; -1 if none), bracket (always 0), iter (the interval), n_resources, "
            "split, epoch, train_loss, valid_loss, valid_score. Unknown values are NaN.",
        ),
        "best_params_": ("dict", "Parameters of the best member in the last interval, including the resource."),
        "best_estimator_": ("estimator", "Trained on all rows with `schedule_`. Only with `refit`."),
        "ensemble_": None,
        "n_candidates_": ("int", "Number of candidates, including copies."),
        "schedule_": (
            "list of tuple (from_resource, to_resource, params)",
            "Schedule of the best member, with an entry for each interval.",
        ),
        "lineage_": (
            "list of int",
            "The candidates from which the best member descends, the oldest first, and the member itself.",
        ),
    },
    estimator=(
        "estimator",
        "`NetClassifier`, `NetRegressor`, or a pipeline that ends with one. Also any estimator whose `fit` can "
        "continue with `warm_start`.",
    ),
    population_size=("int", "Number of members. There are fewer if a space of lists has fewer settings."),
    interval=(
        'int or "auto"',
        'How long members are trained before they are compared, in units of the resource. "auto" is a tenth of '
        "`max_resources`.",
    ),
    quantile=(
        "float",
        "Share of the members that are replaced by copies of as many of the best, in (0, 0.5]: ⌈n · quantile⌉ members, "
        "at most half of them. Members that failed are always replaced.",
    ),
    resample_probability=(
        "float",
        "Probability that a parameter of a copy is drawn again from the space. Otherwise, a number is multiplied by "
        "one of `perturbation_factors`, and a choice is replaced by one next to it.",
    ),
    perturbation_factors=(
        "tuple of float",
        "Factors for the numbers of copies; one is drawn at random for each. Results are clipped to the bounds of the "
        "space, and whole numbers are rounded.",
    ),
    max_resources=('int or "auto"', 'Total resource of each member. "auto" is the value of the estimator.'),
    resource=("str", 'Parameter that members get more of. "auto" is `max_epochs` of the last step.'),
    refit=(
        "bool, str or callable",
        "True trains on all rows with the schedule of the best member, as `best_estimator_`. With several scores, give "
        "the name of the score that the search optimises. A function gets `cv_results_` and returns the index of the "
        'best. "one_standard_error" takes, among the members within one standard error of the best (Breiman et al. '
        "1984), the one trained for the fewest epochs. (Estimators without an array of weights are compared by the fit "
        'times of their last interval, which are not reproducible.) "ensemble" is not available.',
    ),
    random_state=(
        "int, RandomState or None",
        "Seed of the first parameters, which members are copied, and how they change. A journal needs an integer.",
    ),
    initial_candidates=(
        'list of dict, "current" or None',
        'Settings of the first members. If there are more than `population_size`, the population is larger. "current", '
        "alone or in the list, is the estimator with its own settings. None draws all members.",
    ),
    target_score=(
        "float or None",
        "End the search after the first interval in which the best member has this mean score, or a better one.",
    ),
    patience=(
        "int or None",
        "End the search when in this many intervals in a row, no member was better than all before.",
    ),
    verbose=(
        "int",
        "1 shows on a terminal what the search will cost, a live line, and the findings. 2 also writes a line for each "
        "interval, on terminals and elsewhere.",
    ),
)
class PBTSearchCV(BaseSearcher):
    """Find a schedule of parameters by population-based training.

    All members of a population train side by side. After each interval, the worst
    members are replaced by copies of the best. A copy takes over weights, the state of
    the optimizer and counters, and continues with perturbed parameters. So a schedule
    is found in the time of one training of each member.

    A member is one setting of the parameters with a network in each split. Members are
    compared by their mean score over the splits, and copied in all splits at once. The
    result is a schedule: the parameters that the best member and its ancestors had in
    each interval. `best_estimator_` is trained on all rows with this schedule. The best
    member has the best mean score of those that reached the most resources.

    Only parameters that can change during training can be searched, such as learning
    rates, weight decay and dropout. Others raise an error before training begins, if
    the estimator refuses them. (scikit-learn's `MLPClassifier` ignores a changed
    `hidden_layer_sizes`.) They may be single values in a list of dicts: a copy inherits
    them, and members stay in their dict. Networks that `early_stopping` has stopped are
    not trained further, and neither are their copies; with `early_stopping=False`, all
    members train to the end.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    M. Jaderberg, V. Dalibard, S. Osindero, W. M. Czarnecki, J. Donahue, A. Razavi, O.
    Vinyals, T. Green, I. Dunning, K. Simonyan, C. Fernando, K. Kavukcuoglu, "Population
    based training of neural networks", arXiv:1711.09846, 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import PBTSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> search = PBTSearchCV(net, space, population_size=4, interval=3, random_state=0)
    >>> search = search.fit(X, y)
    >>> [(begin, end) for begin, end, _ in search.schedule_]
    [(0, 3), (3, 6), (6, 9)]
    """

    _proposes_by_scores = True
    _waits_for_rungs = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearcher._parameter_constraints,
        "population_size": [Interval(Integral, 1, None, closed="left")],
        "interval": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "quantile": [Interval(Real, 0, 0.5, closed="right")],
        "resample_probability": [Interval(Real, 0, 1, closed="both")],
        "perturbation_factors": [tuple, list],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        population_size: int = 16,
        interval: int | str = "auto",
        quantile: float = 0.25,
        resample_probability: float = 0.25,
        perturbation_factors: Sequence[float] = (1.2, 0.8),
        max_resources: int | str = "auto",
        resource: str = "auto",
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
            max_resources=max_resources,
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
        self.population_size = population_size
        self.interval = interval
        self.quantile = quantile
        self.resample_probability = resample_probability
        self.perturbation_factors = perturbation_factors

    def _search(self, run: Run, space: Space) -> None:
        check_settings(
            self.estimator,
            run.resource,
            interval=self.interval,
            refit=self.refit,
            factors=self.perturbation_factors,
        )
        random_state = check_random_state(self.random_state)
        population = [run.propose(params) for params in self._draw_settings(space, self.population_size, random_state)]
        ends = list_intervals(run.resource.most, self.interval)
        run.announce(Cost(len(population), len(population) * len(ends), len(population) * run.resource.most))
        is_resumed = run.journal is not None and bool(run.journal.records)
        if len(ends) > 1 and len(population) > 1 and not is_resumed:
            check_changeable(run, space, population, self.perturbation_factors)
        for iteration, n_resources in enumerate(ends):
            if iteration:
                population = self._exploit_and_explore(run, population, space, random_state)
            if not population:  # all have failed: there is nobody to copy
                return
            run.train([Step(member, n_resources, iteration) for member in population])

    def _exploit_and_explore(
        self, run: Run, population: list[Candidate], space: Space, random_state: np.random.RandomState
    ) -> list[Candidate]:
        """Return the next population.

        The worst, and all that failed, give way to perturbed copies of the best.
        """
        n, order = count_replaced(len(population), self.quantile), rank(population)
        failed = {row.candidate for row in run.rows[-len(population) :] if row.failed}
        failed |= {member for member in population if np.isnan(member.score)}
        best = [member for member in order if member not in failed][: max(n, 1)]
        if not best:
            return []
        worst = {*order[len(order) - n :], *failed} - set(best)
        following = []
        for member in population:
            if member in worst:
                parent = best[random_state.randint(len(best))]
                params = explore(
                    parent.params,
                    space.branches[space.find_branch(parent.params)],
                    resample_probability=self.resample_probability,
                    factors=self.perturbation_factors,
                    random_state=random_state,
                )
                following.append(run.fork(parent, params))
            else:
                following.append(member)
        run.forget(worst)
        return following

    def _conclude(self, run: Run) -> None:
        super()._conclude(run)
        rows = run.rows
        self._curves = collect_curves(rows, parents=True)
        n_members = sum(row.iteration == 0 for row in rows)
        self.cv_results_["member"] = np.arange(len(rows)) % n_members
        self.cv_results_["parent"] = np.array([row.candidate.parent_number for row in rows])
        if not self.refit and self.multimetric_:  # nobody says which is the best
            return
        row = rows[self.best_index_]
        history = [(past, to) for past, to in row.candidate.history if to <= row.n_resources]
        begins = [0, *(to for _, to in history)]
        self.schedule_ = [(begin, to, past.params) for begin, (past, to) in zip(begins, history, strict=False)]
        self.lineage_ = list(dict.fromkeys(past.number for past, _ in history))

    def _fit_best(self, run: Run, X: TableLike, y: ArrayLike, fit_params: dict[str, Any]) -> None:
        """Fit `best_estimator_` on all rows by the schedule, interval by interval."""
        for settings in plan_fits([(params, to) for _, to, params in self.schedule_], run.resource):
            self.best_estimator_.set_params(**clone(settings, safe=False))
            super()._fit_best(run, X, y, fit_params)
        # To fit it once more should start again, as with any other search.
        own, total = self.estimator.get_params(deep=True), run.resource.make_params(self.schedule_[-1][1])
        self.best_estimator_.set_params(
            **{name: own[name] for name in run.resource.make_settings(0, 0, self.schedule_[-1][2])} | total
        )


def list_intervals(most: int, interval: int | str) -> list[int]:
    """Return where intervals end; the last one ends at `most` exactly."""
    step = max(1, most // _INTERVALS) if interval == "auto" else int(interval)
    return [*range(step, most, step), most]
