"""Compiled losses against torch: values and gradients of rows, with several heads and
one, and which of torch's are known.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sknet_hp.training.compiled.choose_loss import find_compiled_loss
from sknet_hp.training.compiled.kernels.losses import (
    make_evaluation_kernel,
    make_prediction_kernel,
    make_training_kernel,
)
from sknet_hp.training.compiled.kernels.row_losses import ROWS
from sknet_hp.training.rules.losses import LOSSES
from sknet_hp.training.rules.torch_loss import TorchLoss
from tests.helpers.jobs import make_job
from tests.helpers.kernels import assert_close, compute_in_parts, draw_normal, has_same_bits, run_kernel

N = 3
CLASS_WEIGHTS, LABEL_WEIGHTS, POSITIVE = (
    torch.tensor([1.0, 2.0, 0.5]),
    torch.tensor([0.3, 1.0, 2.0]),
    torch.tensor([3.0, 0.5, 1.0]),
)


def focal(z, t):
    log_p = z.log_softmax(1)
    return -((1 - log_p.exp()) ** 0.7 * log_p * t).sum(1)


def pinball(z, t):
    return torch.maximum(0.8 * (t - z), -0.2 * (t - z)).mean(1)


# loss: (the number it has, rows of outputs and targets to losses)
OURS = {
    "cross_entropy": (0.0, lambda z, t: F.cross_entropy(z, t, reduction="none")),
    "focal": (0.7, focal),
    "log_probability": (0.0, lambda z, t: -((z + torch.finfo(torch.float32).eps).log() * t).sum(1)),
    "binary_cross_entropy": (0.0, lambda z, t: F.binary_cross_entropy_with_logits(z, t, reduction="none").sum(1)),
    "mse": (0.0, lambda z, t: F.mse_loss(z, t, reduction="none").mean(1)),
    "mae": (0.0, lambda z, t: F.l1_loss(z, t, reduction="none").mean(1)),
    "huber": (0.4, lambda z, t: F.huber_loss(z, t, reduction="none", delta=0.4).mean(1)),
    "quantile": (0.8, pinball),
    "poisson": (0.0, lambda z, t: F.poisson_nll_loss(z, t, reduction="none").mean(1)),
}
CLASSES = [
    nn.CrossEntropyLoss(),
    nn.CrossEntropyLoss(weight=CLASS_WEIGHTS),
    nn.CrossEntropyLoss(weight=CLASS_WEIGHTS, label_smoothing=0.2, reduction="sum"),
    nn.CrossEntropyLoss(weight=-CLASS_WEIGHTS),
    nn.MultiMarginLoss(),
    nn.MultiMarginLoss(p=2, margin=0.5, weight=CLASS_WEIGHTS),
]
LABELS = [
    nn.BCEWithLogitsLoss(),
    nn.BCEWithLogitsLoss(weight=LABEL_WEIGHTS, pos_weight=POSITIVE),
    nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.0), reduction="sum"),
    nn.MultiLabelSoftMarginLoss(),
    nn.MultiLabelSoftMarginLoss(weight=LABEL_WEIGHTS, reduction="sum"),
]
NUMBERS = [
    nn.MSELoss(),
    nn.L1Loss(),
    nn.SmoothL1Loss(beta=0.4),
    nn.SmoothL1Loss(beta=0.0),
    nn.HuberLoss(delta=0.4),
    nn.PoissonNLLLoss(),
]


def of_rows(loss):
    """A loss of torch's as one of rows."""
    takes_classes, sums = loss in CLASSES, loss.reduction == "sum"
    loss.reduction, before = "none", loss.reduction

    def rows(z, t):
        loss.double().reduction = "none"
        try:
            each = loss(z, t.argmax(1) if takes_classes else t)
        finally:
            loss.float().reduction = before
        return each if each.dim() == 1 else each.sum(1) if sums else each.mean(1)

    loss.reduction = before
    return rows


CASES = [pytest.param(name, number, rows, id=name) for name, (number, rows) in OURS.items()]
LIKE = [("cross_entropy", CLASSES), ("binary_cross_entropy", LABELS), ("mse", NUMBERS)]
CASES += [
    pytest.param(TorchLoss(loss, like), 0.0, of_rows(loss), id=f"{loss}-{i}")
    for like, losses in LIKE
    for i, loss in enumerate(losses)
]
every_loss = pytest.mark.parametrize(("loss", "number", "rows_of"), CASES)


def compiled(loss, number):
    return find_compiled_loss(replace(make_job(n=10), loss=loss, loss_parameter=number))


def problem(loss, rows, heads=1):
    """(outputs, targets, weights) of rows."""
    like = loss if isinstance(loss, str) else loss.like
    z = 3 * draw_normal(rows, heads * N, seed=1)
    if like in ("cross_entropy", "focal", "log_probability"):
        t = np.eye(N, dtype=np.float32)[np.arange(rows) % N]
        z = np.abs(z) / 10 + np.float32(0.01) if like == "log_probability" else z
    elif like == "binary_cross_entropy":
        t = (draw_normal(rows, N, seed=2) > 0).astype(np.float32)
    else:
        t = 2 * draw_normal(rows, N, seed=2)
        t[::3] = z[::3, :N] + np.float32(0.1)  # on both sides of what is small
    weight = np.abs(draw_normal(rows, seed=3))
    weight[::4] = 0
    return z, t, weight / max(weight.sum(), 1e-9)


