"""The settings under which networks train and predict: part of the numbers."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch

from sknet_hp.nets.defaults import find_default_device


@contextmanager
def use_training_environment(device: str = "cpu") -> Iterator[None]:
    """Set what every network trains under, whoever calls, and restore it at the end.

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
            _use_cpu(),
            nullcontext() if device == "cpu" else use_deterministic_cuda(),
        ):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)


def _use_cpu() -> AbstractContextManager[object]:
    """Make the CPU the default device.

    Nothing is done where it is: the context costs time in every call of torch's.
    """
    return nullcontext() if find_default_device().type == "cpu" else torch.device("cpu")


_DETERMINISTIC = threading.Lock()
_N_DETERMINISTIC = 0
_BEFORE: tuple[bool, bool, bool] = False, False, False


@contextmanager
def use_deterministic_cuda() -> Iterator[None]:
    """Make torch use deterministic kernels during training.

    The setting is the whole process's, so the last thread that needs it restores what
    was before.
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
