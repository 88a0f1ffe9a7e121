"""Checks of how long a network trains, on what, and who says when it ends."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sknet_hp.estimators.building.update import make_lr_schedule
from sknet_hp.estimators.targets.held_out import choose_fraction
from sknet_hp.findings import Finding
from sknet_hp.formatting.numbers import format_count, format_percentage
from sknet_hp.tuning.diagnosis import remedies
from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.checks.check import network_check
from sknet_hp.tuning.diagnosis.checks.trial import Trial, try_remedy
from sknet_hp.tuning.diagnosis.curves import Curve, compute_late_gain, compute_share_of_fall
from sknet_hp.tuning.diagnosis.thresholds import (
    ENOUGH_HELD_OUT_ROWS,
    FEW_HELD_OUT_ROWS,
    FEW_MEMBERS,
    FEW_STEPS,
    FEW_STEPS_PER_EPOCH,
    LATE_PART,
    SPENT_RATE,
    STILL_FALLING,
    STILL_FALLING_UNDER_SCHEDULE,
)

_DECAYING = ("cosine", "linear", "exponential", "flat_cos", "one_cycle", "step", "coslog4")


def _reached_limit(case: NetworkCase, curve: Curve) -> bool:
    """Return whether `max_epochs` ended a training that went well so far."""
    return curve.n_epochs > 0 and not case.ended and bool(np.isfinite(curve.judged).all())


def _is_cut_short(case: NetworkCase, curve: Curve) -> bool:
    """Return whether training ended at its limit, with the best epoch at the end."""
    return _reached_limit(case, curve) and _is_best_at_end(curve)


def _is_best_at_end(curve: Curve) -> bool:
    """Return whether the best epoch is in the last part."""
    if curve.n_epochs < 2:
        return False
    n_late = max(1, round(LATE_PART * curve.n_epochs))
    return bool(np.argmin(curve.judged) >= curve.n_epochs - n_late)


@network_check("not_converged", "training ended while the loss still fell")
def find_not_converged(case: NetworkCase) -> Iterator[Finding]:
    """Look for a loss that still falls at the last epoch."""
    curve = case.validated_curve
    if case.network.lr_schedule in _DECAYING or not _reached_limit(case, curve):
        return
    gain = compute_late_gain(curve.judged, LATE_PART, curve.level)
    epochs, longer = curve.n_epochs, remedies.train_longer(case.network, 4)
    limit = case.network.max_epochs  # which partial_fit need not reach
    seen = f"Training ended at max_epochs={limit}" if epochs >= limit else f"Training ended after {epochs} epochs"
    evidence = {"epochs": epochs, "late_gain": gain, "loss": float(curve.judged[-1])}
    if gain >= STILL_FALLING and _is_cut_short(case, curve):
        seen += (
            f" while the loss was still falling: in the last quarter of {epochs} epochs by "
            f"{format_percentage(gain, 1)} of a constant prediction's loss."
        )
    elif (trial := _try_more_steps(case, longer, epochs)) is not None:
        seen += f", too few to learn what there is. {trial}"
        evidence |= trial.evidence
    else:
        return
    yield Finding(
        "not_converged",
        "warning",
        seen,
        evidence,
        "Train longer, with early stopping to end training in time. If that is too slow, raise the learning rate.",
        longer,
        case.subject,
    )


def _try_more_steps(case: NetworkCase, remedy: dict[str, Any], n_epochs: int) -> Trial | None:
    """Return what more steps gain where few were made and there are rows to try.

    A curve of few epochs that has just risen, or flattens as its rate falls, says
    little.
    """
    if not case.has_single_target or n_epochs * case.steps_per_epoch > FEW_STEPS:
        return None
    return try_remedy(case, remedy)


def count_epochs_with_rate(network: Any, n_epochs: int) -> int:
    """Return for how many of its epochs a network had a learning rate worth the name.

    All, if it had none in the last quarter only, as schedules mean it.
    """
    horizon = network.schedule_epochs or network.max_epochs
    factors = make_lr_schedule(network).compute_factors(np.arange(n_epochs) / horizon, 1 / horizon)
    n_with = int(np.flatnonzero(factors >= SPENT_RATE * factors.max())[-1]) + 1
    return n_with if n_with < (1 - LATE_PART) * n_epochs else n_epochs


@network_check("schedule_too_short", "the schedule ends before training does")
def find_schedule_too_short(case: NetworkCase) -> Iterator[Finding]:
    """Look for a rate that went to zero while there was more to learn.

    A curve flattens as the rate falls. So a training of few steps is tried with more.
    Epochs after the rate has gone, whatever ended them, do not count.
    """
    network, whole = case.network, case.validated_curve
    if network.lr_schedule not in _DECAYING or whole.n_epochs == 0 or not np.isfinite(whole.judged).all():
        return
    curve = whole.cut(count_epochs_with_rate(network, whole.n_epochs))
    if case.ended and curve.n_epochs == whole.n_epochs:
        return
    constant = curve.constant if curve.constant is not None else float(curve.judged[0])
    share = compute_share_of_fall(curve.judged, constant, 0.5)
    horizon, longer = network.schedule_epochs or network.max_epochs, remedies.train_longer(network, 4)
    horizon = min(horizon, curve.n_epochs)
    seen = f"lr_schedule={network.lr_schedule!r} lowered the learning rate over {format_count(horizon, 'epoch')}"
    evidence = {"schedule_epochs": horizon, "share_of_fall": share, "loss": float(curve.judged[-1])}
    if share >= STILL_FALLING_UNDER_SCHEDULE and _is_best_at_end(curve):
        seen += (
            f", and {format_percentage(share)} of the loss's whole decrease came in the second half: the schedule "
            f"ended before the network had converged."
        )
    elif (trial := _try_more_steps(case, longer, curve.n_epochs)) is not None:
        seen += f", too few to learn what there is. {trial}"
        evidence |= trial.evidence
    else:
        return
    yield Finding(
        "schedule_too_short",
        "warning",
        seen,
        evidence,
        "Give the schedule more epochs (max_epochs, and schedule_epochs or lr_step_epochs where they are set).",
        longer,
        case.subject,
    )


@network_check("batch_too_large", "an epoch has too few steps")
def find_too_large_batch(case: NetworkCase) -> Iterator[Finding]:
    """Look for a training of few steps that was not done at its end."""
    steps, total, curve = case.steps_per_epoch, case.network.state_.step, case.validated_curve
    if steps > FEW_STEPS_PER_EPOCH or total > FEW_STEPS or not _reached_limit(case, curve):
        return
    gain = compute_late_gain(curve.judged, LATE_PART, curve.level)
    remedy = {"batch_size": "auto"}
    seen = f"With batch_size={case.network.batch_size!r} an epoch has {steps:.0f} steps and the whole training {total}"
    evidence = {"steps_per_epoch": steps, "steps": total, "late_gain": gain}
    if gain >= STILL_FALLING and _is_cut_short(case, curve):
        seen += "; the loss was still falling at the end."
    elif (trial := _try_more_steps(case, remedy, curve.n_epochs)) is not None:
        seen += f", too few to learn what there is. {trial}"
        evidence |= trial.evidence
    else:
        return
    yield Finding(
        "batch_too_large",
        "warning",
        seen,
        evidence,
        'Use smaller batches: with "auto" an epoch has 32 steps or more. Or train for more epochs at a higher rate.',
        remedy,
        case.subject,
    )


@network_check("validation_too_small", "few rows decide when training stops", needs="rows")
def find_too_small_validation(case: NetworkCase) -> Iterator[Finding]:
    """Look for early stopping by so few rows that the best epoch is luck."""
    network, n_rows, n_held_out = case.network, len(case.y), case.n_validation_rows
    if not network.early_stopping or not 0 < n_held_out < min(FEW_HELD_OUT_ROWS, 0.25 * n_rows):
        return
    n_by_fraction = int(np.ceil(choose_fraction(network.validation_fraction, n_rows) * n_rows))
    by_fraction = network.validation_split is None and n_held_out == n_by_fraction
    by = f"validation_fraction={network.validation_fraction!r}" if by_fraction else "X_val, or a validation_split"
    yield Finding(
        "validation_too_small",
        "warning",
        f"Early stopping looks at {format_count(n_held_out, 'row')} beside {n_rows - n_held_out * by_fraction} "
        f"({by}): too few to tell which epoch is best.",
        {"held_out_rows": n_held_out, "rows": n_rows},
        "Hold out more rows. refit_full=True trains on all of them once the number of epochs is known. "
        "Several members reduce the effect of chance.",
        _hold_out_more(network, n_rows) if by_fraction else {"n_members": max(FEW_MEMBERS, network.n_members)},
        case.subject,
    )


def _hold_out_more(network: Any, n_rows: int) -> dict[str, Any]:
    """Return more rows to stop by, and a training on all of them after that.

    Several networks leave less to the luck of one.
    """
    fraction = round(min(0.3, max(0.15, ENOUGH_HELD_OUT_ROWS / n_rows)), 3)
    remedy = {"validation_fraction": fraction, "patience": max(10, network.patience)}
    remedy["n_members"] = max(FEW_MEMBERS, network.n_members)
    return remedy if network.warm_start else remedy | {"refit_full": True}
