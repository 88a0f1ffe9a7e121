"""Checks of how well a network fits: too much, too little, worse than others."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import clone

from sknet_hp.findings import Finding
from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.tuning.diagnosis import remedies
from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.checks.check import network_check
from sknet_hp.tuning.diagnosis.checks.length import find_not_converged, find_schedule_too_short, find_too_large_batch
from sknet_hp.tuning.diagnosis.checks.rates import find_divergence, find_too_high_rate, find_too_low_rate
from sknet_hp.tuning.diagnosis.checks.trial import try_remedy
from sknet_hp.tuning.diagnosis.comparison import compute_lack
from sknet_hp.tuning.diagnosis.curves import compute_rise
from sknet_hp.tuning.diagnosis.thresholds import (
    LACKING_FIT,
    LIKELY_DIFFERENCE,
    RISEN_LOSS,
    RISEN_LOSS_AFTER_STOPPING,
    SURE_DIFFERENCE,
    WORSE_BY,
)


@network_check("overfitting", "the network memorises its training rows")
def find_overfitting(case: NetworkCase) -> Iterator[Finding]:
    """Look for a validation loss that has risen while the training loss fell."""
    curve = case.validated_curve
    if not curve.has_validation or case.ended == "diverged" or not np.isfinite(curve.valid).all():
        return
    rise, later = (compute_rise(curve.valid, epoch, curve.floor) for epoch in (curve.used, curve.n_epochs))
    best = int(np.argmin(curve.valid)) + 1
    falls = curve.train[-1] < curve.train[best - 1]
    evidence = {"best_epoch": best, "lowest": float(curve.valid.min()), "at_the_end": float(curve.valid[-1])}
    evidence |= {"train_loss": float(curve.train[curve.used - 1]), "rise": later}
    if rise > RISEN_LOSS and falls:
        yield Finding(
            "overfitting",
            "warning",
            f"The validation loss was lowest in epoch {best} and is {format_percentage(rise)} higher with the weights "
            f"that predict, while the training loss kept falling, to {curve.train[curve.used - 1]:.3g}.",
            evidence,
            "Stop early, and regularise: more dropout and weight decay, a smaller network, or more rows.",
            remedies.regularise(case.network),
            case.subject,
        )
    elif later > RISEN_LOSS_AFTER_STOPPING and falls:
        yield Finding(
            "overfitting",
            "info",
            f"The validation loss was lowest in epoch {best} and rose by {format_percentage(later)} until epoch "
            f"{curve.n_epochs}; early stopping kept the weights of the best epoch.",
            evidence,
            "More dropout or weight decay, or a smaller network, may help.",
            remedies.regularise(case.network),
            case.subject,
        )


_COME_FIRST = (
    find_divergence,
    find_too_high_rate,
    find_too_low_rate,
    find_not_converged,
    find_schedule_too_short,
    find_too_large_batch,
)
"""What keeps networks of any size from fitting, and is to be mended before."""


@network_check("underfitting", "the network is too small or held back too much", needs="rows")
def find_underfitting(case: NetworkCase) -> Iterator[Finding]:
    """Look for a network that fits not even the rows it knows, where others can."""
    if not case.has_single_target or not case.curve.used:
        return
    if remedies.is_held_back(case.network):
        found = list(_look_beyond_restraint(case))
        if found:
            yield from found
            return
    if any(True for check in _COME_FIRST for _ in check(case)):
        return
    name, lack, z = _compare(case, case.comparison.fitted_losses)
    if lack < LACKING_FIT or z < LIKELY_DIFFERENCE:
        return
    fitted, other = float(case.comparison.fitted_losses.mean()), _get_loss(case, name)
    yield Finding(
        "underfitting",
        "warning",
        f"A network with these parameters has a loss of {fitted:.3g} on its own training rows; {name} has {other:.3g} "
        f"on the same rows, without having seen them.",
        {"fitted_loss": fitted, name: other, "lack": lack, "z": z},
        "Let it learn more: less dropout, weight decay and l1, or more units. Check the learning rate first.",
        remedies.make_room(case.network),
        case.subject,
    )


def _look_beyond_restraint(case: NetworkCase) -> Iterator[Finding]:
    """Train the network without what holds it back, and look whether that does better.

    It has the same rate and number of epochs, so these are not at fault.
    """
    trial = try_remedy(case, remedies.make_room(case.network))
    if trial is None:
        return
    yield Finding(
        "underfitting",
        "warning",
        str(trial),
        trial.evidence,
        "Let it learn more: less dropout, weight decay and l1, or more units.",
        trial.remedy,
        case.subject,
    )


@network_check("worse_than_baseline", "a simple model does better", needs="rows")
def find_worse_than_baseline(case: NetworkCase) -> Iterator[Finding]:
    """Look for a simple model that predicts unseen rows better."""
    if not case.has_single_target:
        return
    whose, losses = "networks with these parameters have", case.comparison.losses
    name, shortfall, z = _compare(case, losses)
    if shortfall < WORSE_BY or z < SURE_DIFFERENCE:
        # a network that has seen the rows should be better on them: less certainty will do
        whose, losses = "this network, which may have seen them, has", case.comparison.own_losses
        name, shortfall, z = _compare(case, losses)
        if shortfall < WORSE_BY or z < LIKELY_DIFFERENCE:
            return
    own, other = float(losses.mean()), _get_loss(case, name)
    remedy = _return_to_defaults(case.network)
    first = "Start from the estimator's defaults" if remedy else "Run find_lr"
    yield Finding(
        "worse_than_baseline",
        "warning",
        f"On {len(losses):,} rows, each unseen in training, {name} of scikit-learn at its defaults has a loss of "
        f"{other:.3g}; {whose} {own:.3g}.",
        {"network": own, name: other, "shortfall": shortfall, "z": z, "rows": len(losses)},
        f"{first}, then search. Or use the simple model.",
        remedy,
        case.subject,
    )


def _compare(case: NetworkCase, losses: np.ndarray) -> tuple[str, float, float]:
    """Return the best simple model, how far losses lie above its, and how surely.

    The first is the mean difference by the constant prediction's loss; the certainty is
    that difference by its standard error, over rows.
    """
    baselines = case.comparison.baselines
    name = baselines.best
    difference = losses - baselines.compute_losses(baselines.outputs[name])
    return name, *compute_lack(difference, baselines.constant_loss)


def _get_loss(case: NetworkCase, name: str) -> float:
    """Return a simple model's mean loss on rows that it has not seen."""
    baselines = case.comparison.baselines
    return float(baselines.compute_losses(baselines.outputs[name]).mean())


_KEPT = (
    "random_state",
    "n_members",
    "verbose",
    "callbacks",
    "device",
    "precision",
    "loss",
    "class_weight",
    "warm_start",
    "refit_full",
    "validation_split",
    "stopping_metric",
)
"""Parameters that are no matter of how well a network learns."""


def _return_to_defaults(network: Any) -> dict[str, Any]:
    """Return the defaults of what is set otherwise."""
    usual, own = clone(type(network)()).get_params(), network.get_params()
    return {name: usual[name] for name in usual if name not in _KEPT and own[name] != usual[name]}
