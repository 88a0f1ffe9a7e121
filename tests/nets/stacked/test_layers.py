"""Each layer over a stack against torch's own, or ours for one network: outputs,
gradients, buffers, and rows that only fill the batch.
"""

import numpy as np
import pytest
import torch

from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.stacked.layers import StackedLayer
from tests.helpers.layer_examples import CODES, EXAMPLES, WIDTH

MEMBERS, ROWS, FILLED = 3, 41, 64

CASES = [
    pytest.param(kind, make, id=f"{kind}-{i}") for kind, examples in EXAMPLES.items() for i, make in enumerate(examples)
]


class Stack:
    """Modules of one kind with different weights, and the stacked layer made from them."""

    def __init__(self, make, members=MEMBERS, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.modules = [make() for _ in range(members)]
        for module in self.modules:
            for tensor in [*module.parameters(), *module.buffers()]:
                if tensor.is_floating_point():
                    tensor.data.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        graph, rates = trace(self.modules[0])
        (node,) = graph.nodes

        roles = [role for role, _, _ in node.parameters + node.buffers]
        self.tensors = {role: torch.stack([getattr(m, role).detach() for m in self.modules]) for role in roles}
        self.parameters = [role for role, _, _ in node.parameters]
        for role in self.parameters:
            self.tensors[role].requires_grad_()
        self.layer = StackedLayer(node, self.tensors, torch.tensor([rates] * members).view(members, -1))
        if node.kind == "dropout":
            self.layer.drop_at(self.layer.rates.double())
            self.layer.keys = torch.zeros(members, dtype=torch.int64)
        heads = getattr(self.modules[0], "n_heads", 1)
        self.heads_in = 1 if getattr(self.modules[0], "first", False) else heads
        self.heads_out = heads if node.kind == "ensemble_linear" else 1
        self.n_codes = self.modules[0].n_columns if node.kind == "categories" else 0

    def batch(self, **how):
        """A batch of what the layer takes: several rows of inputs for each row,
        perhaps, and codes.
        """
        return batch(self.heads_in, self.n_codes, **how)

    def step(self, x, weight, g):
        """(the output, the gradient of x, those of the parameters by role), for the
        output's gradient g(output).
        """
        x = x.clone().requires_grad_()
        out = self.layer.train(weight, x)
        own = [self.tensors[role] for role in self.parameters]
        of_x, *gradients = torch.autograd.grad(out, [x, *own], g(out))
        return out.detach(), of_x, dict(zip(self.parameters, gradients, strict=True))


def batch(heads=1, n_codes=0, *, members=MEMBERS, rows=ROWS, filled=FILLED, width=WIDTH, seed=1, filler=1e3):
    """x (members, filled · heads, width) with wild values in the rows that only fill
    it, and weights (members, filled).
    """
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(members, filled * heads, width, generator=generator) * 2 + 0.3
    x[:, rows * heads :] *= filler
    if n_codes:
        x[:, :, -n_codes:] = torch.randint(CODES, (*x.shape[:2], n_codes), generator=generator).float()
    weight = torch.zeros(members, filled)
    weight[:, :rows] = 1 / rows
    return x, weight


def output_gradient(out, rows, seed=2):
    g = torch.randn(out.shape, generator=torch.Generator().manual_seed(seed))
    g[:, rows:] = 0
    return g


def close(a, b, what=""):
    torch.testing.assert_close(a, b, rtol=2e-5, atol=2e-5 + 2e-6 * float(b.abs().max()), msg=lambda m: f"{what}: {m}")


@pytest.mark.parametrize(("kind", "make"), CASES)
def test_layer_equals_torch(kind, make):
    stack = Stack(make)
    rows_in, rows_out = ROWS * stack.heads_in, ROWS * stack.heads_out
    for step in range(3):  # buffers move from step to step
        x, weight = stack.batch(seed=10 + step)
        # Training's outputs have the shape of prediction's.
        g = output_gradient(stack.layer(x).detach(), rows_out, seed=20 + step)
        out, gx, gradients = stack.step(x, weight, lambda out, g=g: g)
        for k, module in enumerate(stack.modules):
            own_x = x[k, :rows_in].clone().requires_grad_()
            module.zero_grad()
            expected = module.train()(own_x)
            expected.backward(g[k, :rows_out])
            close(out[k, :rows_out], expected.detach(), "output")
            close(gx[k, :rows_in], own_x.grad, "input gradient")
            for role, p in module.named_parameters():
                close(gradients[role][k], p.grad, f"gradient of {role}")
            for role, buffer in module.named_buffers():
                if role in stack.tensors:
                    close(stack.tensors[role][k], buffer, role)
        assert torch.isfinite(gx).all()


@pytest.mark.parametrize(("kind", "make"), CASES)
@torch.no_grad()
def test_layer_predicts_as_torch(kind, make):
    stack = Stack(make)
    x, _ = stack.batch(filler=1)
    out = stack.layer(x.clone())
    for k, module in enumerate(stack.modules):
        close(out[k], module.eval()(x[k]).detach())


@pytest.mark.parametrize(("kind", "make"), CASES)
def test_filled_rows_influence_nothing(kind, make):
    def run(filler):
        stack = Stack(make)
        x, weight = stack.batch(filler=filler)
        out, gx, gradients = stack.step(x, weight, lambda out: output_gradient(out, ROWS * stack.heads_out))
        of_rows = [out[:, : ROWS * stack.heads_out], gx[:, : ROWS * stack.heads_in]]
        return [
            *of_rows,
            *gradients.values(),
            *(stack.tensors[role] for role in stack.tensors if role not in stack.parameters),
        ]

    for some, others in zip(run(0.0), run(1e3), strict=True):
        assert torch.equal(some, others)


def test_batch_norm_weights_are_repetitions():
    """A row of weight 3 counts like three rows in statistics and gradients; one of
    weight 0 like none.
    """
    stack = Stack(EXAMPLES["batch_norm"][0], members=2)
    x, _ = batch(members=2, rows=32, filled=32)
    counts = torch.tensor(np.random.default_rng(0).integers(0, 4, (2, 32)))
    weight = counts / counts.sum(1, keepdim=True)
    g = torch.randn(x.shape, generator=torch.Generator().manual_seed(3)) * counts.unsqueeze(2)
    out, gx, gradients = stack.step(x, weight, lambda out: g)
    for k, module in enumerate(stack.modules):
        own_x = x[k].clone().requires_grad_()
        expected = module.train()(own_x.repeat_interleave(counts[k], 0))
        each = g[k] / counts[k].clamp_min(1).unsqueeze(1)
        expected.backward(each.repeat_interleave(counts[k], 0))
        close(out[k].repeat_interleave(counts[k], 0), expected.detach())
        close(gx[k], own_x.grad)
        close(gradients["weight"][k], module.weight.grad)
        close(stack.tensors["running_mean"][k], module.running_mean)


def test_batch_norm_learns_nothing_from_a_batch_without_weight():
    stack = Stack(EXAMPLES["batch_norm"][0], members=2)
    before = {role: stack.tensors[role].clone() for role in ("running_mean", "running_var")}
    x, weight = batch(members=2)
    weight[0] = 0
    assert torch.isfinite(stack.layer.train(weight, x)).all()
    for role, buffer in before.items():
        assert torch.equal(buffer[0], stack.tensors[role][0])
        assert not torch.equal(buffer[1], stack.tensors[role][1])


def test_batch_norm_of_a_single_row_is_finite():
    """Where torch raises an error: the variance of one row is zero, and is tracked as
    that.
    """
    stack = Stack(EXAMPLES["batch_norm"][0], members=1)
    x, weight = batch(members=1, rows=1)
    out = stack.layer.train(weight, x).detach()
    close(out[0, 0], stack.tensors["bias"][0].detach())
    assert torch.isfinite(stack.tensors["running_var"]).all()


def test_layer_norm_has_an_eps_for_each_member():
    stack = Stack(EXAMPLES["layer_norm"][0])
    eps = [1e-5, 0.1, 3.0]
    stack.layer.rates = torch.tensor(eps).unsqueeze(1)
    x, weight = batch()
    g = output_gradient(x, ROWS)
    out, gx, _ = stack.step(x, weight, lambda out: g)
    for k, module in enumerate(stack.modules):
        own_x = x[k, :ROWS].clone().requires_grad_()
        module.eps = eps[k]
        expected = module(own_x)
        expected.backward(g[k, :ROWS])
        close(out[k, :ROWS], expected.detach())
        close(gx[k, :ROWS], own_x.grad)
