"""Losses of the user's over a stack: against torch's by themselves, and in company."""

import copy
import pickle
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sknet_hp.training.rules.losses import LOSSES
from sknet_hp.training.rules.torch_loss import TorchLoss, get_loss_class, make_loss, read_loss
from sknet_hp.training.stacked.cohort import train_cohort
from sknet_hp.training.state import Rates
from tests.helpers.jobs import is_close_result, make_job, make_table
from tests.helpers.loss_problems import MEMBERS, draw_problem, take_step


class Relative:
    """A loss without torch's conventions."""

    def __init__(self, power=2.0):
        self.power = power

    def __call__(self, outputs, targets):
        return ((outputs - targets).abs() ** self.power / (1 + targets.abs())).sum(1)


class OneMinusCorrelation(nn.Module):
    """A loss of whole batches."""

    def forward(self, outputs, targets):
        a, b = outputs - outputs.mean(0), targets - targets.mean(0)
        return 1 - ((a * b).sum(0) / (a.norm(dim=0) * b.norm(dim=0) + 1e-6)).mean()


CLASSES = {
    "cross-entropy": nn.CrossEntropyLoss(),
    "smoothed": nn.CrossEntropyLoss(label_smoothing=0.1),
    "weighted": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5])),
    "margin": nn.MultiMarginLoss(),
}
NUMBERS = {
    "smooth": nn.SmoothL1Loss(beta=0.5),
    "huber": nn.HuberLoss(),
    "mse": nn.MSELoss(),
    "sum": nn.MSELoss(reduction="sum"),
    "own": Relative(),
    "function": torch.nn.functional.mse_loss,
}
NO_ROWS = ("function",)  # one number for all


def rowwise(function):
    function = copy.deepcopy(function)
    sums = getattr(function, "reduction", None) == "sum"
    if hasattr(function, "reduction"):
        function.reduction = "none"

    def rows(outputs, targets):
        each = function(outputs, targets)
        return each if each.dim() == 1 else each.sum(1) if sums else each.mean(1)

    return rows


@pytest.mark.parametrize("name", [*CLASSES, *(name for name in NUMBERS if name not in NO_ROWS)])
def test_values_and_gradients(name):
    function = (CLASSES | NUMBERS)[name]
    like = "cross_entropy" if name in CLASSES else "mse"
    outputs, y, weight = draw_problem(like, 3)
    loss = make_loss(TorchLoss(function, like))
    t = torch.stack([loss.make_targets(each, 3) for each in y])
    rows, gradient = take_step(loss, outputs, t, weight)
    for k in range(MEMBERS):
        o = outputs[k].clone().requires_grad_()
        expected = rowwise(function)(o, y[k])
        torch.testing.assert_close(rows[k], expected.detach())
        (expected * weight[k]).sum().backward()
        torch.testing.assert_close(gradient[k], o.grad)


def test_one_number_for_a_batch():
    outputs, y, _ = draw_problem("mse", 2)
    weight = torch.full((MEMBERS, 32), 1 / 32)
    loss = make_loss(TorchLoss(OneMinusCorrelation(), "mse"))
    rows, gradient = take_step(loss, outputs, y, weight)
    for k in range(MEMBERS):
        o = outputs[k].clone().requires_grad_()
        expected = OneMinusCorrelation()(o, y[k])
        expected.backward()
        torch.testing.assert_close(gradient[k], o.grad)
        torch.testing.assert_close(rows[k], expected.detach().expand(32))
    weight[0, 3] = 0.5
    with pytest.raises(ValueError, match="can not weigh its rows"):
        loss.compute_row_losses(outputs, y, weight)


