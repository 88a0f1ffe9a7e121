"""Random numbers by counting: functions of a key and a position, on any device.

Torch's generators belong to the whole process.
"""

import numpy as np
import torch
from torch import Tensor

SHUFFLE, DROPOUT, MEMBER, NOISE, MIXUP, START = range(1, 7)
"""Streams of random numbers that a network's seed opens: the second part of its keys.
"""

_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mix_keys(*parts: int | np.ndarray) -> np.ndarray:
    """Mix integers into one 64-bit key for each combination (broadcast together).

    By rounds of SplitMix64's finaliser (Steele et al. 2014).
    """
    key = np.zeros((), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            z = key + np.asarray(part).astype(np.uint64) + np.uint64(_GOLDEN)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX_1)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX_2)
            key = z ^ (z >> np.uint64(31))
    return key.view(np.int64)


def _to_signed(constant: int) -> int:
    return constant - (1 << 64) if constant >> 63 else constant


def draw_bits(keys: Tensor, size: int) -> Tensor:
    """Draw 16-bit integers, (members, size), for keys of shape (members,).

    Each word of SplitMix64 over key + position · golden gives four.
    """
    counter = torch.arange(-(-size // 4), dtype=torch.int64, device=keys.device).mul_(_to_signed(_GOLDEN))
    z = counter + keys.unsqueeze(1)
    for shift, multiplier in ((30, _MIX_1), (27, _MIX_2), (31, 1)):
        # A shift of int64 copies the sign: mask it away.
        z.bitwise_xor_((z >> shift).bitwise_and_((1 << (64 - shift)) - 1))
        z.mul_(_to_signed(multiplier))
    return z.view(torch.int16)[:, :size]
