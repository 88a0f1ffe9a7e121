"""Update rules in compiled trainings against torch's optimizers, over some hundred
steps.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.state import Rates
from tests.helpers.jobs import list_losses, make_job, make_table
from tests.helpers.torch_loops import flatten_parameters, make_module, train_compiled, train_in_torch
from tests.helpers.torch_optimizers import MOVES_BY_SIGNS, TORCH

EPOCHS = 40  # of five steps


RATES = {
    "as usual": Rates(lr=1e-2),
    "with momentum and decay": Rates(
        lr=1e-2, momentum=0.9, weight_decay=1e-2, beta1=0.8, beta2=0.95, eps=1e-6, alpha=0.9
    ),
    "without memory": Rates(lr=3e-3, momentum=0.5, weight_decay=0.1, beta1=0.0, beta2=0.5, eps=1e-3, alpha=0.5),
    "clipped": Rates(lr=1e-2, momentum=0.5, clip=0.05),
}


def job_with(optimizer="adam", rates=RATES["as usual"], **changes):
    return make_job(
        table=changes.pop("table", None) or make_table(70),
        optimizer=optimizer,
        rates=rates,
        **{"batch_size": 15, "max_epochs": EPOCHS} | changes,
    )


@pytest.mark.parametrize("rates", RATES.values(), ids=RATES)
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_optimizer_equals_torch(name, rates):
    job = job_with(name, rates)
    result, module = train_compiled(job), make_module(job)
    start = flatten_parameters(module)
    means = train_in_torch(job, module, TORCH[name](module.parameters(), vars(rates)))
    error = np.abs(result.state.parameters - flatten_parameters(module))
    assert np.abs(flatten_parameters(module) - start).max() > 1e-2  # something was learned
    if name in MOVES_BY_SIGNS:
        assert np.median(error) < 1e-5
        assert error.max() < 10 * rates.lr
    else:
        assert error.max() < 5e-4
    np.testing.assert_allclose(list_losses(result)[:, 1], means, rtol=1e-3 if name in MOVES_BY_SIGNS else 1e-4)
    assert result.state.step == 5 * EPOCHS


def groups(module, rates, **of_last):
    """The last layer's tensors with numbers of their own."""
    *others, weight, bias = module.parameters()
    return [{"params": others}, {"params": [weight, bias], **of_last}]


def agree(job, optimizer, module, **hooks):
    train_in_torch(job, module, optimizer, **hooks)
    np.testing.assert_allclose(train_compiled(job).state.parameters, flatten_parameters(module), rtol=1e-4, atol=1e-4)


def with_step(optimizer, change):
    """An optimizer that changes parameters or gradients first."""
    step = optimizer.step

    def changed():
        with torch.no_grad():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    change(parameter)
        step()

    optimizer.step = changed
    return optimizer


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop"])
def test_decay_beside_the_gradient(name):
    """What AdamW does, for any rule."""
    rates = Rates(lr=1e-2, weight_decay=0.05)
    job = job_with(name, rates, decay_mode="decoupled")
    module = make_module(job)
    optimizer = TORCH[name](module.parameters(), vars(replace(rates, weight_decay=0.0)))
    agree(job, with_step(optimizer, lambda p: p.mul_(1 - rates.lr * rates.weight_decay)), module)


def test_decay_within_the_gradient():
    job = job_with("adamw", Rates(lr=1e-2, weight_decay=0.05), decay_mode="l2")
    module = make_module(job)
    agree(job, TORCH["adam"](module.parameters(), vars(job.rates)), module)


def test_penalty_on_sizes():
    job = job_with("sgd", Rates(lr=1e-2, l1=0.01))
    module = make_module(job)
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-2)
    agree(job, with_step(optimizer, lambda p: p.grad.add_(p.sign(), alpha=0.01)), module)


def test_decay_of_matrices_alone():
    job = job_with("adam", Rates(lr=1e-2, weight_decay=0.1), decay_everywhere=False)
    module = make_module(job)
    parameters = list(module.parameters())
    split = [
        {"params": [p for p in parameters if p.dim() > 1]},
        {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
    ]
    agree(job, torch.optim.Adam(split, lr=1e-2, weight_decay=0.1), module)


def test_factors_of_tensors():
    job = job_with("adam", Rates(lr=1e-2, weight_decay=0.1), lr_factors=(1, 1, 0.1, 0.1), decay_factors=(1, 1, 2, 2))
    module = make_module(job)
    agree(
        job, torch.optim.Adam(groups(module, job.rates, lr=1e-3, weight_decay=0.2), lr=1e-2, weight_decay=0.1), module
    )


def test_factors_that_change_after_some_epochs():
    """The last layer alone at first; what is frozen has no gradient that would count
    for clipping, and is not moved by a bit.
    """
    job = job_with(
        "sgd",
        Rates(lr=1e-2, clip=0.05, l1=0.0),
        lr_factors=(0, 0, 1, 1),
        lr_factors_until=10,
        lr_factors_after=(1, 1, 0.5, 0.5),
    )
    module = make_module(job)
    start, frozen = (
        flatten_parameters(module).astype(np.float32),
        train_compiled(replace(job, max_epochs=10)).state.parameters,
    )
    first = sum(parameter.numel() for parameter in list(module.parameters())[:2])
    assert np.array_equal(frozen[:first], start[:first])
    assert not np.array_equal(frozen[first:], start[first:])
    optimizer = torch.optim.SGD(groups(module, job.rates), lr=1e-2)

    def thaw(epoch, step):
        for parameter in optimizer.param_groups[0]["params"]:
            parameter.requires_grad_(epoch >= 10)
            parameter.grad = None
        optimizer.param_groups[1]["lr"] = 1e-2 if epoch < 10 else 5e-3

    agree(job, optimizer, module, before_step=thaw)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_weights_smoothing_and_rows(loss):
    """Rows that weigh differently, targets that are smoothed, and some rows of a table,
    in order.
    """
    weight = np.random.default_rng(0).random(70).astype(np.float32)
    weight[::5] = 0
    job = job_with(
        "adam",
        table=make_table(70, loss=loss, weight=weight),
        loss=loss,
        label_smoothing=0.1 if loss == "cross_entropy" else 0.0,
        shuffle=False,
    )
    index = np.random.default_rng(1).permutation(70)[:44]
    job = replace(job, train=replace(job.train, index=index))
    module = make_module(job)
    agree(job, TORCH["adam"](module.parameters(), vars(job.rates)), module)
