"""What all searchers share: scikit-learn's interface around one way of searching."""

import os
import time
from contextlib import ExitStack
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_method_params

from sknet_hp.estimators.names import NameHints
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.findings.positive import require_labels
from sknet_hp.search.arithmetic.brackets import Rung, add_finalists
from sknet_hp.search.arithmetic.cost import compute_cost
from sknet_hp.search.base.callbacks import CallbackTasks
from sknet_hp.search.base.conclusion import Conclusion
from sknet_hp.search.base.fusing import fuse_by_default
from sknet_hp.search.base.initial import list_initial
from sknet_hp.search.base.journaling import note_ending, open_journal
from sknet_hp.search.base.setup import Setup, Split, split_rows
from sknet_hp.search.base.telling import find_in_run, read_checks
from sknet_hp.search.ending import Ending
from sknet_hp.search.journal.journal import Journal
from sknet_hp.search.running.batches import SearchStopped
from sknet_hp.search.running.ensemble import (
    FINALISTS,
    check_can_score,
    check_can_vote,
    make_voting_estimator,
    select_members,
)
from sknet_hp.search.running.progress import Progress
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.run import Run
from sknet_hp.search.running.seeds import draw_first_step_seeds
from sknet_hp.search.running.selection import name_deciding_score, name_scorers
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params, drop_known