@pytest.mark.parametrize("n", [50, 33])
def test_rows_that_fill_a_batch_are_not_shown(n):
    """Each member of a cohort has as many rows as all others, and none is filled up."""
    seen = []

    def noted(outputs, targets):
        seen.append(len(outputs))
        return (outputs - targets).square().mean(1)

    jobs = [job_with(noted, "mse", n=n, n_valid=n // 3, seed=k, max_epochs=1, batch_size=32) for k in range(2)]
    train_cohort(jobs)
    assert seen == [32, 32, n - 32, n - 32, n // 3, n // 3]
    assert jobs[0].key != job_with(noted, "mse", n=n + 1, n_valid=n // 3, batch_size=32).key


def test_a_batch_without_weight():
    outputs, y, weight = draw_problem("mse", 2)
    assert not take_step(make_loss(TorchLoss(nn.MSELoss(), "mse")), outputs, y, torch.zeros_like(weight))[1].any()


# ---- in a training -------------------------------------------------------------------------------------------------


def job_with(function, like, **changes):
    return (
        make_job(loss=like, **changes)
        if isinstance(function, str)
        else replace(make_job(loss=like, **changes), loss=TorchLoss(function, like))
    )


@pytest.mark.parametrize(
    ("ours", "like", "torchs"),
    [
        ("cross_entropy", "cross_entropy", nn.CrossEntropyLoss()),
        ("mse", "mse", nn.MSELoss()),
        ("mae", "mse", nn.L1Loss()),
        ("huber", "mse", nn.HuberLoss(delta=0.3)),
    ],
)
def test_as_ours_of_the_same_meaning(ours, like, torchs):
    settings = {"n": 100, "n_valid": 30, "loss_parameter": 0.3, "max_epochs": 4, "rates": Rates(lr=1e-2)}
    weight = np.random.default_rng(0).random(130).astype(np.float32)
    job = make_job(table=make_table(130, loss=like, weight=weight), loss=like, **settings)
    (expected,), (found,) = (
        train_cohort([replace(job, loss=ours)]),
        train_cohort([replace(job, loss=TorchLoss(torchs, like))]),
    )
    np.testing.assert_allclose(found.state.parameters, expected.state.parameters, rtol=1e-3, atol=1e-5)
    for a, b in zip(found.history, expected.history, strict=True):
        assert a[1:3] == pytest.approx(b[1:3], rel=1e-4)
        assert a.valid_acc == b.valid_acc


@pytest.mark.parametrize("height", [2, 5, 32])
@pytest.mark.parametrize("name", [*CLASSES, *NUMBERS, "correlation"])
def test_company(name, height):
    function = (CLASSES | NUMBERS | {"correlation": OneMinusCorrelation()})[name]
    jobs = [
        job_with(
            function,
            "cross_entropy" if name in CLASSES else "mse",
            n=50,
            n_valid=20,
            seed=k,
            rates=Rates(lr=[1e-2, 1e-3][k % 2]),
            dropout=0.1,
        )
        for k in range(height)
    ]
    assert len({job.key for job in jobs}) == 1
    for job, result in zip(jobs, train_cohort(jobs), strict=True):
        (alone,) = train_cohort([job])
        assert is_close_result(result, alone)
        assert np.abs(alone.state.slots).max() > 0


def test_beside_one_that_diverges():
    jobs = [
        job_with(nn.MSELoss(), "mse", seed=k, optimizer="sgd", rates=Rates(lr=lr)) for k, lr in enumerate([1e-2, 1e20])
    ]
    good, bad = train_cohort(jobs)
    assert bad.state.finished == "diverged"
    assert np.isfinite(bad.state.parameters).all()
    assert is_close_result(good, train_cohort(jobs[:1])[0])


def test_not_a_number_is_divergence():
    (result,) = train_cohort([job_with(lambda outputs, targets: (outputs - targets).sum(1) * torch.nan, "mse")])
    assert result.state.finished == "diverged"


def test_several_heads():
    from sknet_hp.nets.architectures.tabm import TabM
    from sknet_hp.nets.architectures.tracing import trace

    graph, _ = trace(TabM(5, 3, hidden_layer_sizes=(8,), n_heads=4))
    settings = {"graph": graph, "n_valid": 20, "rates": Rates(lr=1e-2)}
    (ours,), (torchs,) = (
        train_cohort([make_job(**settings)]),
        train_cohort([job_with(nn.CrossEntropyLoss(), "cross_entropy", **settings)]),
    )
    np.testing.assert_allclose(torchs.state.parameters, ours.state.parameters, rtol=1e-3, atol=1e-5)
    assert torchs.history[-1].valid_loss == pytest.approx(ours.history[-1].valid_loss, rel=1e-4)


# ---- what is the same, and what can not be used --------------------------------------------------------------------


def test_equality():
    def of(function, like="mse"):
        return TorchLoss(function, like)

    assert of(nn.SmoothL1Loss(beta=0.5)) == of(nn.SmoothL1Loss(beta=0.5))
    assert hash(of(nn.SmoothL1Loss(beta=0.5))) == hash(of(pickle.loads(pickle.dumps(nn.SmoothL1Loss(beta=0.5)))))
    assert of(Relative(1.5)) == of(copy.deepcopy(Relative(1.5)))
    assert of(torch.nn.functional.mse_loss) == of(torch.nn.functional.mse_loss)
    weights = [nn.CrossEntropyLoss(weight=torch.tensor([1.0, w])) for w in (2, 2, 3)]
    assert of(weights[0]) == of(weights[1]) != of(weights[2])
    different = [
        of(nn.SmoothL1Loss(beta=0.5)),
        of(nn.SmoothL1Loss()),
        of(nn.HuberLoss()),
        of(Relative()),
        of(Relative(3.0)),
        of(nn.HuberLoss(), "poisson"),
        of(torch.nn.functional.mse_loss),
        "mse",
    ]
    assert len(set(different)) == len(different)
    assert get_loss_class(of(nn.MSELoss(), "poisson")) is LOSSES["poisson"]


def test_the_users_object_is_left_alone():
    given = nn.SmoothL1Loss()
    (_,) = train_cohort([job_with(given, "mse")])
    assert given.reduction == "mean"
    assert read_loss(given, "mse", 2).function is not given


def no_gradient(outputs, targets):
    return (outputs - targets).detach().sum(1)


@pytest.mark.parametrize(
    ("given", "like", "message"),
    [
        (nn.NLLLoss(), "cross_entropy", "scores; use nn.CrossEntropyLoss"),
        (nn.BCELoss, "binary_cross_entropy", "use nn.BCEWithLogitsLoss"),
        (nn.BCEWithLogitsLoss(), "cross_entropy", r"called with outputs \(5, 3\) and class numbers \(5,\) and raised"),
        (nn.GaussianNLLLoss(), "mse", "raised TypeError"),
        (nn.PoissonNLLLoss(log_input=False), "poisson", "use log_input=True"),
        (nn.AdaptiveLogSoftmaxWithLoss(8, 5, [2]), "cross_entropy", "has parameters of its own"),
        (nn.AdaptiveLogSoftmaxWithLoss, "cross_entropy", "can not be made without arguments"),
        (
            lambda outputs, targets: (outputs - targets).mean(0),
            "mse",
            r"one number for each row or one for all, got shape \(3,\)",
        ),
        (lambda outputs, targets: 3.0, "mse", "must return a tensor, got float"),
        (no_gradient, "mse", "torch can differentiate"),
    ],
)
def test_what_can_not_be_used(given, like, message):
    with pytest.raises(ValueError, match=message):
        read_loss(given, like, 3)


def test_an_error_in_training_names_the_loss():
    def picky(outputs, targets):
        assert len(outputs) == 5, "five rows, please"
        return (outputs - targets).sum(1)

    assert read_loss(picky, "mse", 3)
    with pytest.raises(ValueError, match=r"picky.* and raised AssertionError: five rows, please"):
        train_cohort([job_with(picky, "mse")])


# ---- which are the same --------------------------------------------------------------------------------------------


@dataclass
class Pinball:
    q: float = 0.5

    def __call__(self, outputs, targets):
        difference = targets - outputs
        return torch.maximum(self.q * difference, (self.q - 1) * difference).mean(1)


class Slotted:
    __slots__ = ("power",)

    def __init__(self, power):
        self.power = power

    def __call__(self, outputs, targets):
        return (outputs - targets).abs().pow(self.power).mean(1)


def smooth(beta):
    return partial(torch.nn.functional.smooth_l1_loss, beta=beta, reduction="none")


PAIRS = {
    "partial": (smooth(0.1), smooth(0.1), smooth(1.0)),
    "partial in an object": (Relative(smooth(0.1)), Relative(smooth(0.1)), Relative(smooth(1.0))),
    "dataclass": (Pinball(0.3), Pinball(0.3), Pinball(0.5)),
    "method": (Pinball(0.3).__call__, Pinball(0.3).__call__, Pinball(0.5).__call__),
    "slots": (Slotted(2.0), Slotted(2.0), Slotted(1.0)),
    "module": (nn.SmoothL1Loss(beta=0.1), nn.SmoothL1Loss(beta=0.1), nn.SmoothL1Loss(beta=1.0)),
}


@pytest.mark.parametrize(("one", "same", "other"), PAIRS.values(), ids=PAIRS)
def test_losses_are_the_same_where_what_they_say_is(one, same, other):
    losses = [TorchLoss(copy.deepcopy(function), "mse") for function in (one, same, other)]
    assert losses[0] == losses[1]
    assert hash(losses[0]) == hash(losses[1])
    assert losses[0] != losses[2]


def test_candidates_with_partial_losses_are_trained_by_their_own():
    jobs = [make_job(loss=TorchLoss(smooth(beta), "mse"), seed=1) for beta in (0.01, 10.0)]
    assert jobs[0].key != jobs[1].key


def sum_of_squares(outputs, targets):
    return (outputs - targets) ** 2


def test_a_functions_own_attributes_are_left_alone(monkeypatch):
    monkeypatch.setattr(sum_of_squares, "reduction", "sum", raising=False)
    for _ in range(2):
        loss = read_loss(sum_of_squares, "mse", 2)
        outputs, targets = torch.ones(1, 4, 2), torch.zeros(1, 4, 2)
        assert make_loss(loss).compute_row_losses(outputs, targets, torch.full((1, 4), 0.25)).tolist() == [[2.0] * 4]
    assert sum_of_squares.reduction == "sum"


def test_a_loss_of_the_whole_batch_sees_the_whole_batch():
    """A root of means is no mean of roots."""
    seen = []

    def root(outputs, targets):
        seen.append(len(outputs))
        return nn.functional.mse_loss(outputs, targets).sqrt()

    table = make_table(256, 20, 1, "mse")
    wide = {"n_layers": 2, "width": 512, "activation": "relu"}
    train_cohort(
        [make_job(table=table, n_outputs=1, loss=TorchLoss(root, "mse"), batch_size=256, max_epochs=1, **wide)]
    )
    assert set(seen) == {256}
