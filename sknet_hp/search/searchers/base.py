"""What all searchers share: scikit-learn's interface around a policy that decides who
trains how far next.
"""

import os
import time
import warnings
from contextlib import ExitStack
from copy import copy
from importlib.metadata import version
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, _fit_context, clone, is_classifier
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import _warn_or_raise_about_fit_failures
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_method_params, check_is_fitted

from sknet_hp.estimators.names import NameHints
from sknet_hp.search.arithmetic.brackets import Rung, add_finalists
from sknet_hp.search.arithmetic.cost import compute_cost
from sknet_hp.search.candidates import SIZES, Row
from sknet_hp.search.journal.identity import Identity, digest, find_unseeded_networks
from sknet_hp.search.journal.journal import Journal
from sknet_hp.search.running.batches import SearchStopped
from sknet_hp.search.running.ensemble import FINALISTS, check_can_vote, make_voting_estimator, select_members
from sknet_hp.search.running.progress import Progress
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.run import Run
from sknet_hp.search.running.seeds import draw_first_step_seeds
from sknet_hp.search.running.selection import RULES, average_sizes, find_best_index, find_metric
from sknet_hp.search.searchers.stock import fuse_by_default
from sknet_hp.search.spaces.names import check_names
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import drop_known

_VERSION = version("sknet_hp")
_NOT_IDENTITY = {
    "estimator",
    "param_distributions",
    "cv",
    "random_state",
    "refit",
    "n_jobs",
    "time_budget",
    "journal",
    "verbose",
}
"""Parameters that a search's numbers do not depend on, or that have a part of their
own.
"""


