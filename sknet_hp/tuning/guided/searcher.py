"""Guided tuning as an estimator."""

import os
import sys
import time
import warnings
from copy import copy
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import _num_samples

from sknet_hp.estimators.building.update import count_batch_rows
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.search.base.callbacks import CallbackTasks
from sknet_hp.search.base.descriptions import document_searcher
from sknet_hp.search.base.searcher import BaseSearcher
from sknet_hp.search.base.setup import Setup
from sknet_hp.search.candidates import Candidate
from sknet_hp.search.journal.journal import Journal
from sknet_hp.search.running.ensemble import Member, can_score_averages, make_voting_estimator, select_members
from sknet_hp.search.running.fitting import SplitData
from sknet_hp.search.running.progress import Progress
from sknet_hp.search.running.run import Run
from sknet_hp.search.running.selection import list_scorers
from sknet_hp.search.spaces.around import search_space
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params
from sknet_hp.search.views.metric import Metric, name_scoring
from sknet_hp.search.views.summary import write_summary
from sknet_hp.tuning.guided.affordable import FUSED, TYPICAL_EPOCHS, choose_reserve, choose_share
from sknet_hp.tuning.guided.budget import Budget
from sknet_hp.tuning.guided.final_fit import MOST_NETWORKS, N_NETWORKS, FinalFit
from sknet_hp.tuning.guided.guide import Guide
from sknet_hp.tuning.guided.notebook import Notebook
from sknet_hp.tuning.guided.prototype import (
    Prototype,
    build_prototype,
    check_is_network,
    describe_prototype,
    thin_splits,
)
from sknet_hp.tuning.guided.reports import StageReport, Stages, write_report
from sknet_hp.tuning.guided.stages import STAGES

_OVER_SEEDS = "an average over seeds"


