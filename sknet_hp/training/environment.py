"""The settings under which networks train and predict, whoever calls: they are part of the numbers."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import numpy as np
import torch


@contextmanager
def training_environment() -> Iterator[None]:
    """The settings under which every network trains, whoever calls: they are part of its numbers. Restored at the end.

    One thread: a small network's step is too short to be shared out. No gradients: backward is by hand. Subnormal numbers count
    as zero: the moments of dead units would otherwise slow a long training down. NumPy is silent: a network that overflows is
    recorded as diverged, and must not raise where the caller has made warnings errors. torch's default dtype belongs to the whole process, other
    threads included, so it is left alone: every tensor here says its own.
    """
    threads, flushed = torch.get_num_threads(), bool((torch.tensor([1e-38], dtype=torch.float32) * 0.01 == 0).item())
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with torch.no_grad(), np.errstate(all="ignore"), deterministic_cuda() if torch.cuda.is_initialized() else nullcontext():
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)


@contextmanager
def float32_by_default() -> Iterator[None]:
    """For modules with code of their own, which may make tensors."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def deterministic_cuda() -> Iterator[None]:
    """Deterministic kernels, for the time of training."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled(), torch.backends.cudnn.deterministic
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.backends.cudnn.deterministic = before[2]
