"""What fits into the time: pure functions of seconds and epochs."""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil

from sknet_hp.search.arithmetic.brackets import Rung, list_resources

FACTOR = 3
"""From rung to rung, a third of the candidates goes on, to three times the epochs."""

N_RUNGS = 3
"""Rungs of a race: a ninth, a third and all of the epochs."""

TYPICAL_EPOCHS = 30
"""Epochs after which networks stop early, as long as nothing was measured."""

MOST_RESERVED = 0.4
"""Share of the budget that is kept for the final fit of several networks, at most."""

LEAST_RESERVED = 0.05
"""Share that is kept besides: predictions of the finalists are compared."""

TOGETHER = 2
"""Networks of a setting that are fitted together: one alone takes nearly as long."""

FUSED = 0.6
"""Seconds of a network that trains beside those of other splits, of those alone."""

LEAST_ROWS = 2000
"""Training rows that candidates are compared on, at least."""

SAFETY = 1.25
"""Factor on seconds that are foreseen: other settings may take longer."""


def plan_race(n: int, most: int, *, keep: int = 1) -> list[Rung]:
    """Return the rungs of a race of n candidates, of whom `keep` come to the end.

    Parameters
    ----------
    n : candidates.
    most : epochs of the last rung.
    keep : candidates that are trained to the end, at least.
    """
    epochs = dict.fromkeys(list_resources(most, 1, FACTOR, N_RUNGS - 1))
    return [Rung(max(ceil(n / FACTOR**i), min(n, keep)), amount) for i, amount in enumerate(epochs)]


def count_epochs(rungs: Sequence[Rung], typical: float, costs: Sequence[float]) -> float:
    """Return the epochs that a race takes in each split, the dearest counting most.

    It is taken that the dearest go on.

    Parameters
    ----------
    rungs : of the race.
    typical : epochs after which networks stop early.
    costs : of an epoch of each candidate.
    """
    dearest = sorted(costs, reverse=True)
    total, before = 0.0, 0
    for rung in rungs:
        total += sum(dearest[: rung.n_candidates]) * max(0.0, min(rung.n_resources, typical) - before)
        before = rung.n_resources
    return total


def choose_affordable(
    seconds: float, costs: Sequence[float], seconds_per_epoch: float, typical: float, most: int, *, keep: int
) -> list[int]:
    """Return which candidates can race in so many seconds, the first before the last.

    Parameters
    ----------
    seconds : that may be spent.
    costs : of an epoch of each candidate.
    seconds_per_epoch : of a candidate of cost 1, all splits together.
    typical : epochs after which networks stop early.
    most : epochs of the last rung.
    keep : candidates that come to the end, at least.
    """
    chosen: list[int] = []
    for k in range(len(costs)):
        more = [*chosen, k]
        epochs = count_epochs(plan_race(len(more), most, keep=keep), typical, [costs[i] for i in more])
        if epochs * seconds_per_epoch * SAFETY <= seconds:
            chosen = more
    return chosen


def choose_share(n_rows: int, seconds_per_candidate: float, budget: float) -> float:
    """Return the share of the training rows that candidates are compared on.

    All of them, unless one candidate would take more than 15 % of the budget; always
    `LEAST_ROWS`.

    Parameters
    ----------
    n_rows : of the smallest training split.
    seconds_per_candidate : on all rows, all splits together.
    budget : seconds for everything.
    """
    share = min(1.0, 0.15 * budget / max(seconds_per_candidate, 1e-9))
    return 1.0 if share > 0.8 else max(share, min(1.0, LEAST_ROWS / n_rows))


def choose_reserve(n_networks: int, seconds_per_network: float, budget: float) -> float:
    """Return the seconds that are kept for the final fit.

    They are for all its networks, but at most `MOST_RESERVED` of the budget; for
    `TOGETHER` networks always, unless that is nearly all there is. `LEAST_RESERVED` of
    the budget is for what else there is to do.

    Parameters
    ----------
    n_networks : that are wanted.
    seconds_per_network : on all rows.
    budget : seconds for everything.
    """
    least, every = (SAFETY * n * seconds_per_network for n in (min(TOGETHER, n_networks), n_networks))
    besides = LEAST_RESERVED * budget if n_networks else 0.0
    return min(0.9 * budget, besides + max(least, min(every, MOST_RESERVED * budget)))


def plan_networks(
    weights: Sequence[float], seconds: Sequence[float], budget: float, most: int, *, together: int = 1
) -> list[int]:
    """Return the member that each network of an ensemble is of, in order of fitting.

    Each member has networks first, as far as there is time; then, one after the other,
    the member whose networks have the most weight each has more. Whoever takes longer
    than what is left is passed over, but there are always some.

    Parameters
    ----------
    weights : of the members, falling.
    seconds : that a network of each takes.
    budget : seconds for all of them.
    most : networks, at most.
    together : networks of a member that are fitted together, each time.
    """
    counts, order = [0] * len(weights), list[int]()
    while len(order) + together <= most:
        left = budget - sum(seconds[k] for k in order)
        able = [k for k in range(len(weights)) if together * seconds[k] <= left] or ([] if order else [0])
        if not able:
            break
        taken = max(able, key=lambda k: (not counts[k], weights[k] / max(1, counts[k])))
        counts[taken] += 1
        order += [taken] * together
    return order


def count_in_time(seconds: Sequence[float], budget: float) -> int:
    """Return how many of the next networks can be fitted in so many seconds.

    Parameters
    ----------
    seconds : of each.
    budget : seconds.
    """
    return sum(total <= budget for total in accumulate(seconds))
