"""One live line of a search: what is done, the best score so far, how long it will take."""

import sys
import time
from typing import Any, TextIO

import numpy as np

_EVERY = 0.1  # seconds between two lines


class Progress:
    """Writes over one line of a terminal, and nothing elsewhere unless asked.

    Parameters
    ----------
    verbose : 0 is silent, 1 writes to terminals, 2 writes one line a rung to anything.
    unit : what the resource is counted in.

    Attributes
    ----------
    total : resources to be handed out in all, over all splits, or None if nobody knows.
    """

    def __init__(self, verbose: int, stream: TextIO | None = None, unit: str = "epochs"):
        self.stream = stream or sys.stderr
        terminal = getattr(self.stream, "isatty", None)  # whatever stands for stderr, which there may not be
        self.live, self.lines = verbose == 1 and terminal is not None and terminal(), verbose > 1 and self.stream is not None
        self.total: int | None = None
        self.done, self.known, self.alive, self.unit = 0, 0, 0, unit
        self.rung, self.most, self.best = 0, 0, np.nan
        self.start = self.shown = time.monotonic()

    def begins(self, rung: int, networks: int, most: int) -> None:
        """A rung begins, with so many networks, each of which is trained up to so many resources at most."""
        self.rung, self.alive, self.most = rung, networks, most
        self._show(always=self.lines)

    def fitted(self, resources: int) -> None:
        """One network has been trained so much further."""
        self.done += resources
        self._show()

    def knew(self, resources: int) -> None:
        """A journal knew what comes of one network trained so much further."""
        self.done += resources
        self.known += resources

    def scored(self, best: float) -> None:
        """The best mean score so far."""
        self.best = best

    def ends(self) -> None:
        """Leave the line."""
        self._show(always=self.live or self.lines)
        if self.live:
            self.stream.write("\n")

    def _show(self, *, always: bool = False) -> None:
        now = time.monotonic()
        if not (always or (self.live and now - self.shown >= _EVERY)) or not (self.live or self.lines):
            return
        self.shown = now
        text = self.text(now - self.start)
        self.stream.write(f"\r\x1b[2K{text}" if self.live else f"{text}\n")
        self.stream.flush()

    def text(self, elapsed: float) -> str:
        """The line after so many seconds."""
        parts = [f"rung {self.rung + 1}", f"{self.alive} networks up to {self.most} {self.unit}"]
        parts.append(f"{self.done} of {self.total} {self.unit}" if self.total else f"{self.done} {self.unit}")
        if self.known:
            parts[-1] += f" ({self.known} from the journal)"
        if not np.isnan(self.best):
            parts.append(f"best score {self.best:.4f}")
        if self.total and self.known < self.done < self.total:
            parts.append(f"{_clock(elapsed * (self.total - self.done) / (self.done - self.known))} left")
        return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"


def silent() -> Any:
    """For runs that nobody watches."""
    return Progress(0)
