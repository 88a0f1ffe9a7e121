"""Dropout over a stack, made from random bits that are counted."""

import numpy as np
import pytest
import torch

from sknet_hp.nets.graph import Node
from sknet_hp.nets.random_bits import mix_keys
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
