"""A search, scored by nested cross-validation.

It is fitted once more on all rows, in one go.
"""

import re
import time
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator, ParameterGrid, ParameterSampler, cross_validate
from sklearn.utils.parallel import Parallel, delayed

from sknet_hp import search as searchers
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.saved import TEXT_COLUMNS
from sknet_hp.cli.options import SearchMethod
from sknet_hp.cli.output.messages import collect_warnings, shorten_failed_fits
from sknet_hp.cli.output.progress_display import ProgressDisplay
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.splitting import make_splitter
from sknet_hp.cli.tuning.candidates import count_affordable, count_networks, make_grid, make_random_space
from sknet_hp.estimators.classifier import NetClassifier
from sknet_hp.estimators.regressor import NetRegressor
from sknet_hp.fusion.session import fused

Searcher: TypeAlias = searchers.GridSearchCV | searchers.RandomizedSearchCV

MAX_EPOCHS = 50
PILOT_CANDIDATES = 3
SAFETY = 0.9  # of the time left, what is planned for


@dataclass(frozen=True)
class Pilot:
    """What a small run says about the large one.

    Attributes
    ----------
    networks : how many it trained.
    seconds : how long it took.
    affordable : how many candidates of the large run fit into the time.
    """

    networks: int
    seconds: float
    affordable: int


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
        """Mean score over the outer folds."""
        return float(np.mean(self.fold_scores))

    @property
    def std(self) -> float:
        """Standard deviation of the score over the outer folds."""
        return float(np.std(self.fold_scores))


class NestedSearch:
    """A search for the best network, and its score by nested cross-validation.

    Parameters
    ----------
    problem : Problem
    method : {"random", "grid"}
    inner, outer : int
        Folds that choose, and folds that score.
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
        self.inner = make_splitter(problem, inner, seed)
        self.outer = make_splitter(problem, outer, seed)
        self.scoring = scoring
        self.seed = seed
        self.device = device

    # ---- before the search -----------------------------------------------------------------------------------------

    def count_candidates(self, asked: int) -> int:
        """Count the candidates of the search if it may have `asked`.

        All in a random search, the largest grid in a grid search.
        """
        return len(ParameterGrid(make_grid(asked))) if self.method == "grid" else asked

    def run_pilot(self, budget: float, start: float, asked: int) -> Pilot:
        """Measure how long a network takes.

        From it follows how many candidates fit into what is left of the budget.

        Parameters
        ----------
        budget : float
            Seconds for all, from `start`, a time of ``time.monotonic()``.
        asked : int
            The most candidates that are wanted.

        Raises
        ------
        BadInput
            If not even one candidate fits.
        """
        sample = self._sample_candidates(asked)
        networks, began = 0, time.monotonic()
        # The first round pays for starting the workers; the second, if there is time for it, is what the
        # large run will be like.
        for candidates in (sample[:1], sample):
            round_began = time.monotonic()
            networks += self._train_pilot(candidates)
            seconds_per_network = (time.monotonic() - round_began) / (len(candidates) * self.inner.n_splits)
            left = SAFETY * (budget - (time.monotonic() - start))
            second_round = seconds_per_network * len(sample) * self.inner.n_splits
            if second_round > 0.2 * left:
                break
        affordable = count_affordable(left, seconds_per_network, self.inner.n_splits, self.outer.n_splits, asked)
        if affordable < 1:
            least = count_networks(1, self.inner.n_splits, self.outer.n_splits)
            needed = (time.monotonic() - start) + least * seconds_per_network / SAFETY
            raise BadInput(
                f"--time-budget {budget:g} is too short: one candidate needs {least} networks here, about "
                f"{needed:.1f} s in all; give more time, fewer folds or fewer rows"
            )
        return Pilot(networks, time.monotonic() - began, affordable)

    def describe_cost(self, candidates: int) -> str:
        """Return what `run` will train, as a sentence."""
        inner, outer = self.inner.n_splits, self.outer.n_splits
        n = count_networks(candidates, inner, outer)
        return (
            f"To train: {n:,} networks of at most {MAX_EPOCHS} epochs: {outer + 1} searches ({outer} outer folds, and "
            f"all rows), each of {candidates} candidates in {inner} folds and the best once more."
        )

    # ---- the search ------------------------------------------------------------------------------------------------

    def run(self, candidates: int) -> TuningResult:
        """Run the nested cross-validation and the final search.

        Their networks train together.

        Raises
        ------
        BadInput
            If no network can be trained, or none has a finite score.
        """
        search = self._make_searcher(candidates)
        X, y = self.problem.X, self.problem.y
        total = count_networks(candidates, self.inner.n_splits, self.outer.n_splits)
        tasks = (
            delayed(_cross_validate)(search, X, y, self.outer, self.scoring),
            delayed(_fit)(search, X, y),
        )
        with collect_warnings() as warnings, fused() as session:
            with ProgressDisplay(session, total, "Searching"), shorten_failed_fits():
                nested, final = Parallel()(tasks)
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
            fold_scores=nested["test_score"].tolist(),
            fold_params=[fitted.best_params_ for fitted in nested["estimator"]],
            networks=networks,
            warnings=dict(warnings),
        )

    def _make_network(self) -> NetClassifier | NetRegressor:
        network = NetClassifier if self.problem.task == "classification" else NetRegressor
        return network(
            max_epochs=MAX_EPOCHS,
            early_stopping=True,
            random_state=self.seed,
            device=self.device,
        )

    def _make_searcher(self, candidates: int) -> Searcher:
        network = self._make_network()
        if self.method == "grid":
            return searchers.GridSearchCV(network, make_grid(candidates), cv=self.inner, scoring=self.scoring)
        return searchers.RandomizedSearchCV(
            network,
            make_random_space(network),
            n_iter=candidates,
            cv=self.inner,
            scoring=self.scoring,
            random_state=self.seed,
        )

    def _sample_candidates(self, asked: int) -> list[dict[str, Any]]:
        """Return a few of the candidates that the search will have.

        They go from narrow to wide ones.
        """
        if self.method == "grid":
            candidates = list(ParameterGrid(make_grid(asked)))
        else:
            space = make_random_space(self._make_network())
            candidates = list(ParameterSampler(space, min(asked, 100), random_state=self.seed))
        candidates.sort(key=lambda candidate: candidate["n_layers"] * candidate["width"] ** 2)
        n = min(PILOT_CANDIDATES, len(candidates))
        return [candidates[(2 * i + 1) * len(candidates) // (2 * n)] for i in range(n)]

    def _train_pilot(self, candidates: list[dict[str, Any]]) -> int:
        """Train these candidates, and return how many networks they took."""
        points = [{name: [value] for name, value in candidate.items()} for candidate in candidates]
        search = searchers.GridSearchCV(self._make_network(), points, cv=self.inner, scoring=self.scoring, refit=False)
        total = len(candidates) * self.inner.n_splits
        with collect_warnings(), fused() as session, ProgressDisplay(session, total, "Pilot"), shorten_failed_fits():
            search.fit(self.problem.X, self.problem.y)
        return total


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
    search: Searcher, X: pd.DataFrame, y: np.ndarray, outer: BaseCrossValidator, scoring: str
) -> dict[str, Any]:
    return cross_validate(search, X, y, cv=outer, scoring=scoring, return_estimator=True, error_score="raise")


def _fit(search: Searcher, X: pd.DataFrame, y: np.ndarray) -> Searcher:
    return search.fit(X, y)


def _is_text(column: pd.Series) -> bool:
    return column.dtype == "str" or (column.dtype == object and any(isinstance(cell, str) for cell in column))