@document_searcher(
    estimator=("estimator", "`NetClassifier`, `NetRegressor`, or a pipeline that ends with one."),
    time_budget=(
        "float or None",
        "Seconds for everything, including the final fit. With None, all stages have their full size, and the result "
        "depends only on the seeds, not on the machine.",
    ),
    refit=(
        "bool, str or callable",
        '"ensemble" averages several of the best settings, each with several seeds if there is time; with a scorer '
        "that is a function of your own, seeds of the best setting alone. True fits the "
        "setting that the stages have chosen. False fits nothing. Other values are as in other searches.",
    ),
    cv=(
        "int, splitter, iterable or None",
        "As in scikit-learn's searches. Splits are made once and used in all stages. If a network on all rows would "
        "take more than 15 % of the time, candidates are trained on fewer rows.",
    ),
    checks=(
        "bool or list of str",
        "Whether to check data, candidates and learning curves for problems: True for everything, False for nothing, "
        "or the codes of the checks of searches and data to run. With codes, curves are still diagnosed.",
    ),
    attributes={
        "stages_": (
            "Stages",
            "What was tried, found and decided: a list of reports, with `table` and `summary()`.",
        ),
    },
)
class GuidedSearchCV(BaseSearcher):
    """Tune a network step by step, as a practitioner would.

    The stages:

    1. a small prototype, which shows whether the network learns, and how long it takes;
    2. the untuned estimator, which everything else must beat;
    3. the kind of network: embeddings of numbers, a residual network, TabM;
    4. the learning rate: a range test, and rates around its suggestion;
    5. the batch size, with the rate adapted to it;
    6. optimizer, regularisation and size;
    7. schedule and early stopping;
    8. settings close to the best, as long as there is time.

    A change is accepted only if its gain, paired over the splits, is larger than one
    standard error. The final model is an ensemble of the best settings and several
    seeds, fitted on all rows: eight networks, or up to sixteen if there is time.
    `print(search.stages_.summary())` says what each stage tried, found and decided.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.tuning import GuidedSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> search = GuidedSearchCV(net, time_budget=10, random_state=0).fit(X, y)
    >>> [report.stage for report in search.stages_][:3]
    ['prototype', 'untuned', 'kind of network']
    """

    _proposes_by_scores = True
    _inapplicable_checks = frozenset({"edge_of_space"})  # no stage keeps to the space around the estimator
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        name: BaseSearcher._parameter_constraints[name]
        for name in ("estimator", "time_budget", "scoring", "refit", "cv", "n_jobs", "random_state", "journal")
    } | {"checks": ["boolean", list, tuple, str], "verbose": ["verbose"]}

    # What other searches are given, and this one settles by itself.
    resource = "auto"
    min_resources = "auto"
    max_resources = "auto"
    factor = 3
    error_score = np.nan
    return_train_score = False
    initial_candidates = "current"
    target_score = None
    patience = None
    pre_dispatch = "all"

    def __init__(
        self,
        estimator: Any,
        *,
        time_budget: float | None = 60.0,
        scoring: Any = None,
        refit: Any = "ensemble",
        cv: Any = 3,
        n_jobs: int | None = None,
        random_state: Any = None,
        journal: str | os.PathLike[str] | None = None,
        checks: Any = True,
        verbose: int = 0,
    ):
        self.estimator = estimator
        self.time_budget = time_budget
        self.scoring = scoring
        self.refit = refit
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.journal = journal
        self.checks = checks
        self.verbose = verbose

    @property
    def param_distributions(self) -> dict[str, Any]:
        """The space around the estimator, in which most stages search."""
        return dict(search_space(self.estimator))

    def summary(self) -> str:
        """Return in sentences what was found, stage by stage, and what to do next."""
        return write_summary(self, f"The stages:\n\n{self.stages_.summary()}")

    # ---- the parts of `fit` ------------------------------------------------------------------------------------------

    def _fit(self, X: TableLike, y: ArrayLike, params: dict[str, Any]) -> Self:
        self._budget = Budget(self.time_budget, time.monotonic())
        self._guide: Guide | None = None
        self.stages_ = Stages()
        check_is_network(self.estimator)
        try:
            return super()._fit(X, y, params)
        finally:
            self.__dict__.pop("_final", None)
            del self._guide, self._budget

    def _make_run(
        self, setup: Setup, start: float, journal: Journal | None, progress: Progress, tasks: CallbackTasks
    ) -> Run:
        """Build the prototype, thin the splits if it takes long, and return the run."""
        report = self._begin("prototype")
        notebook = Notebook(None if journal is None else journal.path)
        data = SplitData(setup.X, setup.y, *setup.splits[0], setup.routed.estimator.fit, setup.routed.scorer.score)
        n_rows = min(len(train) for train, _ in setup.splits)
        estimator = self._make_estimator({})
        name = f"{find_last_step(estimator)[0]}batch_size"
        size = count_batch_rows(estimator.get_params()[name], n_rows)  # as on all rows, for they cost less
        estimator.set_params(**{name: size})
        prototype = build_prototype(estimator, data, setup.resource, setup.scorers, setup.metric)
        share = notebook.recall("share of rows", lambda: self._choose_share(prototype, setup, n_rows))
        scoring = self.scoring if setup.metric == "score" else setup.metric
        metric = self.stages_.metric = Metric(name_scoring(scoring, self.estimator))
        describe_prototype(report, prototype, metric, share, n_rows)
        self._end(report)
        by_class = is_classifier(self.estimator)
        setup = setup._replace(splits=thin_splits(setup.splits, setup.y, share, by_class=by_class))
        run = super()._make_run(setup, start, journal, progress, tasks)
        run.deadline.n_final_fits = 0  # `_reserve_refit` keeps time for the final fit
        self._guide = Guide(
            run,
            self.estimator,
            budget=self._budget,
            notebook=notebook,
            random_state=self.random_state,
            n_rows=_num_samples(setup.X),
            metric=metric,
            reports=self.stages_,
            checks=self.checks,
        )
        return run

    def _choose_share(self, prototype: Prototype, setup: Setup, n_rows: int) -> float:
        if self.time_budget is None:
            return 1.0
        per_row = prototype.seconds / (prototype.n_epochs * prototype.n_rows)
        epochs = min(setup.resource.most, TYPICAL_EPOCHS)
        return choose_share(n_rows, per_row * n_rows * epochs * len(setup.splits) * FUSED, self.time_budget)

    def _search(self, run: Run, space: Space) -> None:
        guide = self._guide
        assert guide is not None
        for stage in STAGES:
            report = self._begin(stage.name)
            try:
                stage.carry_out(guide)
                guide.diagnose()
            finally:
                if not (report.tried or report.found):
                    report.found = "The search ended before anything was found. "
                report.score = np.nan if guide.incumbent is None else guide.incumbent.score
                self._end(report)
            if self._budget.is_limited:
                self._reserve_refit(guide, run)

    def _reserve_refit(self, guide: Guide, run: Run) -> None:
        """Keep time for the final refit, by what networks took so far."""
        n_networks = N_NETWORKS if self.refit == "ensemble" else 1 if self.refit else 0
        budget = float(self.time_budget or 0)
        self._budget.reserve = choose_reserve(n_networks, guide.seconds_per_network, budget)
        run.deadline.moment = self._budget.start + budget - self._budget.reserve

    def _conclude(self, run: Run) -> None:
        super()._conclude(run)
        guide = self._guide
        assert guide is not None
        self.cv_results_["stage"] = np.array([guide.stage_of[row.candidate.number] for row in run.rows], dtype=object)
        if guide.incumbent is None:
            if self.stopped_ == "time_budget":
                budget = "" if self.time_budget is None else f" of {self.time_budget:.3g} s"
                warnings.warn(
                    f"the time budget{budget} was used up before one network was trained to the end in all "
                    f"splits: the untuned estimator was fitted, with fewer epochs; give more time",
                    UserWarning,
                    stacklevel=2,
                )
            return
        if hasattr(self, "best_index_") and not callable(self.refit) and self.refit != "one_standard_error":
            rows = [k for k, row in enumerate(run.rows) if row.candidate is guide.incumbent]
            self.best_index_ = rows[-1]
            self.best_params_ = self.cv_results_["params"][self.best_index_]
            self.best_score_ = self.cv_results_[f"mean_test_{self._metric}"][self.best_index_]

    def _make_ensemble(self, run: Run) -> Any:
        """Return the ensemble of finalists and seeds, not fitted."""
        guide = self._guide
        assert guide is not None
        self._begin("seeds and ensemble")
        of_finalists, scorer = copy(run), self._get_scorers()[0]
        finalists = guide.list_finalists()
        if not all(can_score_averages(each, self.estimator) for each in list_scorers(scorer)):
            finalists = [guide.incumbent or run.candidates[0]]
        if finalists:
            of_finalists.rows = [row for row in run.rows if row.candidate in finalists]
        members = (
            select_members(of_finalists, scorer, run.metric, rounds=MOST_NETWORKS)
            if len(finalists) != 1
            else [Member(finalists[0], 1.0)]
        )
        self._final = FinalFit(guide, members)
        networks = self._final.networks
        estimators = [
            self._make_seeded(self._make_final_params(run, member.candidate), seed)
            for member, seed in zip(networks, self._final.seeds, strict=True)
        ]
        report = self.stages_[-1]
        tried = f"averages of the {len(finalists)} best settings" if len(finalists) > 1 else _OVER_SEEDS
        report.tried = [tried] if len(networks) > 1 else []
        return make_voting_estimator(networks, estimators, self.n_jobs)

    def _check_ensemble_scorers(self, scorers: Any) -> None:
        """Take any: where averages can not be scored, the best setting is averaged."""

    def _make_final_params(self, run: Run, candidate: Candidate) -> Params:
        assert self._guide is not None
        settings = run.resource.make_single_fit_settings(self._guide.cap_epochs(candidate), candidate.params)
        return candidate.params | settings

    def _fit_best(self, run: Run, X: TableLike, y: ArrayLike, fit_params: dict[str, Any]) -> None:
        """Fit the best setting, or networks of the ensemble as time allows."""
        if self.refit != "ensemble":
            super()._fit_best(run, X, y, fit_params)
            return
        final = self._final
        self.best_estimator_.fit_in_rounds(X, y, final.count_next, fit_params)
        final.close(len(self.best_estimator_.estimators_))
        networks = final.networks
        self.best_estimator_.weights = [member.weight for member in networks]
        self.ensemble_ = [
            {
                "candidate": candidate.number,
                "weight": sum(member.weight for member in networks if member.candidate is candidate),
                "params": self._make_final_params(run, candidate),
                "seeds": sum(member.candidate is candidate for member in networks),
            }
            for candidate in dict.fromkeys(member.candidate for member in networks)
        ]
        self._tell_final(self.stages_[-1], len(networks))

    def _tell_final(self, report: StageReport, n_networks: int) -> None:
        """Say in a report what was fitted."""
        if n_networks > 1:
            n = len(self.ensemble_)
            if report.tried != [_OVER_SEEDS]:  # else nothing was compared
                report.found = f"{n} of them predict best together. " if n > 1 else "One of them predicts best. "
            report.decided = (
                f"{n_networks} networks of different seeds were fitted on all rows; predictions are averages."
            )
        else:
            report.found = "There was time for one network. "
            report.decided = "The best setting was fitted on all rows."
        self._end(report)

    def _make_seeded(self, params: Params, k: int) -> Any:
        """Return an estimator whose network has the k-th seed after its own."""
        made = self._make_estimator(params)
        name = f"{find_last_step(made)[0]}random_state"
        seed = made.get_params(deep=True)[name]
        return made.set_params(**{name: int(seed) + k}) if k and isinstance(seed, Integral) else made

    # ---- reports -----------------------------------------------------------------------------------------------------

    def _begin(self, stage: str) -> StageReport:
        self._began = self._budget.clock()
        self.stages_.append(StageReport(stage))
        return self.stages_[-1]

    def _end(self, report: StageReport) -> None:
        report.seconds = self._budget.clock() - self._began
        if self.verbose:
            print(write_report(report, len(self.stages_)), file=sys.stderr)
