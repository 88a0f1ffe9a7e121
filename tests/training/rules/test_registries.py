"""Every optimizer and every loss is known wherever the package must know it."""

from dataclasses import fields

import pytest
import torch

from sknet_hp.estimators.skorch_nets.torch_optim import make_optimizer_settings
from sknet_hp.training.compiled.choose_loss import CLASS_LOSSES, OTHER_LOSSES
from sknet_hp.training.compiled.kernels.row_losses import COMBINATIONS, ROWS
from sknet_hp.training.compiled.kernels.updates import RULES, UPDATES
from sknet_hp.training.rules.losses import LOSSES, Loss
from sknet_hp.training.rules.optimizer import Optimizer
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.state import Rates
from tests.helpers.torch_optimizers import TORCH as TORCH_OPTIMIZERS

IN_RULES = "in its class in training/rules/optimizers.py"
RATES = {each.name: each.default for each in fields(Rates)}


def list_missing_of_optimizer(name: str, rule: type[Optimizer]) -> list[str]:
    """What an update rule still needs, and where it belongs."""
    missing = []
    if rule.slots not in (1, 2):
        missing.append(f"`slots`, 1 or 2, {IN_RULES}")
    if rule.decay_mode not in ("l2", "decoupled"):
        missing.append(f"`decay_mode`, l2 or decoupled, {IN_RULES}")
    for rate in (*rule.own_rates, rule.decay_of_squares):
        if rate not in RATES:
            missing.append(f"the rate {rate!r} in training/state.py: Rates")
    if rule.compute_step is Optimizer.compute_step:
        missing.append(f"`compute_step` {IN_RULES}")
    if rule.compiled_rule not in RULES:
        missing.append(f"`compiled_rule` {IN_RULES}, and its function in training/compiled/kernels/updates.py: RULES")
    if name not in TORCH_OPTIMIZERS:
        missing.append("an optimizer to compare with, in tests/helpers/torch_optimizers.py")
    twin = getattr(rule, "twin", None)
    if twin is None:
        return [*missing, f"`twin`, torch's optimizer in its place, {IN_RULES}"]
    if twin.is_exact and len(twin.memory) != rule.slots:
        missing.append(f"torch's name for each slot, in `twin.memory` {IN_RULES}")
    return missing


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_no_optimizer_lacks_a_piece(name):
    missing = list_missing_of_optimizer(name, OPTIMIZERS[name])
    assert not missing, f"the optimizer {name!r} needs " + "; ".join(missing)


def test_no_update_is_there_that_no_optimizer_takes():
    assert set(RULES) == {rule.compiled_rule for rule in OPTIMIZERS.values()}
    assert set(UPDATES) == set(OPTIMIZERS) == set(TORCH_OPTIMIZERS)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_twins_can_be_made_and_are_read_as_the_rule(name):
    rule, weight = OPTIMIZERS[name], torch.nn.Parameter(torch.zeros(2))
    twin = rule.twin.kind([weight], lr=0.1, **make_optimizer_settings(name, RATES | {"momentum": 0.5}))
    readers = [other for other in OPTIMIZERS.values() if other.twin.fits(twin, twin.param_groups[0])]
    assert set(readers) == {rule}


def list_missing_of_loss(name: str, loss: type[Loss]) -> list[str]:
    """What a loss still needs, and where it belongs."""
    missing = []
    if loss.compute_row_losses is Loss.compute_row_losses:
        missing.append("`compute_row_losses` in its class in training/rules/losses.py")
    if not isinstance(getattr(loss, "criterion", None), type):
        missing.append("`criterion`, torch's loss in its place, in its class in training/rules/losses.py")
    if name not in ROWS:
        missing.append("a function of a row in training/compiled/kernels/row_losses.py: ROWS")
    if name not in COMBINATIONS:
        missing.append("how heads are combined, in training/compiled/kernels/row_losses.py: COMBINATIONS")
    return missing


@pytest.mark.parametrize("name", list(LOSSES))
def test_no_loss_lacks_a_piece(name):
    missing = list_missing_of_loss(name, LOSSES[name])
    assert not missing, f"the loss {name!r} needs " + "; ".join(missing)


def test_no_row_loss_is_there_that_no_loss_is_read_as():
    """Rows that are none of ours belong to losses of torch; test_losses.py has those."""
    assert set(COMBINATIONS) == set(LOSSES)
    assert len(ROWS) - len(LOSSES) <= len(CLASS_LOSSES) + len(OTHER_LOSSES)
