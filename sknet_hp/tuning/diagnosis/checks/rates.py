"""Checks of the learning rate."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sknet_hp.findings import Finding
from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.tuning.diagnosis import remedies
from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.checks.check import network_check
from sknet_hp.tuning.diagnosis.curves import (
    Curve,
    compute_jumps,
    compute_late_gain,
    compute_roughness,
    compute_share_of_fall,
    compute_zigzag,
)
from sknet_hp.tuning.diagnosis.thresholds import (
    CRAWLING,
    FAR_BELOW_USUAL,
    FEWEST_EPOCHS_OF_CRAWLING,
    HIGH_FIRST_LOSS,
    JUMPS_AT_LEAST_OF,
    LATE_PART,
    LEAST_EPOCHS_OF_LOW_RATE,
    ROUGH_TRAINING,
    ROWS_OF_ZIGZAG,
    SLOW_FALL,
    STILL_FALLING,
    ZIGZAG,
)


@network_check("diverged", "the loss stopped being finite")
def find_divergence(case: NetworkCase) -> Iterator[Finding]:
    """Look for losses, or weights, that are no longer finite."""
    bad = np.flatnonzero(~np.isfinite(case.curve.train))
    epochs = [state.epoch for state in case.network.states_ if state.finished == "diverged"]
    if not len(bad) and not epochs:
        return
    epoch = int(bad[0]) + 1 if len(bad) else int(epochs[0])
    yield Finding(
        "diverged",
        "error",
        f"Training diverged in epoch {epoch}: loss or weights are no longer finite at lr={case.network.lr:g}.",
        {"epoch": epoch, "lr": case.network.lr, "networks": max(1, len(epochs))},
        "Lower the learning rate. If training still diverges, add a warm-up and clip gradients.",
        remedies.lower_rate(case.network, 10) | {"grad_clip_norm": case.network.grad_clip_norm or 1.0},
        case.subject,
    )


@network_check("rate_too_high", "the learning rate is too high")
def find_too_high_rate(case: NetworkCase) -> Iterator[Finding]:
    """Look for losses above the constant's, and for those that do not settle."""
    curve, lr = case.curve, case.network.lr
    finite = curve.train[np.isfinite(curve.train)]
    if len(finite) == 0 or case.ended == "diverged":
        return
    roughness = compute_roughness(finite, JUMPS_AT_LEAST_OF * curve.level)
    evidence = {"lr": lr, "first_train_loss": float(finite[0]), "roughness": roughness}
    noisy = remedies.is_held_back(case.network) and not remedies.exceeds_usual_rate(case.network)
    if curve.constant is not None and finite[0] > HIGH_FIRST_LOSS * curve.constant and not noisy:
        evidence["constant_loss"] = curve.constant
        seen = (
            f"In the first epoch the training loss was {finite[0]:.3g}; a constant prediction has "
            f"{curve.constant:.3g}. Steps at lr={lr:g} are too large."
        )
    elif roughness > ROUGH_TRAINING and compute_jumps(finite) > 0.25:
        jumps = format_percentage(roughness)
        seen = f"The training loss jumps up and down by {jumps} of its level from epoch to epoch at lr={lr:g}."
    else:
        return
    advice = "Lower the learning rate, first by a factor of ten. find_lr suggests one for this table."
    yield Finding(
        "rate_too_high", "warning", seen, evidence, advice, remedies.lower_rate(case.network, 10), case.subject
    )


@network_check("rate_too_low", "the learning rate is too low")
def find_too_low_rate(case: NetworkCase) -> Iterator[Finding]:
    """Look for losses that still fall at an even pace after many epochs.

    After few, the pace must be so slow that next to nothing was learned.
    """
    curve = case.curve
    losses = curve.judged
    if curve.n_epochs < 2 or case.ended or not np.isfinite(losses).all():
        return
    share = compute_share_of_fall(losses, float(losses[0]), LATE_PART)
    is_even = share >= SLOW_FALL and compute_jumps(losses) <= 0.2
    if curve.n_epochs < LEAST_EPOCHS_OF_LOW_RATE:
        is_slow = is_even and _crawls(curve, losses)
    else:
        is_slow = is_even or (is_far_below_usual(case.network) and _still_falls(curve, losses))
    if not is_slow:
        return
    yield Finding(
        "rate_too_low",
        "warning",
        f"After {curve.n_epochs} epochs at lr={case.network.lr:g} the loss is still falling: "
        f"{format_percentage(share)} of its whole decrease came in the last quarter.",
        {"lr": case.network.lr, "epochs": curve.n_epochs, "share_of_fall": share, "loss": float(losses[-1])},
        "Raise the learning rate, first by a factor of ten. find_lr suggests one for this table.",
        remedies.raise_rate(case.network, 10),
        case.subject,
    )


def is_far_below_usual(network: Any) -> bool:
    """Return whether the rate is a small part of its optimizer's usual one.

    An optimizer of Adam's kind moves each weight by about the rate in a step, however
    large the gradients: at a hundredth of the usual rate, by a hundredth of the way.
    """
    return network.lr * FAR_BELOW_USUAL < remedies.raise_rate(network, 1)["lr"]


def _still_falls(curve: Curve, losses: np.ndarray) -> bool:
    return compute_late_gain(losses, LATE_PART, curve.level) >= STILL_FALLING


def _crawls(curve: Curve, losses: np.ndarray) -> bool:
    """Return whether all epochs together have gained next to nothing, evenly."""
    is_even = curve.n_epochs >= FEWEST_EPOCHS_OF_CRAWLING and compute_jumps(losses) == 0
    return is_even and float(losses[0] - losses[-1]) < CRAWLING * curve.level


@network_check("unstable_validation", "the validation loss jumps")
def find_unstable_validation(case: NetworkCase) -> Iterator[Finding]:
    """Look for a validation loss that goes up and down from epoch to epoch."""
    curve = case.curve
    if not curve.has_validation:
        return
    zigzag = compute_zigzag(curve.valid, JUMPS_AT_LEAST_OF * curve.level)
    network, n_rows = case.network, case.n_validation_rows
    usual = ZIGZAG * max(1.0, ROWS_OF_ZIGZAG / max(1, n_rows)) ** 0.5
    if not zigzag > usual:
        return
    remedy: dict[str, Any] = remedies.lower_rate(network, 3)
    if network.weight_averaging in ("none", "swa", None) or not network.early_stopping:
        remedy |= {"weight_averaging": "ema"}
    yield Finding(
        "unstable_validation",
        "warning",
        f"The validation loss jumps up and down, by {format_percentage(zigzag, 1)} of its level from epoch to epoch on "
        f"average, so the best epoch is partly luck.",
        {"zigzag": zigzag, "usual": usual, "rows": n_rows, "lowest": float(np.nanmin(curve.valid)), "lr": network.lr},
        "Average the weights, lower the learning rate or let it decay. If few rows are held out, hold out more.",
        remedy,
        case.subject,
    )
