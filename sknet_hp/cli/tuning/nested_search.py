"""A search, scored by nested cross-validation.

It is fitted once more on all rows, in one go.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.utils.parallel import Parallel, delayed

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.saved import TEXT_COLUMNS
from sknet_hp.cli.options import SearchMethod, TuneOptions
from sknet_hp.cli.output.run_folder import SCORE, SEARCH, RunFolder
from sknet_hp.cli.output.training import show_training
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.splitting import make_splitter
from sknet_hp.cli.tuning.candidates import count_networks, list_grid, make_grid
from sknet_hp.cli.tuning.methods import GUIDED, SEARCHERS, WITH_PILOT, Plan, make_searcher
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.evaluation import NestedResult, nested_cross_validate
from sknet_hp.evaluation.levels.outer import make_outer_splits
from sknet_hp.evaluation.levels.prepare import prepare_estimator
from sknet_hp.evaluation.running.data import read_data
from sknet_hp.evaluation.running.fitting import fit_on, route_metadata
from sknet_hp.findings import Findings
from sknet_hp.formatting.numbers import format_seconds


@dataclass(frozen=True)
class TuningResult:
    """What a nested search found.

    Attributes
    ----------
    model : the best network, fitted on all rows.
    search : the searcher that has chosen it on all rows.
    nested : the score of that search, or None.
    networks : how many were trained in all.
    warnings : how often each came.
    no_score : why there is none, where there is none.
    cautious : why the score is cautious, where outer searches had less time.
    """

    model: Any
    search: Any
    nested: NestedResult | None
    networks: int
    warnings: dict[str, int]
    no_score: str = ""
    cautious: str = ""

    @property
    def findings(self) -> Findings:
        """What checks have found, in the search on all rows and in the score.

        What most of the outer searches have found too is told once.
        """
        own = list(getattr(self.search, "findings_", []))
        codes = {finding.code for finding in own}
        scored = [] if self.nested is None else self.nested.findings
        return Findings([*own, *(finding for finding in scored if finding.code not in codes)])


class NestedSearch:
    """A search for the best network, and its score by nested cross-validation.

    Parameters
    ----------
    problem : Problem
    method : str
        A name of `methods.SEARCHERS`.
    scoring : a scorer of scikit-learn, or its name.
    options : of the command: folds, seed, device, ensemble.
    network : whose settings are searched.
    space : distributions by name of parameter.
    is_given : whether the space is the user's own.
    """

    def __init__(
        self,
        problem: Problem,
        method: SearchMethod,
        scoring: Any,
        options: TuneOptions,
        network: Any,
        space: dict[str, Any],
        *,
        is_given: bool = False,
    ):
        self.problem, self.method, self.scoring = problem, method, scoring
        self.inner_folds, self.outer_folds = options.cv, options.outer_cv
        self.inner = make_splitter(problem, options.cv, options.seed)
        self.outer = make_splitter(problem, options.outer_cv, options.seed) if options.outer_cv else None
        self.seed, self.ensemble = options.seed, options.ensemble
        self.network, self.space, self.is_given = network, space, is_given
        self._stage = "Searching" if method == GUIDED or not options.outer_cv else "Searching and scoring"
        self._make_searcher(options.candidates, None)  # refused now, if it can't be made: before anything is printed

    def count_candidates(self, asked: int) -> int:
        """Count the candidates of the search if it may have `asked`.

        All in a random search, the largest grid in a grid search.
        """
        return len(ParameterGrid(self.make_grid(asked))) if self.method == "grid" else asked

    def make_grid(self, asked: int) -> dict[str, list[Any]]:
        """Return the grid of a grid search that may have `asked` points."""
        return list_grid(self.space) if self.is_given else make_grid(asked)

    def sample_settings(self, asked: int) -> list[dict[str, Any]]:
        """Return settings such as a search of random or grid points would try."""
        if self.method == "grid":
            return list(ParameterGrid(self.make_grid(asked)))
        return list(ParameterSampler(self.space, min(asked, 100), random_state=self.seed))

    def count_networks(self, candidates: int | None) -> int | None:
        """Count what `run` will train; None for searches that decide it on the way."""
        if self.method not in WITH_PILOT or candidates is None:
            return None
        return count_networks(candidates, self.inner_folds, self.outer_folds)

    def describe_cost(self, candidates: int | None, seconds: float | None) -> str:
        """Return what `run` will train, as a sentence."""
        epochs = find_last_step(self.network)[1].max_epochs
        inner, outer = self.inner_folds, self.outer_folds
        searches = f"{outer + 1} searches ({outer} outer folds, and all rows), each" if outer else "one search"
        n = self.count_networks(candidates)
        if n is not None:
            return (
                f"To train: {n:,} networks of at most {epochs} epochs: {searches} of {candidates} candidates in "
                f"{inner} folds and the best once more."
            )
        if self.method == GUIDED:
            assert seconds is not None
            if not outer:
                return f"A guided search in {inner} folds, for {format_seconds(seconds)}."
            return (
                f"A guided search in {inner} folds for {format_seconds(seconds / 2)}, then one in each of {outer} "
                f"outer folds for {format_seconds(seconds / 2 / outer)} each. The rest of the time is for the models "
                f"to compare with, and a reserve. More time may give a better score."
            )
        number = "" if candidates is None else f" of {candidates} candidates"
        time = "" if seconds is None else f", for {format_seconds(seconds)} at the same time"
        return (
            f"To train: {searches} by {SEARCHERS[self.method]}{number} in {inner} folds, with at most {epochs} "
            f"epochs{time}."
        )

    def run(
        self, candidates: int | None, seconds: float | None = None, folder: RunFolder | None = None
    ) -> TuningResult:
        """Run the nested cross-validation and the final search.

        Their networks train together.

        Parameters
        ----------
        candidates : of each search; None for as many as it takes by itself.
        seconds : that each search may take, where it knows time.
        folder : that keeps their journals.

        Raises
        ------
        BadInput
            If no network can be trained, or none has a finite score.
        """
        total = self.count_networks(candidates)
        with show_training(lambda: self._stage, total) as (warnings, session):
            final, *nested = self._search(candidates, seconds, folder)
        if not np.isfinite(final.best_score_):
            reasons = "; ".join(warnings) or "no warning says why"
            raise BadInput(f"no candidate got a finite score ({reasons}): choose another scorer")
        model = final.best_estimator_
        text = [name for name, column in self.problem.X.items() if _is_text(column) and name not in self.problem.dates]
        setattr(model, TEXT_COLUMNS, text)
        n_networks = session.progress().trained
        if nested and nested[0] is not None:
            cautious = self._describe_shares(seconds)
            return TuningResult(model, final, nested[0], n_networks, dict(warnings), cautious=cautious)
        reason = "there was no time for an outer fold" if nested else "--outer-cv is 0"
        return TuningResult(model, final, None, n_networks, dict(warnings), reason)

    def _search(self, candidates: int | None, seconds: float | None, folder: RunFolder | None) -> list[Any]:
        """Return the fitted search and, where there are outer folds, its score.

        A guided search measures how long networks take, so it is given the machine: on
        all rows first, then in one outer fold after the other. Others run together.
        """
        in_turn = self.method == GUIDED
        share = seconds if self.outer is None or not in_turn or seconds is None else seconds / 2
        search = self._make_searcher(candidates, share)
        own = clone(search)
        if folder is not None and "journal" in own.get_params(deep=False):
            own.set_params(journal=str(folder.find(SEARCH)))
        tasks: list[tuple[Any, tuple[Any, ...]]] = [(self._fit, (own,))]
        if self.outer is not None:
            journal = None if folder is None else str(folder.find(SCORE))
            tasks.append((self._score, (search, share if in_turn else None, journal)))
        if in_turn:
            return [self._run_stage(*task) for task in tasks]
        found: list[Any] = Parallel()(delayed(function)(*arguments) for function, arguments in tasks)
        return found

    def _run_stage(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        self._stage = "Searching" if function == self._fit else "Scoring the search"
        return function(*arguments)

    def _score(self, search: Any, seconds: float | None, journal: str | None) -> NestedResult | None:
        """Score the search on rows that it has not seen; None if time was too short."""
        try:
            return nested_cross_validate(
                search,
                self.problem.X,
                self.problem.named_y,
                cv=self.outer,
                scoring=self.scoring,
                groups=self.problem.groups,
                random_state=self.seed,
                journal=journal,
                time_budget=seconds,
            )
        except ValueError as error:
            if "were up before the first" not in str(error):
                raise
            return None

    def _fit(self, search: Any) -> Any:
        """Fit the search on all rows, with folds and held-out rows as in its score."""
        data = read_data(self.problem.X, self.problem.y, self.problem.groups, None)
        splits = make_outer_splits(self.outer or self.inner, data, search, random_state=self.seed)
        prepared = prepare_estimator(search, data, splits, cv=self.outer, random_state=self.seed)
        with route_metadata(data):
            return fit_on(prepared, data, np.arange(data.n_rows))

    def _describe_shares(self, seconds: float | None) -> str:
        """Return how much less time outer searches had, if they had less."""
        if self.method != GUIDED or seconds is None or not self.outer_folds:
            return ""
        return (
            f"The search in each outer fold had {format_seconds(seconds / 2 / self.outer_folds)}, the final one on all "
            f"rows {format_seconds(seconds / 2)}, so the score is rather cautious."
        )

    def _make_searcher(self, candidates: int | None, seconds: float | None) -> Any:
        plan = Plan(
            self.space,
            candidates,
            self.inner,
            self.scoring,
            self.seed,
            seconds,
            is_given=self.is_given,
            ensemble=self.ensemble,
        )
        return make_searcher(self.method, self.network, plan)


def _is_text(column: pd.Series) -> bool:
    return column.dtype == "str" or (column.dtype == object and any(isinstance(cell, str) for cell in column))
