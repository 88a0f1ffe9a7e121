"""Whether the best candidate was still getting better when its training ended."""

from collections.abc import Iterator

import numpy as np

from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_amount
from sknet_hp.search.checks.case import SearchCase

NOTHING = 0.001
"""The share of its first loss that is too little to matter, however small the last."""

_WINDOW = 5
"""One in so many epochs is the end of a training."""

GAIN = 0.01
"""The share of its loss by which a network must get better in the end, to matter."""


@check("still_improving", "the last rung was still improving")
def find_improvement(case: SearchCase) -> Iterator[Finding]:
    """Look at the validation loss of the best candidate, else at its last two scores.

    The loss of the last fifth of the epochs is compared with that of the fifth before,
    split by split: the mean gain must be above 1 %, above 0.1 % of the first loss, and
    above its standard error. A network that stopped by itself had enough; one whose
    learning rate falls by a schedule always improves towards the end, and is not looked
    at.
    """
    resource = case.resource
    if resource is None or not resource.goes_on or not case.ranked or _has_schedule(case):
        return
    best = case.ranked[0]
    if case.n_resources[best] < resource.most:  # the search ended before its time
        return
    curves = case.curves.list_losses(int(case.candidate[best]), "valid_loss")
    curves = [(epochs, losses) for epochs, losses in curves if np.isfinite(losses).all()]
    if curves and len(curves) == case.scores.shape[1]:
        gain = _measure_loss_gain(curves, resource.most)
        what = "validation loss of the best candidate was still falling"
    else:
        gain, what = _measure_score_gain(case, best), "score of the best candidate was still rising"
    if gain is None:
        return
    yield Finding(
        code="still_improving",
        severity="warning",
        message=f"The {what} at the end: by {gain['gain']:.2g} ± {gain['standard_error']:.2g} in the last "
        f"{format_amount(gain['over'], resource.unit)} of {resource.most}.",
        evidence=gain | {"max_resources": resource.most},
        advice=f"Train longer: {resource.parameter}={2 * resource.most}.",
        remedy={resource.parameter: 2 * resource.most},
    )


def _has_schedule(case: SearchCase) -> bool:
    """Return whether the best candidate's learning rate falls by a schedule."""
    params = case.search.estimator.get_params(deep=True) | case.params[case.ranked[0]]
    return any(
        name.rsplit("__", 1)[-1] == "lr_schedule" and value not in (None, "constant") for name, value in params.items()
    )


def _measure_loss_gain(curves: list[tuple[np.ndarray, np.ndarray]], most: int) -> dict[str, float] | None:
    """Return what the last fifth of the epochs has gained, None if that is nothing."""
    if any(len(losses) < 2 * _WINDOW or epochs[-1] < most for epochs, losses in curves):
        return None
    length = min(len(losses) for _, losses in curves) // _WINDOW
    late = np.array([losses[-length:].mean() for _, losses in curves])
    before = np.array([losses[-2 * length : -length].mean() for _, losses in curves])
    gains = before - late
    error = float(gains.std(ddof=1) / len(gains) ** 0.5) if len(gains) > 1 else 0.0
    first = float(np.mean([losses[0] for _, losses in curves]))
    if not gains.mean() > max(error, GAIN * abs(before.mean()), NOTHING * abs(first)):
        return None
    return {"gain": float(gains.mean()), "standard_error": error, "over": length}


def _measure_score_gain(case: SearchCase, best: int) -> dict[str, float] | None:
    """Return what the last rung has gained over the one before, None if nothing."""
    earlier = [
        row
        for row in np.flatnonzero(case.candidate == case.candidate[best])
        if case.n_resources[row] < case.n_resources[best] and not np.isnan(case.means[row])
    ]
    if not earlier or case.scores.shape[1] < 2:
        return None
    before = max(earlier, key=lambda row: case.n_resources[row])
    gain, error = case.compare(best, int(before))
    if not gain > max(2 * error, 0):
        return None
    over = int(case.n_resources[best] - case.n_resources[before])
    return {"gain": gain, "standard_error": error, "over": over}
