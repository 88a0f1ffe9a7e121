"""What a search writes while it runs.

First what it will cost, then in one line what is done, the best score so far, and how
long the rest will take.
"""

import sys
import time
from collections.abc import Iterable
from typing import Any, TextIO

import numpy as np

from sknet_hp.formatting.numbers import format_seconds
from sknet_hp.search.arithmetic.cost import Cost

_EVERY = 0.1  # seconds between two lines


class Progress:
    """Writes over one line of a terminal, and nothing elsewhere unless asked.

    Parameters
    ----------
    verbose : 0 is silent, 1 writes to terminals, 2 writes one line a rung to anything.
    unit : what the resource is counted in.
    refits : whether something is fitted on all rows at the end.

    Attributes
    ----------
    total : resources to be handed out in all, over all splits, or None if nobody knows.
    """

    def __init__(self, verbose: int, stream: TextIO | None = None, unit: str = "epochs", refits: bool = False):
        self.stream = stream or sys.stderr
        terminal = getattr(self.stream, "isatty", None)  # whatever stands for stderr, which there may not be
        self.live, self.lines = (
            verbose == 1 and terminal is not None and terminal(),
            verbose > 1 and self.stream is not None,
        )
        self.total: int | None = None
        self.done, self.known, self.alive, self.unit, self.refits = 0, 0, 0, unit, refits
        self.rung, self.most, self.best = 0, 0, np.nan
        self.left, self.has_guessed = 0, False
        self.start = self.shown = time.monotonic()

    def announce(self, cost: Cost, n_splits: int) -> None:
        """Write what the search will take, before it begins."""
        self.total = None if cost.at_least else cost.resources * n_splits
        self.start = time.monotonic()
        if self.live or self.lines:
            bound = "at least" if cost.at_least else "at most"
            text = f"{cost.candidates} candidates in {n_splits} splits: {bound} {cost.fits * n_splits} fits, "
            text += f"{cost.resources * n_splits} {self.unit}"
            text += " (who goes on is decided on the way)" if cost.at_least else ""
            self.stream.write(f"{text}{', and the refit on all rows' if self.refits else ''}\n")

    def begin_rung(self, rung: int, networks: int, most: int) -> None:
        """Begin a rung of so many networks, each trained up to `most` resources."""
        self.rung, self.alive, self.most, self.left = rung, networks, most, networks
        self._show(always=self.lines)

    def count_fit(self, resources: int) -> None:
        """Add a network that has been trained so much further."""
        self.done += resources
        self.left -= 1
        # Half of the first rung says how long the rest may take. Later rungs say it when they begin.
        guesses = self.lines and self.total is not None and not self.has_guessed and self.left <= self.alive // 2
        self.has_guessed |= guesses
        self._show(always=guesses)

    def count_known(self, resources: int) -> None:
        """Add a network whose outcome a journal knows, trained so much further."""
        self.done += resources
        self.known += resources

    def note_best(self, best: float) -> None:
        """Set the best mean score so far."""
        self.best = best

    def finish(self) -> None:
        """Write the last line."""
        self._show(always=self.live or self.lines)
        if self.live:
            self.stream.write("\n")

    def tell(self, findings: Iterable[Any]) -> None:
        """Write what was found in the search, a line each."""
        if self.live or self.lines:
            self.stream.write("".join(f"{finding}\n" for finding in findings))
            self.stream.flush()

    def _show(self, *, always: bool = False) -> None:
        now = time.monotonic()
        if not (always or (self.live and now - self.shown >= _EVERY)) or not (self.live or self.lines):
            return
        self.shown = now
        text = self.format_line(now - self.start)
        self.stream.write(f"\r\x1b[2K{text}" if self.live else f"{text}\n")
        self.stream.flush()

    def format_line(self, elapsed: float) -> str:
        """Return the line after so many seconds."""
        parts = [f"rung {self.rung + 1}", f"{self.alive} networks up to {self.most} {self.unit}"]
        parts.append(f"{self.done} of {self.total} {self.unit}" if self.total else f"{self.done} {self.unit}")
        if self.known:
            parts[-1] += f" ({self.known} from the journal)"
        if not np.isnan(self.best):
            parts.append(f"best score {self.best:.4f}")
        if self.total and self.known < self.done < self.total:
            parts.append(f"about {format_seconds(elapsed * (self.total - self.done) / (self.done - self.known))} left")
        return ", ".join(parts)
