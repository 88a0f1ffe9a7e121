"""A small run that tells how many candidates of the large one fit into a time."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sknet_hp import search as searchers
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.training import show_training
from sknet_hp.cli.tuning.candidates import count_affordable, count_networks
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.formatting.numbers import format_seconds
from sknet_hp.tuning.guided.changes import estimate_cost

if TYPE_CHECKING:
    from sknet_hp.cli.tuning.nested_search import NestedSearch

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


def run_pilot(search: "NestedSearch", budget: float, start: float, asked: int) -> Pilot:
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
    sample = _sample_candidates(search, asked)
    networks, began = 0, time.monotonic()
    # The first round pays for starting the workers; the second, if there is time for it, is what the
    # large run will be like.
    for candidates in (sample[:1], sample):
        round_began = time.monotonic()
        networks += _train_pilot(search, candidates)
        seconds_per_network = (time.monotonic() - round_began) / (len(candidates) * search.inner_folds)
        left = SAFETY * (budget - (time.monotonic() - start))
        second_round = seconds_per_network * len(sample) * search.inner_folds
        if second_round > 0.2 * left:
            break
    affordable = count_affordable(left, seconds_per_network, search.inner_folds, search.outer_folds, asked)
    if affordable < 1:
        least = count_networks(1, search.inner_folds, search.outer_folds)
        needed = (time.monotonic() - start) + least * seconds_per_network / SAFETY
        raise BadInput(
            f"--time-budget {budget:g} is too short: one candidate needs {least} networks here, about "
            f"{format_seconds(needed)} in all; give more time, fewer folds or fewer rows"
        )
    return Pilot(networks, time.monotonic() - began, affordable)


def _sample_candidates(search: "NestedSearch", asked: int) -> list[dict[str, Any]]:
    """Return a few of the candidates that the search will have.

    They go from narrow to wide ones.
    """
    own = find_last_step(search.network)[1].get_params(deep=False)
    prefix = find_last_step(search.network)[0]
    candidates = search.sample_settings(asked)
    candidates.sort(
        key=lambda each: estimate_cost(own | {name.removeprefix(prefix): value for name, value in each.items()})
    )
    n = min(PILOT_CANDIDATES, len(candidates))
    return [candidates[(2 * i + 1) * len(candidates) // (2 * n)] for i in range(n)]


def _train_pilot(nested: "NestedSearch", candidates: list[dict[str, Any]]) -> int:
    """Train these candidates, and return how many networks they took."""
    points = [{name: [value] for name, value in candidate.items()} for candidate in candidates]
    search = searchers.GridSearchCV(nested.network, points, cv=nested.inner, scoring=nested.scoring, refit=False)
    total = len(candidates) * nested.inner_folds
    with show_training("Pilot", total):
        search.fit(nested.problem.X, nested.problem.y)
    return total