def step(place, loss, number, z, t, weight, parts=1):
    """(losses, gradient)."""
    own, heads, rows = compiled(loss, number), z.shape[1] // N, len(z)
    losses, gradient = place(np.full(rows, np.nan)), place(np.full(z.shape, np.nan))
    fields = {"rows": rows, "heads": heads, "n": N, "outputs": place(z), "targets": place(t), "weight": place(weight)}
    run_kernel(
        make_training_kernel(own.row), parts, **fields, parameter=place(own.own), gradient=gradient, losses=losses
    )
    return [losses.copy(), gradient.copy()]


@every_loss
@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("rows", [1, 35])
def test_values_and_gradients(place, loss, number, rows_of, heads, rows):
    z, t, weight = problem(loss, rows, heads)
    losses, gradient = step(place, loss, number, z, t, weight)
    x = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    each = torch.stack([rows_of(own, torch.tensor(t, dtype=torch.float64)) for own in x.split(N, 1)]).mean(0)
    (each * torch.tensor(weight)).sum().backward()
    assert_close(losses, each, 1e-5)
    assert_close(gradient, x.grad, 1e-5)


@every_loss
def test_parts_do_not_show(place, loss, number, rows_of):
    given = problem(loss, 75, heads=2)
    whole = compute_in_parts(lambda parts: step(place, loss, number, *given, parts=parts))
    alone = step(place, loss, number, *(each[40:41] for each in given))
    assert all(has_same_bits(one, together[40:41]) for one, together in zip(alone, whole, strict=True))


@every_loss
def test_huge_outputs_do_not_make_nan_of_ours(place, loss, number, rows_of):
    z, t, weight = problem(loss, 4)
    losses, gradient = step(place, loss, number, z * np.float32(60), t, weight)
    assert not np.isnan(losses).any()
    assert not np.isnan(gradient).any()


@pytest.mark.parametrize("name", list(OURS))
def test_smoothed_targets(place, name):
    """Targets are shares of classes, not one of them alone."""
    z, t, weight = problem(name, 20)
    t = t * np.float32(0.8) + np.float32(0.2 / N)
    losses, gradient = step(place, name, OURS[name][0], z, t, weight)
    x = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    each = OURS[name][1](x, torch.tensor(t, dtype=torch.float64))
    (each * torch.tensor(weight)).sum().backward()
    assert_close(losses, each, 1e-5)
    assert_close(gradient, x.grad, 1e-5)


# ---- validation and prediction -------------------------------------------------------------------------------------


@every_loss
@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("kept", [False, True])
def test_evaluation(place, loss, number, rows_of, heads, kept):
    """What heads say together, its loss, and whether its largest output is right."""
    z, t, _ = problem(loss, 35, heads)
    own, cursor = compiled(loss, number), 20 if kept else 0

    def compute(parts):
        losses, hits, together = (
            place(np.full(35, np.nan)),
            place(np.full(35, np.nan)),
            place(np.full((35 + cursor, N), 7)),
        )
        fields = {
            "rows": 35,
            "heads": heads,
            "n": N,
            "outputs": place(z),
            "targets": place(t),
            "parameter": place(own.own),
        }
        fields |= {
            "combined": together,
            "kept": kept,
            "cursor": place([cursor], np.int64),
            "spare": place(np.full((parts, N), np.nan)),
        }
        run_kernel(make_evaluation_kernel(own.row, own.like), parts, **fields, losses=losses, hits=hits)
        said = place(np.full((35 + cursor, N), 7))
        run_kernel(
            make_prediction_kernel(own.like),
            parts,
            rows=35,
            heads=heads,
            n=N,
            outputs=place(z),
            cursor=place([cursor], np.int64),
            out=said,
        )
        return [losses.copy(), hits.copy(), together.copy(), said.copy()]

    losses, hits, together, said = compute_in_parts(compute)
    outputs = torch.tensor(z, dtype=torch.float64).view(35, heads, N)
    expected = LOSSES[own.like].combine_heads(outputs) if heads > 1 else outputs[:, 0]
    assert_close(together[cursor:], expected, 1e-5)
    assert has_same_bits(said, together)
    assert (together[:cursor] == 7).all()
    assert_close(losses, rows_of(expected, torch.tensor(t, dtype=torch.float64)), 2e-5)
    assert np.array_equal(hits, together[cursor:].argmax(1) == t.argmax(1))


# ---- which are known -----------------------------------------------------------------------------------------------


def test_every_loss_is_tested():
    assert set(OURS) == set(LOSSES)
    assert {compiled(case.values[0], 0.0).row for case in CASES} == set(ROWS)


class Own(nn.MSELoss):
    """May do anything."""


UNKNOWN = {
    "a class of the user's": (Own(), "mse"),
    "a function": (F.mse_loss, "mse"),
    "sums over several outputs": (nn.MSELoss(reduction="sum"), "mse"),
    "a class that is ignored": (nn.CrossEntropyLoss(ignore_index=1), "cross_entropy"),
    "a class without meaning here": (nn.MSELoss(), "cross_entropy"),
    "Stirling's term": (nn.PoissonNLLLoss(full=True), "mse"),
    "rates": (nn.PoissonNLLLoss(log_input=False), "mse"),
    "weights of other shape": (nn.BCEWithLogitsLoss(weight=torch.ones(7)), "binary_cross_entropy"),
    "a weight for each row": (nn.BCEWithLogitsLoss(weight=torch.ones(1, N)), "binary_cross_entropy"),
}


@pytest.mark.parametrize("name", list(UNKNOWN))
def test_unknown_losses(name):
    assert compiled(TorchLoss(*UNKNOWN[name]), 0.0) is None


def test_a_sum_over_one_output_is_known():
    job = replace(make_job(n=10, n_outputs=1, loss="mse"), loss=TorchLoss(nn.MSELoss(reduction="sum"), "mse"))
    assert find_compiled_loss(job).row == "mse"
