"""Losses of a stack against torch's, with weights and smoothed labels."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sknet_hp.training.rules.losses import LOSSES, compute_row_losses_of_heads
from tests.helpers.loss_problems import MEMBERS, ROWS, draw_problem, take_step

EPS = torch.finfo(torch.float32).eps
TORCH = {  # the loss of each row, for targets as y gives them
    "cross_entropy": lambda outputs, y: F.cross_entropy(outputs, y, reduction="none"),
    "log_probability": lambda outputs, y: F.nll_loss((outputs + EPS).log(), y, reduction="none"),
    "focal": lambda outputs, y, own: (
        (1 - F.cross_entropy(outputs, y, reduction="none").neg().exp()) ** own
        * F.cross_entropy(outputs, y, reduction="none")
    ),
    "binary_cross_entropy": lambda outputs, y: F.binary_cross_entropy_with_logits(outputs, y, reduction="none").sum(-1),
    "mse": lambda outputs, y: F.mse_loss(outputs, y, reduction="none").mean(-1),
    "mae": lambda outputs, y: F.l1_loss(outputs, y, reduction="none").mean(-1),
    "huber": lambda outputs, y, own: F.huber_loss(outputs, y, reduction="none", delta=float(own)).mean(-1),
    "quantile": lambda outputs, y, own: torch.maximum(own * (y - outputs), (own - 1) * (y - outputs)).mean(-1),
    "poisson": lambda outputs, y: F.poisson_nll_loss(outputs, y, reduction="none").mean(-1),
}
OWN = {"focal": [2.0, 0.5, 0.0], "huber": [1.0, 0.1, 5.0], "quantile": [0.5, 0.9, 0.05]}
"""Every loss must be here: a new one is tested the moment it is registered."""


def targets(name, y, n_outputs):
    return torch.stack([LOSSES[name]().make_targets(each, n_outputs) for each in y])


def bound(name):
    """The loss with a value of its own parameter for each member, if it has one."""
    assert (LOSSES[name].parameter is not None) == (name in OWN)
    return LOSSES[name](torch.tensor(OWN[name]).view(-1, 1, 1) if name in OWN else None)


@pytest.mark.parametrize("n_outputs", [1, 2, 3, 10])
@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients(name, n_outputs):
    if name == "focal" and n_outputs == 1:
        pytest.skip("one class has probability 1, where autograd's gradient of a root is infinite")
    loss = bound(name)
    outputs, y, weight = draw_problem(name, n_outputs)
    rows, gradient = take_step(loss, outputs, targets(name, y, n_outputs), weight)
    assert rows.shape == (MEMBERS, ROWS)
    for k in range(MEMBERS):
        o = outputs[k].clone().requires_grad_()
        expected = TORCH[name](o, y[k], *([torch.tensor(OWN[name][k])] if name in OWN else []))
        torch.testing.assert_close(rows[k], expected.detach(), rtol=1e-5, atol=1e-6)
        (expected * weight[k]).sum().backward()
        torch.testing.assert_close(gradient[k], o.grad, rtol=1e-4, atol=1e-7)
        assert not gradient[k, -5:].any()


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
@pytest.mark.parametrize("n_outputs", [2, 5])
def test_label_smoothing(n_outputs, smoothing):
    """Smoothed targets, as the cohort makes them, give what torch's `label_smoothing`
    gives.
    """
    loss = LOSSES["cross_entropy"]()
    outputs, y, weight = draw_problem("cross_entropy", n_outputs)
    t = targets("cross_entropy", y, n_outputs) * (1 - smoothing) + smoothing / n_outputs
    rows, gradient = take_step(loss, outputs, t, weight)
    for k in range(MEMBERS):
        o = outputs[k].clone().requires_grad_()
        expected = F.cross_entropy(o, y[k], reduction="none", label_smoothing=smoothing)
        torch.testing.assert_close(rows[k], expected.detach(), rtol=1e-5, atol=1e-6)
        (expected * weight[k]).sum().backward()
        torch.testing.assert_close(gradient[k], o.grad, rtol=1e-4, atol=1e-6)


def test_impossible_classes_cost_nothing():
    """Logits of minus infinity for classes that are not the target's."""
    loss = LOSSES["cross_entropy"]()
    t = loss.make_targets(torch.tensor([0]), 3).unsqueeze(0)
    rows, gradient = take_step(loss, torch.tensor([[[0.0, -torch.inf, 0.0]]]), t, torch.ones(1, 1))
    np.testing.assert_allclose(rows, [[np.log(2)]], rtol=1e-6)
    np.testing.assert_allclose(gradient, [[[-0.5, 0, 0.5]]], rtol=1e-6)


@pytest.mark.parametrize("n_heads", [1, 2, 5])
def test_several_predictions_for_each_row(n_heads):
    """Side by side: the mean of their losses."""
    outputs, y, weight = draw_problem("cross_entropy", 3)
    t = targets("cross_entropy", y, 3)
    heads = [outputs + 0.1 * k for k in range(n_heads)]
    heads[-1] = heads[-1].square()
    found = compute_row_losses_of_heads(LOSSES["cross_entropy"](), torch.cat(heads, -1), t, weight, n_heads)
    torch.testing.assert_close(
        found, sum(LOSSES["cross_entropy"]().compute_row_losses(each, t, weight) for each in heads) / n_heads
    )


def test_mse_targets_of_one_dimension():
    t = LOSSES["mse"]().make_targets(torch.tensor([1.0, 2.0]), 1)
    assert t.shape == (2, 1)
    assert t.dtype == torch.float32
