"""Threads that work on the caller's arrays, and are waited for whatever happens."""

import threading
from collections.abc import Callable

from sknet_hp.training.cancellation import Cancellation


class _Helper(threading.Thread):
    """A thread that says when it is done.

    `Thread.join`, once interrupted by Ctrl-C, takes one that still runs for one that
    has ended.
    """

    def __init__(self, work: Callable[[], None]):
        super().__init__(name="sknet_hp-training", daemon=True)
        self._work = work
        self.error: BaseException | None = None
        self._done = threading.Event()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # raised again by who waits
            self.error = error
        finally:
            self._done.set()

    def wait(self) -> None:
        self._done.wait()
        self.join()


def run_in_threads(n: int, work: Callable[[int, int], None], cancellation: Cancellation | None = None) -> None:
    """Call `work(part, parts)` in a thread for each part, and wait for all.

    This thread is one of them.

    Parameters
    ----------
    n : how many parts are wanted. There are fewer where no more threads are to be had.
    work : the first error that it raises is raised again.
    cancellation : set if the waiting is interrupted. With one, the main thread only
        waits: it would not hear of Ctrl-C while it works.
    """
    first = 0 if cancellation is not None and threading.current_thread() is threading.main_thread() else 1
    if first and n < 2:
        work(0, 1)
        return
    parts, begin = 0, threading.Event()

    def make_part(part: int) -> Callable[[], None]:
        def run() -> None:
            begin.wait()
            if part < parts:
                work(part, parts)

        return run

    helpers: list[_Helper] = []
    try:
        try:
            for part in range(first, n):
                helpers.append(_Helper(make_part(part)))
                helpers[-1].start()
        except RuntimeError:  # no more threads to be had
            helpers.pop()
        parts = max(1, first + len(helpers))
        begin.set()
        if first or not helpers:
            work(0, parts)
        for helper in helpers:
            helper.wait()
    except BaseException:
        if cancellation is not None:
            cancellation.set()
        begin.set()
        _wait_for(helpers)
        raise
    error = next((helper.error for helper in helpers if helper.error is not None), None)
    if error is not None:
        raise error


def _wait_for(helpers: list[_Helper]) -> None:
    """Wait, whatever interrupts it."""
    for helper in helpers:
        while helper.ident is not None:
            try:
                helper.wait()
                break
            except KeyboardInterrupt:
                continue