class BaseSearcher(NameHints, BaseSearchCV):
    """A search whose candidates go on from where they stopped.

    Subclasses say in `_search` who trains how far next. `document_searcher` writes the
    parameters and attributes that they share into their docstrings.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: allowed for name, allowed in BaseSearchCV._parameter_constraints.items() if name != "pre_dispatch"},
        "estimator": [HasMethods(["fit"])],
        "param_distributions": [dict, list],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "resource": [str],
        "min_resources": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "max_resources": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "random_state": ["random_state"],
        "initial_candidates": [list, tuple, StrOptions({"current"}), None],
        "time_budget": [Interval(Real, 0, None, closed="neither"), None],
        "journal": [str, os.PathLike, None],
    }

    _proposes_by_scores: ClassVar[bool] = False
    """Whether other scores would make other candidates."""

    param_distributions: Any
    resource: str
    min_resources: Any
    max_resources: Any
    factor: float
    random_state: Any
    initial_candidates: Any
    time_budget: float | None
    journal: str | os.PathLike[str] | None

    # ---- what subclasses say ---------------------------------------------------------------------------------------

    def _search(self, run: Run, space: Space) -> None:
        """Propose candidates and have them trained, until there is nothing left to do;
        and say beforehand what that costs (`run.expect`).
        """
        raise NotImplementedError

    # ---- fit -------------------------------------------------------------------------------------------------------

    @_fit_context(
        prefer_skip_nested_validation=False
    )  # validates, and tells callbacks when it has ended, however it ends
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, and refit the best candidate on all rows.

        Parameters
        ----------
        X : array-like or dataframe of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
        **params : passed to the estimator's `fit`, the scorer and the splitter, as in
            scikit-learn's searches (`groups`, `sample_weight`, ...).

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the space, the resource or another parameter can not be used, or all
            candidates fail; with the first failure's traceback.
        JournalError
            If `journal` is of another search, in use, or no place for one.
        KeyboardInterrupt
            As it came; `cv_results_` then has the rungs that were finished.
        """
        with fuse_by_default(self):
            return self._fit(X, y, params)

    def _fit(self, X: Any, y: Any, params: dict[str, Any]) -> Self:
        start = time.monotonic()
        scorers, _ = self._get_scorers()
        metric = find_metric(scorers, self.refit)
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        metadata = None if params.get("sample_weight") is None else {"sample_weight": params["sample_weight"]}
        root = self._init_callback_context(max_subtasks=1 + (self.refit is not False))
        root.call_on_fit_task_begin(estimator=self, X=X, y=y, metadata=metadata)

        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = _split(cv, X, y, routed)
        self.n_splits_ = len(splits)
        if not splits:
            raise ValueError("No fits were performed. Was the CV iterator empty? Were there no candidates?")
        space = Space(self.param_distributions, self.estimator)
        searched = list(
            dict.fromkeys([*space.names, *(name for params in self._list_initial(space) for name in params)])
        )
        resource = Resource(
            self.estimator,
            self.resource,
            self.min_resources,
            self.max_resources,
            self.factor,
            n_rows=min(len(train) for train, _ in splits),
            n_splits=len(splits),
            y=y,
            searched=searched,
        )
        self.resource_, self.min_resources_, self.max_resources_ = resource.name, resource.least, resource.most
        self._seeds = (
            {} if resource.of_rows else draw_first_step_seeds(self.estimator, resource.name, self.random_state)
        )

        if self.refit == "ensemble":
            check_can_vote(self.estimator, y, resource, scorers)
        progress = Progress(int(self.verbose), unit=resource.unit, refits=bool(self.refit))
        if self.journal is not None and digest(splits) != digest(_split(cv, X, y, routed)):
            raise ValueError(
                f"journal={self.journal!r} needs a cv that splits in the same way each time, so that the same search "
                f"can be taken up; give {cv} an integer random_state"
            )
        journal = (
            None
            if self.journal is None
            else _open_journal(self.journal, self._identity(X, y, params, splits, resource, metric))
        )
        search_context = root.subcontext(
            task_name="search", max_subtasks=None, sequential_subtasks=True
        ).call_on_fit_task_begin(estimator=self)
        interrupted: BaseException | None = None
        self.stopped_: str | None = None
        with ExitStack() as closing:
            closing.callback(progress.finish)
            if journal is not None:
                closing.callback(journal.close)
            run = Run(
                self._make_estimator({}),
                X,
                y,
                splits,
                resource=resource,
                metric=metric,
                settings={
                    "scorer": scorers,
                    "return_train_score": self.return_train_score,
                    "error_score": self.error_score,
                    "verbose": 0,
                    "caller": self,
                },
                fit_params=routed.estimator.fit,
                score_params=routed.scorer.score,
                random_state=self.random_state,
                n_jobs=self.n_jobs,
                deadline=None if self.time_budget is None else start + self.time_budget,
                contexts=lambda n: [
                    search_context.subcontext(task_name="candidate-split-evaluation") for _ in range(n)
                ],
                searched=searched,
                journal=journal,
                progress=progress,
                keeps_finalists=self.refit == "ensemble",
                check_scores=self._check_refit_for_multimetric if callable(self.scoring) else None,
            )
            try:
                self._search(run, space)
            except SearchStopped:
                self.stopped_ = "time_budget"
            except KeyboardInterrupt as stop:
                self.stopped_, interrupted = "interrupted", stop
        search_context.call_on_fit_task_end(estimator=self)
        if not run.rows:
            raise (
                interrupted
                if interrupted is not None
                else ValueError("No fits were performed. Were there no candidates?")
            )
        try:
            self._conclude(run, scorers)
        finally:
            if interrupted is not None:  # whatever else is wrong with half a search
                raise interrupted
        self._refit(run, X, y, routed, root, metadata)
        self.scorer_ = scorers._scorers if isinstance(scorers, _MultimetricScorer) else scorers
        root.call_on_fit_task_end(estimator=self, X=X, y=y, metadata=metadata)
        return self

    def _conclude(self, run: Run, scorers: Any) -> None:
        """What was found, from the rows so far."""
        rows, resource = run.rows, run.resource
        outcomes = [outcome for row in rows for outcome in row.outcomes]
        _warn_or_raise_about_fit_failures(outcomes, self.error_score)
        more = {
            "candidate": [row.candidate.number for row in rows],
            "bracket": [row.candidate.bracket for row in rows],
            "iter": [row.iteration for row in rows],
            "n_resources": [row.n_resources for row in rows],
            **average_sizes([row.outcomes for row in rows]),
        }
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", message="One or more of the .* scores are non-finite", category=UserWarning
            )
            params = [row.candidate.params | resource.make_params(row.n_resources) for row in rows]
            timed = [{name: value for name, value in outcome.items() if name not in SIZES} for outcome in outcomes]
            self.cv_results_ = self._format_results(params, self.n_splits_, timed, more)
            self._rank_failed_last(np.array([row.failed for row in rows]))
        self.multimetric_ = isinstance(outcomes[0]["test_scores"], dict)
        metric = (
            run.metric
            if f"mean_test_{run.metric}" in self.cv_results_
            else next(iter(outcomes[0]["test_scores"]))
            if self.multimetric_
            else "score"
        )
        self._metric = metric
        self.n_candidates_ = len(run.list_latest())  # more may have been proposed when the search was stopped
        if self.multimetric_ and callable(self.scoring):
            self._check_refit_for_multimetric(outcomes[0]["test_scores"])
        if self.refit or not self.multimetric_:
            self.best_index_ = find_best_index(
                self.cv_results_, self.refit, metric, np.array([row.failed for row in rows])
            )
            self.best_params_ = params[self.best_index_]
            if not callable(self.refit):
                self.best_score_ = self.cv_results_[f"mean_test_{metric}"][self.best_index_]

    def _rank_failed_last(self, failed: np.ndarray) -> None:
        """Whatever number `error_score` is, so that ranks agree with what the search
        goes by.
        """
        for name in [name for name in self.cv_results_ if failed.any() and name.startswith("rank_test_")]:
            scores = np.where(failed, np.nan, self.cv_results_[name.replace("rank", "mean", 1)])
            ranks = rankdata(-np.where(np.isnan(scores), -np.inf, scores), method="min")
            self.cv_results_[name] = ranks.astype(self.cv_results_[name].dtype)

    def _refit(self, run: Run, X: Any, y: Any, routed: Any, root: Any, metadata: Any) -> None:
        if not self.refit:
            return
        context = root.subcontext(task_name="refit-with-best-params")
        self.best_estimator_ = (
            self._make_ensemble(run)
            if self.refit == "ensemble"
            else self._make_estimator(
                self.best_params_
                | run.resource.make_single_fit_settings(
                    int(self.cv_results_["n_resources"][self.best_index_]), self.best_params_
                )
            )
        )
        with context.propagate_callback_context(self.best_estimator_):
            context.call_on_fit_task_begin(estimator=self, X=X, y=y, metadata=metadata)
            start = time.perf_counter()
            self._fit_best(run, X, y, routed.estimator.fit)
            self.refit_time_ = time.perf_counter() - start
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
        context.call_on_fit_task_end(estimator=self, X=X, y=y, metadata=metadata)

    def _fit_best(self, run: Run, X: Any, y: Any, fit_params: dict[str, Any]) -> None:
        """Fit `best_estimator_` on all rows."""
        self.best_estimator_.fit(X, **fit_params) if y is None else self.best_estimator_.fit(X, y, **fit_params)

    def _make_estimator(self, params: dict[str, Any]) -> Any:
        estimator = clone(self.estimator)
        for settings in (self._seeds, clone(params, safe=False)):
            if settings:  # there are estimators that want to be asked for something
                estimator.set_params(**settings)
        return estimator

    def _check_refit_for_multimetric(self, scores: Any) -> None:
        """As scikit-learn's; the rules that choose by one score take the first."""
        if not (isinstance(self.refit, str) and self.refit in RULES):
            super()._check_refit_for_multimetric(scores)

    def _make_ensemble(self, run: Run) -> Any:
        members = select_members(run, self._get_scorers()[0], run.metric)
        params = [
            member.candidate.params
            | run.resource.make_single_fit_settings(member.candidate.n_resources, member.candidate.params)
            for member in members
        ]
        self.ensemble_ = [
            {"candidate": member.candidate.number, "weight": member.weight, "params": own}
            for member, own in zip(members, params, strict=True)
        ]
        return make_voting_estimator(members, [self._make_estimator(own) for own in params], self.n_jobs)

    def _identity(
        self, X: Any, y: Any, params: dict[str, Any], splits: list[Any], resource: Resource, metric: str
    ) -> Identity:
        """What this search is a function of."""
        if not isinstance(self.random_state, Integral):
            raise ValueError(
                f"journal={self.journal!r} needs an integer random_state, so that the same search can be taken up; "
                f"got {self.random_state!r}"
            )
        space = Space(self.param_distributions)
        unseeded = [seed for seed in find_unseeded_networks(self.estimator, space) if seed not in space.names]
        if unseeded:
            raise ValueError(
                f"journal={self.journal!r} needs networks with an integer random_state, to take up the same ones; got "
                f"{unseeded[0]}=None"
            )
        own = {name: value for name, value in self.get_params(deep=False).items() if name not in _NOT_IDENTITY}
        own |= {"least": resource.least, "most": resource.most} | (
            {"metric": metric} if self._proposes_by_scores else {}
        )
        return Identity(
            {
                "searcher": type(self).__name__,
                "version of sknet_hp": _VERSION,
                "random_state": str(self.random_state),
                "data set": digest([X, y, params]),
                "cv": digest(splits),
            },
            {
                "estimator": clone(self.estimator),
                "space": Space(self.param_distributions).branches,
                "setting of the search": own,
            },
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        own = get_tags(self.estimator).input_tags
        tags.input_tags.allow_nan, tags.input_tags.string, tags.input_tags.categorical = (
            own.allow_nan,
            own.string,
            own.categorical,
        )
        return tags

    # ---- for policies ----------------------------------------------------------------------------------------------

    def _settle_brackets(self, run: Run, brackets: list[list[Rung]]) -> list[list[Rung]]:
        """The brackets as they are trained, with enough finalists for an ensemble if
        there is to be one; who watches is told what they cost.
        """
        if run.keeps_finalists:
            brackets = add_finalists(brackets, FINALISTS)
        run.announce(compute_cost(brackets, continued=not run.resource.of_rows))
        return brackets

    def _list_initial(self, space: Space) -> list[dict[str, Any]]:
        """The candidates that come first."""
        given = self.initial_candidates
        if given is None:
            return []
        own: BaseEstimator = self.estimator
        current = {name: value for name, value in own.get_params(deep=True).items() if name in space.names}
        initial: list[dict[str, Any]] = []
        for params in [given] if isinstance(given, str) else given:
            if isinstance(params, dict):
                check_names(params, own)
            elif params != "current":
                raise ValueError(f"initial_candidates must hold dicts of parameters or 'current', got {params!r}")
            initial += drop_known([current if isinstance(params, str) else dict(params)], initial)
        return initial

    def _draw_settings(self, space: Space, n: int, random_state: Any) -> list[dict[str, Any]]:
        """The initial candidates, and so many drawn ones that they are n; more than n
        if so many are given, and fewer if the space has no more.
        """
        initial = self._list_initial(space)
        return [*initial, *drop_known(space.sample(n, random_state), initial)[: max(0, n - len(initial))]]

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """The score of `best_estimator_`; of several the one that the search went by.

        Parameters
        ----------
        X : array-like or dataframe of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
        **params : passed to the scorer.

        Returns
        -------
        float
        """
        by_name = copy(self)
        if self.refit and getattr(self, "multimetric_", False):
            by_name.refit = self._metric
        score: float = super(BaseSearcher, by_name).score(X, y, **params)
        return score

    @property
    def n_features_in_(self) -> int:
        """Columns seen in `fit`; only with `refit`."""
        check_is_fitted(self, "cv_results_")
        return super().n_features_in_


def _open_journal(path: str | os.PathLike[str], identity: Identity) -> Journal:
    """The journal of a search, after saying what of the search it can not compare."""
    journal = Journal(path, identity)
    if identity.uncompared:
        try:
            warnings.warn(
                f"journal={path!r} can not compare all of your code with what it was when the search began: "
                f"{'; '.join(sorted(identity.uncompared))}. If you change that, give another path to begin anew",
                stacklevel=2,
            )
        except UserWarning:  # where warnings are errors
            journal.close()
            raise
    return journal


def _split(cv: Any, X: Any, y: Any, routed: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(_rows(train), _rows(test)) for train, test in cv.split(X, y, **routed.splitter.split)]


def _rows(part: Any) -> np.ndarray:
    """The row numbers of a part of a split, which may be a mask."""
    part = np.asarray(part)
    return np.flatnonzero(part) if part.dtype == bool else part


__all__ = ["BaseSearcher", "Row", "Run", "Space"]
