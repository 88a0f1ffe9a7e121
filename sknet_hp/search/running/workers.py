"""Threads that do tasks, each by itself, and never wait for each other."""

import copy
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

import joblib
from joblib.parallel import get_active_backend
from sklearn import config_context, get_config

Task = TypeVar("Task")


def keep_busy(
    n_workers: int,
    next_task: Callable[[], Task | None],
    do: Callable[[Task], None],
    done: Callable[[Task], None],
    interrupt: Callable[[], None],
) -> None:
    """Let so many threads work, until no task comes and none is under way.

    Each thread takes the next task when it is free.

    Parameters
    ----------
    next_task : asked for each worker that is free; None if there is nothing, for now.
    do : called in the threads.
    done : told of each task that is, before anything more is asked for.
    interrupt : called at Ctrl-C, to make what is under way end soon.
    """
    # joblib's and scikit-learn's settings belong to a thread; a backend serves one call at a time, but its
    # copies get on with each other.
    (backend, n_jobs), config = get_active_backend(), get_config()

    def do_as_here(task: Task) -> None:
        with joblib.parallel_config(backend=copy.copy(backend), n_jobs=n_jobs), config_context(**config):
            do(task)

    under_way: dict[Future[None], Task] = {}
    with ThreadPoolExecutor(n_workers) as workers:  # what is under way when one raises is finished all the same
        try:
            while True:
                for task in islice(iter(next_task, None), n_workers - len(under_way)):
                    under_way[workers.submit(do_as_here, task)] = task
                if not under_way:
                    return
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    task = under_way.pop(future)
                    future.result()
                    done(task)
        except KeyboardInterrupt:
            interrupt()
            raise
