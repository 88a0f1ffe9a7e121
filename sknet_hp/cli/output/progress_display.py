"""How far the networks are, on the standard error.

A bar on a terminal, a line now and then where there is none.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType

from rich import progress as rich_progress
from rich.console import Console

from sknet_hp.formatting.numbers import format_seconds
from sknet_hp.fusion.session import Session

SECONDS_BETWEEN_UPDATES = 0.1
SECONDS_BETWEEN_LINES = 5.0


class ProgressDisplay:
    """Shows how many networks a session has trained for as long as the context lasts.

    Parameters
    ----------
    session : Session
        What `fused()` gives.
    total : int or None
        Networks to train; None where nobody knows.
    label : str or callable
        What they are trained for; a function where that changes.
    """

    def __init__(self, session: Session, total: int | None, label: str | Callable[[], str]):
        self.session = session
        self.total = total
        self._label = label
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, name="sknet-hp-progress", daemon=True)

    def __enter__(self) -> "ProgressDisplay":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def label(self) -> str:
        """What is being done now."""
        return self._label() if callable(self._label) else self._label

    @property
    def trained(self) -> int:
        """Networks trained so far."""
        return self.session.progress().trained

    def _show(self) -> None:
        console = Console(stderr=True)
        if console.is_terminal and not console.is_dumb_terminal:
            self._draw_bar(console)
        else:
            self._print_lines(console)

    def _draw_bar(self, console: Console) -> None:
        columns: list[rich_progress.ProgressColumn] = [
            rich_progress.TextColumn("{task.description}"),
            rich_progress.BarColumn(),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TextColumn("networks"),
            rich_progress.TimeElapsedColumn(),
        ]
        if self.total is not None:
            columns += [rich_progress.TextColumn("left:"), rich_progress.TimeRemainingColumn()]
        with rich_progress.Progress(*columns, console=console) as bar:
            task = bar.add_task(self.label, total=self.total)
            while not self._ended.wait(SECONDS_BETWEEN_UPDATES):
                bar.update(task, completed=self.trained, description=self.label)
            bar.update(task, completed=self.trained)

    def _print_lines(self, console: Console) -> None:
        start = time.monotonic()
        while not self._ended.wait(SECONDS_BETWEEN_LINES):
            self._print_line(console, start)
        self._print_line(console, start)

    def _print_line(self, console: Console, start: float) -> None:
        trained, seconds = self.trained, time.monotonic() - start
        of, left = "", ""
        if self.total is not None:
            of = f" of {self.total}"
            if 0 < trained < self.total:
                left = f", about {format_seconds(seconds * (self.total - trained) / trained)} left"
        # What is fitted by itself, outside of any search, is not counted.
        count = f"{trained}{of} networks trained, " if trained or self.total is not None else ""
        console.print(
            f"{self.label}: {count}{format_seconds(seconds)}{left}",
            highlight=False,
            markup=False,
        )
