"""Batches in slices of rows: which are sliced, and that slices together are the batch."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sknet_hp.nets import slices
from sknet_hp.nets.cores import idle_cores
from sknet_hp.nets.graph import trace
from sknet_hp.nets.inputs import Inputs
from sknet_hp.nets.mlp import MLP
from sknet_hp.nets.program import Program
from sknet_hp.nets.resnet import ResNet
from sknet_hp.nets.slices import MAX_SLICES, Sliced, multiplications, rows_per_slice
from sknet_hp.nets.tabm import TabM
from sknet_hp.training.cohort import train
from sknet_hp.training.job import Rows, Table, TrainingJob

CPU = torch.device("cpu")


def tabm(dropout=0.0, width=24, n_heads=4):
    return TabM(6, 3, n_layers=2, width=width, n_heads=n_heads, dropout=dropout)


# ---- which -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), 6 * 5 + 5 * 2),
        (TabM(6, 3, n_layers=2, width=24, n_heads=4), 4 * (6 * 24 + 24 * 24) + 4 * 24 * 3),
    ],
)
def test_multiplications_of_a_row(module, expected):
    assert multiplications(trace(module)[0]) == expected


def test_small_batches_and_those_with_statistics_of_their_own_stay_whole():
    small, large = trace(MLP(6, 3, n_layers=2, width=64))[0], trace(TabM(6, 3, n_layers=3, width=512, n_heads=32))[0]
    normalised = trace(ResNet(6, 3, n_layers=4, width=1024, normalization="batch"))[0]
    assert rows_per_slice(small, 256, CPU) == 256
    assert rows_per_slice(normalised, 4096, CPU) == 4096
    assert rows_per_slice(large, 256, torch.device("cuda")) == 256
    assert rows_per_slice(large, 256, CPU) == 32
    assert rows_per_slice(large, 32, CPU) == 32


def test_there_are_only_so_many_slices_and_none_is_thin():
    wide = trace(MLP(6, 3, n_layers=2, width=4096))[0]
    assert rows_per_slice(wide, 256, CPU) == 128
    assert rows_per_slice(wide, 1 << 16, CPU) == (1 << 16) // MAX_SLICES


# ---- the same as a whole -------------------------------------------------------------------------------------------


def bound(graph, rates, parameters, n):
    """n programs on the same parameters, with the flat buffers of their gradients."""
    members = len(next(iter(parameters.values())))
    size = sum(p[0].numel() for p in parameters.values())
    flat = [torch.full((members * size,), float("nan")) for _ in range(n)]
    programs = []
    for own in flat:
        parts = own.split([p.numel() for p in parameters.values()])
        gradients = {name: part.view_as(p) for part, (name, p) in zip(parts, parameters.items(), strict=True)}
        programs.append(Program(graph, parameters, gradients, {}, torch.tensor([rates] * members).view(members, -1)))
    return programs, flat


def stack(module, members=3):
    torch.manual_seed(0)
    graph, rates = trace(module)
    return graph, rates, {name: 0.3 * torch.randn(members, *shape) for name, shape in graph.parameters}


def slope(y, weight, outputs, rows):
    return (outputs - y[:, rows]) * weight[:, rows].unsqueeze(2)


MODULES = {
    "tabm": tabm,
    "layer normalisation": lambda: MLP(6, 12, n_layers=2, width=16, normalization="layer"),
    "residual": lambda: ResNet(6, 12, n_layers=2, width=16, normalization="none"),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in MODULES.items()])
@pytest.mark.parametrize("n_cores", [1, 3])
@torch.no_grad()
def test_slices_together_are_the_batch(make, n_cores):
    graph, rates, parameters = stack(make())
    programs, flat = bound(graph, rates, parameters, 3)
    sliced = Sliced(programs, flat, 32)
    (whole,), (gradient,) = bound(graph, rates, parameters, 1)
    for rows in (96, 80):  # the last slice has fewer
        x, y, keys = torch.randn(3, rows, 6), torch.randn(3, rows, 12), torch.zeros(3, sliced.n_keys, dtype=torch.int64)
        weight = torch.rand(3, rows)
        whole.step(x, weight, keys, partial(slope, y, weight))
        with idle_cores(n_cores):
            sliced.step(x, weight, keys, partial(slope, y, weight))
            outputs = sliced.evaluate(torch.cat([x, x], 1))
        torch.testing.assert_close(flat[0], gradient, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(outputs, torch.cat([whole.evaluate(x)] * 2, 1), rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_each_slice_drops_other_units():
    graph, rates, parameters = stack(tabm(dropout=0.5), members=1)
    programs, flat = bound(graph, rates, parameters, 2)
    seen = []

    def same_rows(outputs, rows):
        seen.append(outputs.clone())
        return torch.zeros_like(outputs)

    x, keys = torch.randn(1, 32, 6).repeat(1, 2, 1), torch.tensor([[11, 12]])
    for _ in range(2):
        Sliced(programs, flat, 32).step(x, torch.ones(1, 64), keys, same_rows)
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[2])
    assert torch.equal(seen[1], seen[3])


@torch.no_grad()
def test_slices_without_rows_are_left_out():
    """A batch's rest may fill some slices only, and of some members only: the others' gradients are zero, whatever stands in these rows."""
    graph, rates, parameters = stack(tabm())
    programs, flat = bound(graph, rates, parameters, 3)
    x, y, keys = torch.randn(3, 96, 6), torch.randn(3, 96, 12), torch.zeros(3, 0, dtype=torch.int64)
    weight = torch.rand(3, 96)
    weight[:, 64:] = 0
    weight[1, 32:] = 0
    x[weight == 0] = torch.inf
    asked = []

    def own_slope(outputs, rows):
        asked.append(rows.start)
        return slope(y, weight, outputs, rows)

    Sliced(programs, flat, 32).step(x, weight, keys, own_slope)
    assert asked == [0, 32]
    together = programs[0].gradients
    assert all(g.isfinite().all() for g in together.values())
    for k in range(3):
        alone, own = bound(graph, rates, {name: p[k : k + 1].clone() for name, p in parameters.items()}, 3)
        Sliced(alone, own, 32).step(x[k : k + 1], weight[k : k + 1], keys[k : k + 1], partial(slope, y[k : k + 1], weight[k : k + 1]))
        for name, gradient in alone[0].gradients.items():
            assert torch.equal(gradient[0], together[name][k])


def test_a_member_whose_last_batch_ends_earlier_keeps_its_bits(monkeypatch):
    monkeypatch.setattr(slices, "_WORTH_SLICING", 1)
    monkeypatch.setattr(slices, "_PRODUCT_ROWS", 32)
    graph, rates = trace(tabm(dropout=0.2))
    assert rows_per_slice(graph, 128, CPU) == 32
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 6)).astype(np.float32), rng.integers(0, 3, 300)
    table = Table(Inputs.of(X), y)
    jobs = [
        TrainingJob(graph, 3, k, Rows(table, np.arange(n)), Rows(table, np.arange(280, 300)), batch_size=128, max_epochs=3, layer_rates=rates)
        for k, n in enumerate((129, 170, 240))
    ]
    jobs = [replace(job, seed=k) for k, job in enumerate(jobs)]
    alone = [train([job])[0] for job in jobs]
    with idle_cores(2):
        together = train(jobs)
    for one, other in zip(alone, together, strict=True):
        assert np.isfinite(one.history[-1].train_loss)
        assert [(r.train_loss, r.valid_loss) for r in one.history] == [(r.train_loss, r.valid_loss) for r in other.history]
        for name in ("parameters", "slots", "best_parameters"):
            assert getattr(one.state, name).tobytes() == getattr(other.state, name).tobytes()
