"""Random bits that count, and the dropout made from them."""

import numpy as np
import pytest
import torch

from sknet_hp.nets.graph import Node
from sknet_hp.nets.random_bits import draw_bits, mix_keys
from sknet_hp.nets.stacked.layers import StackedLayer

RATES = [0.0, 0.05, 0.1, 0.25, 0.5, 0.8, 0.99]


def dropout(rates, keys):
    layer = StackedLayer(Node("dropout", (0,), n_rates=1), {}, torch.tensor(rates).view(-1, 1))
    layer.drop_at(layer.rates.double())
    layer.keys = torch.from_numpy(np.asarray(keys)).reshape(-1)
    return layer


def masks(rates, keys, rows=64, width=512):
    ones = torch.ones(len(rates), rows, width)
    return dropout(rates, keys).train(torch.full((len(rates), rows), 1 / rows), ones)


@pytest.mark.parametrize("rates", [*([rate] for rate in RATES), RATES])
def test_rate_of_each_member(rates):
    out = masks(rates, mix_keys(7, np.arange(len(rates))))
    for k, rate in enumerate(rates):
        n, dropped = out[k].numel(), int((out[k] == 0).sum())
        assert abs(dropped - n * rate) <= 4 * np.sqrt(n * rate * (1 - rate))
        kept = out[k][out[k] != 0]
        torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - rate)), rtol=1e-6, atol=0)


def test_mask_is_a_function_of_the_key_alone():
    keys = mix_keys(3, np.arange(5))
    together = masks([0.3, 0.5, 0.3, 0.1, 0.3], keys)
    assert torch.equal(masks([0.3], keys[2:3])[0], together[2])
    again = dropout([0.3], keys[2:3])
    ones, weight = torch.ones(1, 64, 512), torch.full((1, 64), 1 / 64)
    assert torch.equal(again.train(weight, ones)[0], together[2])
    again.keys = torch.from_numpy(keys[4:5])
    assert torch.equal(again.train(weight, ones)[0], together[4])
    assert not torch.equal(together[2], together[4])
    torch.manual_seed(123)  # nor of the global generator
    assert torch.equal(masks([0.3], keys[2:3])[0], together[2])


def test_masks_of_different_keys_are_independent():
    kept = (masks([0.5] * 6, mix_keys(0, np.arange(6))) > 0).double().flatten(1)
    correlations = torch.corrcoef(kept) - torch.eye(6)
    assert correlations.abs().max() < 4 / np.sqrt(kept.shape[1])


def test_prediction_drops_nothing():
    x = torch.randn(2, 32, 8)
    assert torch.equal(dropout([0.4, 0.9], [1, 2])(x), x)


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
    shifted = torch.corrcoef(torch.stack([lanes[0][1:], lanes[0][:-1]]))[
        0, 1
    ]  # nor do neighbouring words resemble each other
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
