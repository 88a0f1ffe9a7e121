"""What a search says of itself while it runs, for who looks on.

A journal's records say what was scored; this says of whom, and what is still to come. A
search that is taken up does not read it.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sknet_hp.search.arithmetic.cost import Cost
from sknet_hp.search.candidates import Row, Step
from sknet_hp.search.journal.lines import decode, encode
from sknet_hp.search.journal.plain import to_plain_or_text

Event = dict[str, Any]
"""One line: `event`, its kind; `at`, seconds since 1970; `session`; and its content."""


class Log:
    """An append-only file of events.

    Each search that is begun or taken up is a session of its own.

    Parameters
    ----------
    path : of the file.
    """

    def __init__(self, path: Path):
        self.path, self._session = path, f"{os.getpid():x}-{time.time_ns():x}"

    def write(self, event: str, **content: Any) -> None:
        """Add an event; on a full disk nothing, for the search does not need it."""
        line = encode({"event": event, "at": time.time(), "session": self._session, **content})
        with suppress(OSError), self.path.open("ab", buffering=0) as file:
            file.write(b"\n" + line)  # whatever a dying process has left is on a line of its own

    def write_cost(self, cost: Cost, n_splits: int) -> None:
        """Say what is to be done: in all, in all splits."""
        self.write("cost", **cost._asdict() | {"fits": cost.fits * n_splits, "resources": cost.resources * n_splits})

    def write_steps(self, steps: Iterable[Step]) -> None:
        """Say who is trained next."""
        self.write("steps", steps=[_describe_step(step) for step in steps])

    def write_rows(self, rows: Iterable[Row]) -> None:
        """Say who has been scored in all splits."""
        self.write("rows", rows=[[row.candidate.number, row.n_resources] for row in rows])


def read_log(path: Path) -> list[Event]:
    """Return all events that are whole, the first one first."""
    content = path.read_bytes() if path.exists() else b""
    return [event for line in content.splitlines(keepends=True) if (event := decode(line)) is not None]


def _describe_step(step: Step) -> dict[str, Any]:
    candidate = step.candidate
    return {
        "candidate": candidate.number,
        "bracket": candidate.bracket,
        "iter": step.iteration,
        "n_resources": step.n_resources,
        "parent": candidate.parent_number,
        "params": {name: to_plain_or_text(value) for name, value in candidate.params.items()},
    }
