import os
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

_GUARD = 128  # bytes on both sides of an array that is watched

# Tests run in as many processes as there are cores.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# A shell's jobs in the background ignore Ctrl-C, and so does what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def patience(monkeypatch):
    """On a busy machine too networks wait for their company."""
    from sknet_hp.fusion import batching

    monkeypatch.setattr(batching, "_LEAST_WAIT", 10.0)
    monkeypatch.setattr(batching, "_LONGEST_WAIT", 10.0)


@pytest.fixture
def bundles(monkeypatch, patience):
    """How many networks begin to train at a time, in order, in threads of tasks or with
    executors.
    """
    from sknet_hp.fusion import engine, interface
    from sknet_hp.fusion.executors.inline import InlineExecutor
    from sknet_hp.fusion.executors.worker import RemoteWorker

    sizes = []
    for executor in (InlineExecutor, RemoteWorker):

        def submit(self, bundle, done, original=executor.submit):
            sizes.append(len(bundle.jobs))
            original(self, bundle, done)

        monkeypatch.setattr(executor, "submit", submit)

    def train_all(jobs, cancellation, cores, original=interface.train_all):
        if engine.get_engine_of_task() is not None:
            sizes.append(len(jobs))
        return original(jobs, cancellation, cores)

    monkeypatch.setattr(interface, "train_all", train_all)
    return sizes


@pytest.fixture
def place() -> Iterator[Any]:
    """Copy an array to where every bit around it is set: NaN for who reads there, and
    whoever writes there is found out in the end.
    """
    surroundings = []

    def put(values: Any, dtype: Any = np.float32) -> np.ndarray:
        values = np.asarray(values, dtype)
        first = _GUARD + values.itemsize  # not where a register or a line of the cache begins
        raw = np.full(first + values.nbytes + _GUARD, 0xFF, np.uint8)
        own = raw[first : first + values.nbytes].view(dtype).reshape(values.shape)
        own[...] = values
        surroundings.extend([raw[:first], raw[first + values.nbytes :]])
        return own

    yield put
    assert all((each == 0xFF).all() for each in surroundings), "a kernel wrote beside an array"
