"""What fits into the time: pure functions of seconds and epochs."""

from collections.abc import Sequence
from math import ceil

from sknet_hp.search.arithmetic.brackets import Rung, list_resources

FACTOR = 3
"""From rung to rung, a third of the candidates goes on, to three times the epochs."""

N_RUNGS = 3
"""Rungs of a race: a ninth, a third and all of the epochs."""

TYPICAL_EPOCHS = 30
"""Epochs after which networks stop early, as long as nothing was measured."""

MOST_RESERVED = 0.35
"""Share of the budget that is kept for the final fit of several networks, at most."""

SAFETY = 1.25
"""Factor on seconds that are foreseen: other settings may take longer."""


def plan_race(n: int, most: int, least: int = 1, *, keep: int = 1) -> list[Rung]:
    """Return the rungs of a race of n candidates, of whom `keep` come to the end.

    Parameters
    ----------
    n : candidates.
    most, least : epochs of the last rung, and the fewest that one may have.
    keep : candidates that are trained to the end, at least.
    """
    epochs = dict.fromkeys(list_resources(most, least, FACTOR, N_RUNGS - 1))
    return [Rung(max(ceil(n / FACTOR**i), min(n, keep)), amount) for i, amount in enumerate(epochs)]


def count_epochs(rungs: Sequence[Rung], typical: float) -> float:
    """Return the epochs that a race takes in each split.

    Parameters
    ----------
    rungs : of the race.
    typical : epochs after which networks stop early.
    """
    total, before = 0.0, 0
    for rung in rungs:
        total += rung.n_candidates * max(0.0, min(rung.n_resources, typical) - before)
        before = rung.n_resources
    return total


def count_affordable(
    seconds: float, most_candidates: int, seconds_per_epoch: float, typical: float, most: int, *, keep: int
) -> int:
    """Return how many candidates can race in so many seconds, at most so many.

    Parameters
    ----------
    seconds : that may be spent.
    most_candidates : that there are.
    seconds_per_epoch : of a candidate, all splits together.
    typical : epochs after which networks stop early.
    most : epochs of the last rung.
    keep : candidates that come to the end, at least.
    """
    for n in range(most_candidates, 0, -1):
        epochs = count_epochs(plan_race(n, most, keep=keep), typical)
        if epochs * seconds_per_epoch * SAFETY <= seconds:
            return n
    return 0


def choose_share(n_rows: int, seconds_per_candidate: float, budget: float, *, least_rows: int = 2000) -> float:
    """Return the share of the training rows that candidates are compared on.

    All of them, unless one candidate would take more than a tenth of the budget.

    Parameters
    ----------
    n_rows : of the smallest training split.
    seconds_per_candidate : on all rows, all splits together.
    budget : seconds for everything.
    least_rows : that are always kept.
    """
    share = min(1.0, 0.1 * budget / max(seconds_per_candidate, 1e-9))
    return 1.0 if share > 0.8 else max(share, min(1.0, least_rows / n_rows))


def choose_reserve(n_networks: int, seconds_per_network: float, budget: float) -> float:
    """Return the seconds that are kept for the final fit.

    They are for all its networks, but at most `MOST_RESERVED` of the budget; for one
    network always, unless that is nearly all there is.

    Parameters
    ----------
    n_networks : that are wanted.
    seconds_per_network : on all rows.
    budget : seconds for everything.
    """
    one, every = (SAFETY * n * seconds_per_network for n in (min(1, n_networks), n_networks))
    return min(0.9 * budget, max(one, min(every, MOST_RESERVED * budget)))


def split_seeds(weights: Sequence[float], n_networks: int) -> list[int]:
    """Return how many networks, of different seeds, each member of an ensemble has.

    Each has one, as far as there are so many; the others go, one by one, to the member
    whose networks have the most weight each. Members come by falling weight.

    Parameters
    ----------
    weights : of the members.
    n_networks : in all.
    """
    counts = [int(k < n_networks) for k in range(len(weights))]
    for _ in range(n_networks - sum(counts)):
        most = max(range(len(weights)), key=lambda k: weights[k] / max(1, counts[k]))
        counts[most] += 1
    return counts