class BaseSearcher(NameHints, Conclusion):
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
        "target_score": [Real, None],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "time_budget": [Interval(Real, 0, None, closed="neither"), None],
        "journal": [str, os.PathLike, None],
        "checks": ["boolean", str, list, tuple],
    }

    _proposes_by_scores: ClassVar[bool] = False
    """Whether other scores would make other candidates."""

    _inapplicable_checks: ClassVar[frozenset[str]] = frozenset()
    """Codes of checks that mean nothing for it."""

    _waits_for_rungs: ClassVar[bool] = False
    """Whether `patience` is counted in rungs, not in candidates at the end."""

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
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
            scoring=scoring,
            refit=refit,
            cv=cv,
            n_jobs=n_jobs,
            error_score=error_score,
            return_train_score=return_train_score,
            verbose=verbose,
        )
        self.param_distributions = param_distributions
        self.resource = resource
        self.min_resources = min_resources
        self.max_resources = max_resources
        self.factor = factor
        self.random_state = random_state
        self.initial_candidates = initial_candidates
        self.target_score = target_score
        self.patience = patience
        self.time_budget = time_budget
        self.journal = journal
        self.checks = checks

    def _search(self, run: Run, space: Space) -> None:
        """Propose candidates and train them, until there is nothing left to do.

        Say beforehand what that costs, by `run.announce`.
        """
        raise NotImplementedError

    # ---- fit -------------------------------------------------------------------------------------------------------

    # `_fit_context` validates parameters, and tells callbacks when it has ended, however it ends.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: TableLike, y: ArrayLike = None, **params: Any) -> Self:
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
            If the space, the resource or another parameter cannot be used, or all
            candidates fail; with the first failure's traceback.
        JournalError
            If `journal` is of another search, in use, or no place for one.
        KeyboardInterrupt
            As it came; `cv_results_` then has the rungs that were finished.
        """
        with fuse_by_default(self):
            return self._fit(X, y, params)

    def _fit(self, X: TableLike, y: ArrayLike, params: dict[str, Any]) -> Self:
        start = time.monotonic()
        read_checks(self.checks)
        scorers, _ = self._get_scorers()
        metric = name_deciding_score(scorers, self.refit)
        X, y = indexable(X, y)
        require_labels(name_scorers(scorers, self.scoring), y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        tasks = CallbackTasks(self, X, y, params)

        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = split_rows(cv, X, y, routed)
        self.n_splits_ = len(splits)
        if not splits:
            raise ValueError("No fits were performed. Was the CV iterator empty? Were there no candidates?")
        space = Space(self.param_distributions, self.estimator)
        searched = list(dict.fromkeys([*space.names, *(name for each in list_initial(self, space) for name in each)]))
        resource = self._find_resource(y, splits, searched)
        if self.refit == "ensemble":
            check_can_vote(self.estimator, y, resource)
            self._check_ensemble_scorers(scorers)
        setup = Setup(X, y, params, routed, scorers, metric, splits, space, searched, resource)

        progress = Progress(int(self.verbose), unit=resource.unit, refits=bool(self.refit))
        journal = (
            None if self.journal is None else open_journal(self, setup, cv, proposes_by_scores=self._proposes_by_scores)
        )
        tasks.begin_search()
        with ExitStack() as closing:
            closing.callback(progress.finish)
            if journal is not None:
                closing.callback(journal.close)
            run = self._make_run(setup, start, journal, progress, tasks)
            interrupted = self._search_until_stopped(run, space)
        self.search_time_ = time.monotonic() - start
        tasks.end_search()
        self._conclude_or_raise(run, setup, interrupted)
        self._refit(run, setup, tasks)
        self.scorer_ = scorers._scorers if isinstance(scorers, _MultimetricScorer) else scorers
        tasks.end()
        return self

    def _find_resource(self, y: ArrayLike, splits: list[Split], searched: list[str]) -> Resource:
        """Return the resource of this search, and set its fitted attributes."""
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
        return resource

    def _make_run(
        self, setup: Setup, start: float, journal: Journal | None, progress: Progress, tasks: CallbackTasks
    ) -> Run:
        return Run(
            self._make_estimator({}),
            setup.X,
            setup.y,
            setup.splits,
            resource=setup.resource,
            metric=setup.metric,
            settings={
                "scorer": setup.scorers,
                "return_train_score": self.return_train_score,
                "error_score": self.error_score,
                "verbose": 0,
                "caller": self,
            },
            fit_params=setup.routed.estimator.fit,
            score_params=setup.routed.scorer.score,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            deadline=None if self.time_budget is None else start + self.time_budget,
            n_final_fits=FINALISTS if self.refit == "ensemble" else 1 if self.refit else 0,
            contexts=tasks.make_contexts,
            searched=setup.searched,
            journal=journal,
            progress=progress,
            ending=Ending(
                self.target_score,
                self.patience,
                setup.metric,
                of_rungs=self._waits_for_rungs,
                most=setup.resource.most,
            ),
            keeps_finalists=self.refit == "ensemble",
            check_scores=self._check_refit_for_multimetric if callable(self.scoring) else None,
        )

    def _search_until_stopped(self, run: Run, space: Space) -> KeyboardInterrupt | None:
        """Search, note in `stopped_` what ended it early, and return an interrupt."""
        self.stopped_: str | None = None
        try:
            self._search(run, space)
        except SearchStopped as stopped:
            self.stopped_ = stopped.reason
        except KeyboardInterrupt as interrupted:
            self.stopped_ = "interrupted"
            return interrupted
        return None

    def _conclude_or_raise(self, run: Run, setup: Setup, interrupted: KeyboardInterrupt | None) -> None:
        """Set the results, also of half a search, and raise an interrupt again."""
        if not run.rows:
            raise interrupted or ValueError("No fits were performed. Were there no candidates?")
        try:
            self._conclude(run)
            self.findings_ = find_in_run(self, run, setup, self._curves)
            run.progress.tell(self.findings_)
            if run.journal is not None:
                note_ending(self, run.journal.log)
        finally:
            if interrupted is not None:  # whatever else is wrong with half a search
                raise interrupted

    def _refit(self, run: Run, setup: Setup, tasks: CallbackTasks) -> None:
        """Fit the best candidate or the ensemble on all rows, if `refit` wants it."""
        if not self.refit:
            return
        if self.refit == "ensemble":
            self.best_estimator_ = self._make_ensemble(run)
        else:
            n_resources = int(self.cv_results_["n_resources"][self.best_index_])
            settings = run.resource.make_single_fit_settings(n_resources, self.best_params_)
            self.best_estimator_ = self._make_estimator(self.best_params_ | settings)
        with tasks.refit(self.best_estimator_):
            start = time.perf_counter()
            self._fit_best(run, setup.X, setup.y, setup.routed.estimator.fit)
            self.refit_time_ = time.perf_counter() - start
            if hasattr(self.best_estimator_, "feature_names_in_"):
                self.feature_names_in_ = self.best_estimator_.feature_names_in_

    def _fit_best(self, run: Run, X: TableLike, y: ArrayLike, fit_params: dict[str, Any]) -> None:
        """Fit `best_estimator_` on all rows."""
        self.best_estimator_.fit(X, **fit_params) if y is None else self.best_estimator_.fit(X, y, **fit_params)

    def _make_estimator(self, params: Params) -> Any:
        """Return an estimator that is not fitted, with these parameters."""
        estimator = clone(self.estimator)
        for settings in (self._seeds, clone(params, safe=False)):
            if settings:  # there are estimators that want to be asked for something
                estimator.set_params(**settings)
        return estimator

    def _check_ensemble_scorers(self, scorers: Any) -> None:
        """Refuse scorers by which no ensemble can be selected."""
        check_can_score(scorers, self.estimator)

    def _make_ensemble(self, run: Run) -> Any:
        """Return the ensemble that is selected, not fitted, and set `ensemble_`."""
        members = select_members(run, self._get_scorers()[0], run.metric)
        params = [
            candidate.params | run.resource.make_single_fit_settings(candidate.n_resources, candidate.params)
            for candidate, _ in members
        ]
        self.ensemble_ = [
            {"candidate": member.candidate.number, "weight": member.weight, "params": own}
            for member, own in zip(members, params, strict=True)
        ]
        return make_voting_estimator(members, [self._make_estimator(own) for own in params], self.n_jobs)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        own = get_tags(self.estimator).input_tags
        tags.input_tags.allow_nan = own.allow_nan
        tags.input_tags.string = own.string
        tags.input_tags.categorical = own.categorical
        return tags

    # ---- what subclasses use ---------------------------------------------------------------------------------------

    def _settle_brackets(self, run: Run, brackets: list[list[Rung]]) -> list[list[Rung]]:
        """Return the brackets as they are trained, and announce what they cost.

        For an ensemble they have enough finalists.
        """
        if run.keeps_finalists:
            brackets = add_finalists(brackets, FINALISTS)
        run.announce(compute_cost(brackets, continued=not run.resource.of_rows))
        return brackets

    def _draw_settings(self, space: Space, n: int, random_state: Any) -> list[Params]:
        """Return the initial candidates, and so many drawn ones that they are n.

        They are more than n if more are given, and fewer if the space has no more.
        """
        initial = list_initial(self, space)
        return [*initial, *drop_known(space.sample(n, random_state), initial)[: max(0, n - len(initial))]]
