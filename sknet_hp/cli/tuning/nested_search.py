"""A search, scored by nested cross-validation.

It is fitted once more on all rows, in one go.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import ParameterGrid
from sklearn.utils.parallel import Parallel, delayed

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.named import make_network
from sknet_hp.cli.models.saved import TEXT_COLUMNS
from sknet_hp.cli.options import SearchMethod
from sknet_hp.cli.output.messages import collect_warnings, shorten_failed_fits
from sknet_hp.cli.output.progress_display import ProgressDisplay
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.splitting import make_splitter
from sknet_hp.cli.tuning.candidates import count_networks, make_grid, make_random_space
from sknet_hp.cli.tuning.methods import GUIDED, SEARCHERS, WITH_PILOT, Plan, make_searcher
from sknet_hp.estimators.classifier import NetClassifier
from sknet_hp.estimators.regressor import NetRegressor
from sknet_hp.evaluation import NestedResult, nested_cross_validate
from sknet_hp.evaluation.levels.outer import make_outer_splits
from sknet_hp.evaluation.levels.prepare import prepare_estimator
from sknet_hp.evaluation.running.data import read_data
from sknet_hp.evaluation.running.fitting import fit_on, route_metadata
from sknet_hp.findings import Findings
from sknet_hp.fusion.session import fused

MAX_EPOCHS = 50

GUIDED_SECONDS = 120.0
"""For a guided search and its score, where nothing is said."""


@dataclass(frozen=True)
class TuningResult:
    """What a nested search found.

    Attributes
    ----------
    model : the best network, fitted on all rows.
    search : the searcher that has chosen it on all rows.
    nested : the score of that search; None without outer folds.
    networks : how many were trained in all.
    warnings : how often each came.
    """

    model: Any
    search: Any
    nested: NestedResult | None
    networks: int
    warnings: dict[str, int]

    @property
    def fold_scores(self) -> list[float]:
        """The score in each outer fold."""
        return [] if self.nested is None else self.nested.get_scores().tolist()

    @property
    def fold_params(self) -> list[dict[str, Any]]:
        """What each outer fold has chosen."""
        return [] if self.nested is None else self.nested.params

    @property
    def findings(self) -> Findings:
        """What checks have found, in the score and in the search on all rows."""
        scored = [] if self.nested is None else self.nested.findings
        return Findings([*scored, *getattr(self.search, "findings_", [])])

    @property
    def mean(self) -> float:
        """Mean score over the outer folds, NaN without them."""
        return float(np.nanmean(self.fold_scores)) if self.fold_scores else float("nan")

    @property
    def std(self) -> float:
        """Standard deviation of the score over the outer folds, NaN without them."""
        return float(np.nanstd(self.fold_scores)) if self.fold_scores else float("nan")


class NestedSearch:
    """A search for the best network, and its score by nested cross-validation.

    Parameters
    ----------
    problem : Problem
    method : str
        A name of `methods.SEARCHERS`.
    inner, outer : int
        Folds that choose, and folds that score; no outer ones, no score.
    scoring : str
        A scorer of scikit-learn.
    seed : int
        Fixes folds, candidates and networks.
    device : str
    """

    def __init__(
        self, problem: Problem, method: SearchMethod, inner: int, outer: int, scoring: str, seed: int, device: str
    ):
        self.problem = problem
        self.method = method
        self.inner_folds, self.outer_folds = inner, outer
        self.inner = make_splitter(problem, inner, seed)
        self.outer = make_splitter(problem, outer, seed) if outer else None
        self.scoring = scoring
        self.seed = seed
        self.device = device

    def count_candidates(self, asked: int) -> int:
        """Count the candidates of the search if it may have `asked`.

        All in a random search, the largest grid in a grid search.
        """
        return len(ParameterGrid(make_grid(asked))) if self.method == "grid" else asked

    def count_networks(self, candidates: int | None) -> int | None:
        """Count what `run` will train; None for searches that decide it on the way."""
        if self.method not in WITH_PILOT or candidates is None:
            return None
        return count_networks(candidates, self.inner_folds, self.outer_folds)

    def describe_cost(self, candidates: int | None, seconds: float | None) -> str:
        """Return what `run` will train, as a sentence."""
        inner, outer = self.inner_folds, self.outer_folds
        searches = f"{outer + 1} searches ({outer} outer folds, and all rows), each" if outer else "one search"
        n = self.count_networks(candidates)
        if n is not None:
            return (
                f"To train: {n:,} networks of at most {MAX_EPOCHS} epochs: {searches} of {candidates} candidates in "
                f"{inner} folds and the best once more."
            )
        if self.method == GUIDED:
            seconds = GUIDED_SECONDS if seconds is None else seconds
            if not outer:
                return f"A guided search in {inner} folds, for {seconds:.0f} s."
            return (
                f"A guided search in {inner} folds, for {seconds / 2:.0f} s, and then one in each of {outer} outer "
                f"folds, for {seconds / 2 / outer:.0f} s each: with more time the score might be better."
            )
        number = "" if candidates is None else f" of {candidates} candidates"
        time = "" if seconds is None else f", for {seconds:.0f} s at the same time"
        return (
            f"To train: {searches} by {SEARCHERS[self.method]}{number} in {inner} folds, with at most {MAX_EPOCHS} "
            f"epochs{time}."
        )

    def run(self, candidates: int | None, seconds: float | None = None) -> TuningResult:
        """Run the nested cross-validation and the final search.

        Their networks train together.

        Parameters
        ----------
        candidates : of each search; None for as many as it takes by itself.
        seconds : that each search may take, where it knows time.

        Raises
        ------
        BadInput
            If no network can be trained, or none has a finite score.
        """
        total = self.count_networks(candidates)
        with collect_warnings() as warnings, fused() as session:
            with ProgressDisplay(session, total, "Searching"), shorten_failed_fits():
                final, *nested = self._search(candidates, seconds)
            networks = session.progress().trained
        if not np.isfinite(final.best_score_):
            reasons = "; ".join(warnings) or "no warning says why"
            raise BadInput(f"no candidate got a finite {self.scoring} ({reasons}): choose another scorer")
        model = final.best_estimator_
        text = [name for name, column in self.problem.X.items() if _is_text(column)]
        setattr(model, TEXT_COLUMNS, text)
        return TuningResult(model, final, nested[0] if nested else None, networks, dict(warnings))

    def _search(self, candidates: int | None, seconds: float | None) -> list[Any]:
        """Return the fitted search and, where there are outer folds, its score."""
        if self.method == GUIDED:
            return self._search_in_turn(seconds)
        search = self._make_searcher(candidates, seconds)
        tasks = [delayed(self._fit)(search)]
        if self.outer is not None:
            tasks.append(delayed(self._score)(search))
        found: list[Any] = Parallel()(tasks)
        return found

    def _search_in_turn(self, seconds: float | None) -> list[Any]:
        """Search on all rows first, then in one outer fold after the other.

        A guided search measures how long networks take, so it is given the machine.
        """
        seconds = GUIDED_SECONDS if seconds is None else seconds
        share = seconds if self.outer is None else seconds / 2
        search = self._make_searcher(None, share)
        final = self._fit(search)
        return [final] if self.outer is None else [final, self._score(search, share)]

    def _score(self, search: Any, seconds: float | None = None) -> NestedResult:
        """Score the search on rows that it has not seen."""
        return nested_cross_validate(
            search,
            self.problem.X,
            self.problem.y,
            cv=self.outer,
            scoring=self.scoring,
            groups=self.problem.groups,
            random_state=self.seed,
            time_budget=seconds,
        )

    def _fit(self, search: Any) -> Any:
        """Fit the search on all rows, with folds and held-out rows as in its score."""
        data = read_data(self.problem.X, self.problem.y, self.problem.groups, None)
        splits = make_outer_splits(self.outer or self.inner, data, search, random_state=self.seed)
        prepared = prepare_estimator(search, data, splits, cv=self.outer, random_state=self.seed)
        with route_metadata(data):
            return fit_on(prepared, data, np.arange(data.n_rows))

    def make_network(self) -> NetClassifier | NetRegressor:
        """Return the network whose settings are searched."""
        return make_network(
            self.problem.task, seed=self.seed, device=self.device, max_epochs=MAX_EPOCHS, early_stopping=True
        )

    def _make_searcher(self, candidates: int | None, seconds: float | None) -> Any:
        network = self.make_network()
        plan = Plan(make_random_space(network), candidates, self.inner, self.scoring, self.seed, seconds)
        return make_searcher(self.method, network, plan)


def _is_text(column: pd.Series) -> bool:
    return column.dtype == "str" or (column.dtype == object and any(isinstance(cell, str) for cell in column))
