"""Fits that joblib does together, and how they are interrupted."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from joblib import Parallel


class SearchStopped(Exception):
    """A search ends before its time; what was done counts.

    Attributes
    ----------
    reason : "time_budget", "target_score", "patience" or "interrupted".
    """

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Batches:
    """Batches of calls under way; there may be several, in as many threads.

    Attributes
    ----------
    interrupted : whether nothing more is to be begun.
    """

    def __init__(self, n_jobs: int | None):
        self.n_jobs, self.interrupted = n_jobs, False
        self._under_way: set[Parallel] = set()

    def run(self, calls: Sequence[Any], receive: Callable[[Any], None]) -> None:
        """Do the calls together, and hand each result on when it is there.

        Raises
        ------
        SearchStopped
            If it was interrupted before all calls were done.
        """
        parallel, n_done = self._make_parallel(), 0
        results = parallel(calls)
        self._under_way.add(parallel)
        try:
            if self.interrupted:  # just now
                raise SearchStopped("interrupted")
            for result in results:
                receive(result)
                n_done += 1
        except BaseException:
            _close(parallel, results)
            raise
        finally:
            self._under_way.discard(parallel)
        if n_done < len(calls):
            raise SearchStopped("interrupted")

    def run_until(self, deadline: float | None, calls: Sequence[Any], receive: Callable[[Any], None]) -> bool:
        """Do the calls as `run` does, and return whether all were done in time.

        Parameters
        ----------
        deadline : on `time.monotonic`; None for no limit.
        """
        if deadline is None:
            self.run(calls, receive)
            return True
        left = max(0.0, deadline - time.monotonic())
        timer = threading.Timer(min(left, threading.TIMEOUT_MAX), self.interrupt)
        timer.daemon = True
        timer.start()
        try:
            self.run(calls, receive)
        except SearchStopped:
            return False
        finally:
            timer.cancel()
        return True

    def interrupt(self) -> None:
        """End what is under way in other threads, and let nothing more begin."""
        self.interrupted = True
        for parallel in list(self._under_way):
            parallel._abort()

    def _make_parallel(self) -> Parallel:
        # All at once: tasks that joblib holds back until others are done could not train together with them.
        # Processes must be able to train on what they are given: joblib's own way of sharing large arrays is
        # for reading only.
        settings = {"n_jobs": self.n_jobs, "pre_dispatch": "all", "mmap_mode": "c"}
        try:
            return Parallel(return_as="generator_unordered", **settings)
        except ValueError:  # a backend that gives all at once: "multiprocessing"
            return Parallel(**settings)


def _close(parallel: Parallel, results: Any) -> None:
    """End joblib's generator of results without its warning that it had not finished.

    When the time is up, after Ctrl-C or with a full disk, nobody needs that. Filters of
    warnings would not do: they are the whole process's, and tasks under way may put
    back others at any moment.
    """
    parallel._warn_exit_early = lambda: None
    if hasattr(results, "close"):
        results.close()
