"""A search, scored by nested cross-validation.

It is fitted once more on all rows, in one go.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator, ParameterGrid, cross_validate
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
from sknet_hp.cli.tuning.methods import SEARCHERS, WITH_PILOT, Plan, make_searcher
from sknet_hp.estimators.classifier import NetClassifier
from sknet_hp.estimators.regressor import NetRegressor
from sknet_hp.fusion.session import fused

MAX_EPOCHS = 50


@dataclass(frozen=True)
class TuningResult:
    """What a nested search found.

    `fold_scores` and `fold_params` are those of the outer folds, the rest is of the
    final search.
    """

    model: NetClassifier | NetRegressor
    cv_results: dict[str, Any]
    best_params: dict[str, Any]
    best_inner_score: float
    fold_scores: list[float]
    fold_params: list[dict[str, Any]]
    networks: int
    warnings: dict[str, int]

    @property
    def mean(self) -> float:
        """Mean score over the outer folds, NaN without them."""
        return float(np.mean(self.fold_scores)) if self.fold_scores else float("nan")

    @property
    def std(self) -> float:
        """Standard deviation of the score over the outer folds, NaN without them."""
        return float(np.std(self.fold_scores)) if self.fold_scores else float("nan")


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
        search = self._make_searcher(candidates, seconds)
        X, y = self.problem.X, self.problem.y
        tasks = [delayed(_fit)(search, X, y)]
        if self.outer is not None:
            tasks.append(delayed(_cross_validate)(search, X, y, self.outer, self.scoring))
        total = self.count_networks(candidates)
        with collect_warnings() as warnings, fused() as session:
            with ProgressDisplay(session, total, "Searching"), shorten_failed_fits():
                final, *nested = Parallel()(tasks)
            networks = session.progress().trained
        if not np.isfinite(final.best_score_):
            reasons = "; ".join(warnings) or "no warning says why"
            raise BadInput(f"no candidate got a finite {self.scoring} ({reasons}): choose another scorer")
        model = final.best_estimator_
        setattr(model, TEXT_COLUMNS, [name for name, column in X.items() if _is_text(column)])
        return TuningResult(
            model=model,
            cv_results=final.cv_results_,
            best_params=final.best_params_,
            best_inner_score=float(final.best_score_),
            fold_scores=nested[0]["test_score"].tolist() if nested else [],
            fold_params=[fitted.best_params_ for fitted in nested[0]["estimator"]] if nested else [],
            networks=networks,
            warnings=dict(warnings),
        )

    def make_network(self) -> NetClassifier | NetRegressor:
        """Return the network whose settings are searched."""
        return make_network(
            self.problem.task, seed=self.seed, device=self.device, max_epochs=MAX_EPOCHS, early_stopping=True
        )

    def _make_searcher(self, candidates: int | None, seconds: float | None) -> Any:
        network = self.make_network()
        plan = Plan(make_random_space(network), candidates, self.inner, self.scoring, self.seed, seconds)
        return make_searcher(self.method, network, plan)


def check_device(device: str) -> None:
    """Check that there is such a device.

    Raises
    ------
    BadInput
        If not.
    """
    match = re.fullmatch(r"auto|cpu|cuda(?::(\d+))?", device)
    if match is None:
        raise BadInput(f"--device {device!r} is no device: give auto, cpu, cuda or cuda:N")
    if not device.startswith("cuda"):
        return
    import torch

    n_devices = torch.cuda.device_count()
    if int(match[1] or 0) >= n_devices:
        raise BadInput(
            f"--device {device} is not there, torch sees {n_devices} CUDA devices on this machine: say --device auto"
        )


def _cross_validate(
    search: Any, X: pd.DataFrame, y: np.ndarray, outer: BaseCrossValidator, scoring: str
) -> dict[str, Any]:
    return cross_validate(search, X, y, cv=outer, scoring=scoring, return_estimator=True, error_score="raise")


def _fit(search: Any, X: pd.DataFrame, y: np.ndarray) -> Any:
    return search.fit(X, y)


def _is_text(column: pd.Series) -> bool:
    return column.dtype == "str" or (column.dtype == object and any(isinstance(cell, str) for cell in column))
