"""The networks of the final ensemble: which, in what order, and how many."""

from sknet_hp.search.running.ensemble import Member
from sknet_hp.tuning.guided.affordable import LEAST_RESERVED, SAFETY, TOGETHER, count_in_time, plan_networks
from sknet_hp.tuning.guided.guide import Guide

N_NETWORKS, MOST_NETWORKS = 8, 16
"""Networks that are wanted; and at most, where time is left over."""

_FITTED = "networks fitted"


class FinalFit:
    """The networks of the final ensemble, fitted in rounds as long as there is time.

    Parameters
    ----------
    guide : of the search that has ended.
    members : of the ensemble, by falling weight.

    Attributes
    ----------
    order : the member that each network is of.
    """

    def __init__(self, guide: Guide, members: list[Member]):
        self._guide, self._budget = guide, guide.budget
        self.members, seconds = members, [guide.foresee_seconds(member.candidate) for member in members]
        weights = [member.weight for member in members]
        self.order: list[int] = guide.notebook.recall(
            "networks",
            lambda: (
                plan_networks(weights, seconds, self._budget.left, MOST_NETWORKS, together=TOGETHER)
                if self._budget.is_limited
                else plan_networks(weights, [0.0] * len(members), 0.0, N_NETWORKS)
            ),
        )
        if guide.incumbent is None:  # there was no time for one
            self.order = self.order[:1]
        elif len(self.order) <= TOGETHER and self._budget.is_limited:  # whom the stages have decided for
            self.members, self.order = [Member(guide.incumbent, 1.0)], [0] * TOGETHER
            seconds = [guide.seconds_per_network]
        if guide.incumbent is not None and self._budget.is_limited:  # they may take less time than was foreseen
            self.order = (self.order * MOST_NETWORKS)[:MOST_NETWORKS]
        self._seconds = [seconds[k] for k in self.order]
        self._start = self._budget.clock()

    @property
    def networks(self) -> list[Member]:
        """The candidate and the weight of each network."""
        total = sum(self.members[k].weight for k in set(self.order))
        return [
            Member(self.members[k].candidate, self.members[k].weight / total / self.order.count(k)) for k in self.order
        ]

    @property
    def seeds(self) -> list[int]:
        """Of each network, how many of the same candidate come before it."""
        return [self.order[:i].count(k) for i, k in enumerate(self.order)]

    def count_next(self, n_fitted: int) -> int:
        """Return how many networks are fitted next: about half of the time's worth.

        Then there is time to see how long they really take.

        Parameters
        ----------
        n_fitted : networks that are fitted already.
        """
        known = self._guide.notebook.known.get(_FITTED)
        if known is not None:
            return int(known) - n_fitted
        if not self._budget.is_limited:
            return len(self.order) - n_fitted
        foreseen = sum(self._seconds[:n_fitted])
        left = self._budget.left - LEAST_RESERVED * (self._budget.seconds or 0.0)  # findings are looked for after it
        slower = (self._budget.clock() - self._start) / foreseen if foreseen else SAFETY
        rest = self._seconds[n_fitted:]
        seconds = [slower * sum(rest[i : i + TOGETHER]) for i in range(0, len(rest), TOGETHER)]
        n = count_in_time(seconds, left / 2) or count_in_time([SAFETY * each for each in seconds[:1]], left)
        return TOGETHER * (n or not n_fitted)

    def close(self, n_fitted: int) -> None:
        """Note that so many networks were fitted, and that there will be no more."""
        self.order = self.order[: self._guide.notebook.recall(_FITTED, lambda: n_fitted)]
