"""The settings under which networks train and predict, whoever calls: they are part of
the numbers.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch


@contextmanager
def training_environment(device: str = "cpu") -> Iterator[None]:
    """The settings under which every network trains, whoever calls: they are part of
    its numbers. Restored at the end.

    One thread: a small network's step is too short to be shared out. No gradients:
    backward is by hand. Subnormal numbers count as zero: the moments of dead units
    would otherwise slow a long training down. NumPy is silent: a network that overflows
    is recorded as diverged, and must not raise where the caller has made warnings
    errors. torch's default dtype belongs to the whole process, other threads included,
    so it is left alone: every tensor here says its own, and code that is not ours has
    `use_float32_on_cpu`. Tensors that do not say their device are on the CPU.
    """
    threads, flushed = (
        torch.get_num_threads(),
        bool((torch.tensor([1e-38], dtype=torch.float32, device="cpu") * 0.01 == 0).item()),
    )
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with (
            torch.no_grad(),
            np.errstate(all="ignore"),
            _on_cpu(),
            nullcontext() if device == "cpu" else deterministic_cuda(),
        ):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)


def _on_cpu() -> AbstractContextManager[object]:
    """Nothing where that is the default anyway: the context costs time in every call of
    torch's.
    """
    return nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu")


_DETERMINISTIC = threading.Lock()
_N_DETERMINISTIC = 0
_BEFORE: tuple[bool, bool, bool] = False, False, False


@contextmanager
def deterministic_cuda() -> Iterator[None]:
    """Deterministic kernels, for the time of training; they belong to the whole
    process, so the last thread that needs them puts back what was.
    """
    global _N_DETERMINISTIC, _BEFORE
    with _DETERMINISTIC:
        if not _N_DETERMINISTIC:
            warns = torch.is_deterministic_algorithms_warn_only_enabled()
            _BEFORE = torch.are_deterministic_algorithms_enabled(), warns, torch.backends.cudnn.deterministic
            torch.use_deterministic_algorithms(True, warn_only=True)
            torch.backends.cudnn.deterministic = True
        _N_DETERMINISTIC += 1
    try:
        yield
    finally:
        with _DETERMINISTIC:
            _N_DETERMINISTIC -= 1
            if not _N_DETERMINISTIC:
                torch.use_deterministic_algorithms(_BEFORE[0], warn_only=_BEFORE[1])
                torch.backends.cudnn.deterministic = _BEFORE[2]
