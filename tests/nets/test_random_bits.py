"""Random bits that are functions of a key and a position."""

import numpy as np
import pytest
import torch

from sknet_hp.nets.random_bits import draw_bits, mix_keys


@pytest.mark.parametrize("lane", range(4))
def test_bits_are_uniform_in_every_lane(lane):
    """Chi-square over 256 bins of the high and of the low byte of each 16-bit lane of a
    word.
    """
    bits = draw_bits(torch.from_numpy(mix_keys(1, np.arange(4))), 1 << 18)
    values = bits.reshape(-1, 4)[:, lane].numpy().view(np.uint16)
    for byte in (values >> 8, values & 0xFF):
        observed = np.bincount(byte, minlength=256)
        expected = len(byte) / 256
        chi_square = ((observed - expected) ** 2 / expected).sum()  # 255 degrees of freedom: 255 ± 22.6
        assert 255 - 5 * 22.6 < chi_square < 255 + 5 * 22.6


def test_lanes_are_independent():
    lanes = draw_bits(torch.tensor([5]), 1 << 18).reshape(-1, 4).double().T
    assert (torch.corrcoef(lanes) - torch.eye(4)).abs().max() < 4 / np.sqrt(lanes.shape[1])
    # Neighbouring words do not resemble each other either.
    shifted = torch.corrcoef(torch.stack([lanes[0][1:], lanes[0][:-1]]))[0, 1]
    assert abs(shifted) < 4 / np.sqrt(lanes.shape[1])


@pytest.mark.parametrize("size", [1, 3, 4, 5, 31, 1000])
def test_bits_do_not_depend_on_members(size):
    keys = torch.from_numpy(mix_keys(9, np.arange(7)))
    together = draw_bits(keys, size)
    assert together.shape == (7, size)
    for k in range(7):
        assert torch.equal(draw_bits(keys[k : k + 1], size)[0], together[k])
    for members in (2, 3):
        assert torch.equal(draw_bits(keys[:members], size), together[:members])


def test_bits_follow_splitmix64():
    """The published recurrence, in Python integers."""
    mask, key = (1 << 64) - 1, 0xDEADBEEFCAFEF00D
    expected = []
    for i in range(5):
        z = (key + i * 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        expected.append(z ^ (z >> 31))
    bits = draw_bits(torch.tensor([key - (1 << 64)]), 20)
    assert bits.numpy().view(np.uint64).ravel().tolist() == expected


def test_mixed_keys_are_distinct_and_broadcast():
    keys = mix_keys(np.arange(50)[:, None, None], 2, np.arange(20)[None, :, None], np.arange(10)[None, None, :])
    assert keys.shape == (50, 20, 10)
    assert keys.dtype == np.int64
    assert len(np.unique(keys)) == keys.size
    assert keys[7, 3, 9] == mix_keys(7, 2, 3, 9)
    assert mix_keys(1, 2) != mix_keys(2, 1)
    assert mix_keys(0) != mix_keys(0, 0)
    assert mix_keys(2**32 - 1) != mix_keys(2**31 - 1)
