"""Rows of a search, put together again from its journal."""

from collections.abc import Sequence
from typing import Any

from sknet_hp.search.candidates import Candidate, Outcome, Row
from sknet_hp.search.journal.journal import read_outcome
from sknet_hp.search.journal.log import Event
from sknet_hp.search.journal.plain import from_plain

Place = tuple[int, int]
"""The number of a candidate, and the resources that it was trained up to."""


class Steps:
    """Who was trained how far, and what came of it.

    Parameters
    ----------
    events : of the log, of the search that it is of.
    last_session : events of its last session.
    records : of the journal.
    n_splits : of the search.
    """

    def __init__(
        self, events: Sequence[Event], last_session: Sequence[Event], records: Sequence[dict[str, Any]], n_splits: int
    ):
        self.n_splits = n_splits
        self._steps = {_place(step): step for event in events if event["event"] == "steps" for step in event["steps"]}
        self._outcomes: dict[Place, dict[int, Outcome]] = {}
        for record in records:
            own = self._outcomes.setdefault(_place(record), {})
            own[record["split"]] = read_outcome(record)
        self._scored = [tuple(place) for each in last_session if each["event"] == "rows" for place in each["rows"]]
        self._is_ended = any(event["event"] == "ended" for event in last_session)
        self._last = [event["steps"] for event in last_session if event["event"] == "steps"]

    @property
    def running(self) -> list[int]:
        """Numbers of candidates that train, or wait for those they are compared with.

        None, when the search has ended.
        """
        under_way = (
            []
            if self._is_ended
            else [steps for steps in self._last if not all(self._is_scored(_place(step)) for step in steps)]
        )
        return sorted({step["candidate"] for steps in under_way for step in steps})

    def list_rows(self) -> list[Row]:
        """Return the rows, in the order in which they were scored.

        Those that an earlier session has trained, and this one not yet again, follow.
        """
        places = list(dict.fromkeys(self._scored))
        if not self._is_ended:
            places += [place for place in self._steps if place not in set(places)]
        candidates = self._make_candidates()
        return [
            Row(candidates[place[0]], self._steps[place]["iter"], place[1], self._list_outcomes(place))
            for place in places
            if place in self._steps and self._is_scored(place)
        ]

    def _is_scored(self, place: Place) -> bool:
        return len(self._outcomes.get(place, {})) == self.n_splits

    def _list_outcomes(self, place: Place) -> list[Outcome]:
        return [self._outcomes[place][split] for split in range(self.n_splits)]

    def _make_candidates(self) -> dict[int, Candidate]:
        candidates: dict[int, Candidate] = {}
        for step in sorted(self._steps.values(), key=lambda step: step["candidate"]):
            number = step["candidate"]
            params = {name: from_plain(value) for name, value in step["params"].items()}
            candidates.setdefault(
                number, Candidate(number, params, step["bracket"], parent=candidates.get(step["parent"]))
            )
        return candidates

    def count_resources(self, records: Sequence[dict[str, Any]], *, of_rows: bool) -> int:
        """Return the resources that records have taken, all splits together.

        Parameters
        ----------
        records : some of the journal's, from its beginning.
        of_rows : whether each rung begins anew.
        """
        total = 0
        reached: dict[tuple[int, int], int] = {}
        parents = {step["candidate"]: step["parent"] for step in self._steps.values()}
        for record in records:
            who, split, now = record["candidate"], record["split"], record["n_resources"]
            before = reached.get((who, split), reached.get((parents.get(who, -1), split), 0))
            total += now if of_rows else max(0, now - before)
            reached[who, split] = now
        return total


def _place(step: dict[str, Any]) -> Place:
    return step["candidate"], step["n_resources"]
