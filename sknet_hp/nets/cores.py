"""Cores that would idle while one process trains one stack: parts of a large product run beside each other.

Which parts there are may depend on shapes and, where each has the bits it would have in any company, on the number of cores. Who runs them, and when,
changes nothing.
"""

import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

Part = Callable[[], object]


class _Local(threading.local):
    count = 1


_LOCAL = _Local()


@contextmanager
def idle_cores(count: int) -> Iterator[None]:
    """Let this thread's products use so many cores, its own included."""
    before, _LOCAL.count = _LOCAL.count, max(1, count)
    try:
        yield
    finally:
        _LOCAL.count = before


def n_cores() -> int:
    """How many cores this thread's products may use."""
    return _LOCAL.count


class _Crew:
    """Threads that wait for parts to run; as many as were ever needed."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.calls: queue.SimpleQueue[Part] = queue.SimpleQueue()
        self.size = 0
        self.lock = threading.Lock()

    def call(self, part: Part, times: int) -> None:
        with self.lock:
            with contextlib.suppress(RuntimeError):  # no more threads to be had: fewer do it
                while self.size < times:
                    threading.Thread(target=self._serve, name="sknet_hp-core", daemon=True).start()
                    self.size += 1
            times = min(times, self.size)
        for _ in range(times):
            self.calls.put(part)

    def _serve(self) -> None:
        # Both belong to the thread, and the former to its numbers: see `training.environment`.
        torch.set_flush_denormal(True)
        torch.set_grad_enabled(False)
        while True:
            self.calls.get()()


_CREW = _Crew()


def run(parts: Sequence[Part]) -> None:
    """Run all parts, on `n_cores()` cores."""
    global _CREW
    helpers = min(_LOCAL.count, len(parts)) - 1
    if helpers < 1:
        for part in parts:
            part()
        return
    if _CREW.pid != os.getpid():  # threads do not survive a fork
        _CREW = _Crew()
    waiting, finished, errors = deque(parts), threading.Semaphore(0), []

    def work() -> None:
        while True:
            try:
                part = waiting.popleft()
            except IndexError:
                return
            try:
                with idle_cores(1):  # the others have parts of their own
                    part()
            except BaseException as error:
                errors.append(error)
            finally:
                finished.release()

    _CREW.call(work, helpers)
    work()
    for _ in parts:
        finished.acquire()
    if errors:
        raise errors[0]
