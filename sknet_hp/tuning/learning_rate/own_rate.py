"""What a range test says of the rate that an estimator has."""

import numpy as np

from sknet_hp.findings import Finding, Findings
from sknet_hp.tuning.learning_rate.suggestions import Curve, Rates, compute_tolerance

FACTOR = 3.0
"""So far from the suggestion, a rate may still be as good."""


def judge_rate(lr: float, read: Rates, curve: Curve, chance: float) -> Findings:
    """Return whether a rate is far from the suggestion, and worse.

    Parameters
    ----------
    lr : the rate that the estimator has.
    read : what the test says.
    curve : losses over rates.
    chance : the loss of a network that has learned nothing of the columns.
    """
    own, best = (
        float(np.interp(np.log10(rate), np.log10(curve.rates), curve.losses)) for rate in (lr, read.suggestion)
    )
    is_worse = own - best > compute_tolerance(float(curve.losses.min()), chance)
    if not is_worse or read.suggestion / FACTOR <= lr <= read.suggestion * FACTOR:
        return Findings()
    too = "high" if lr > read.suggestion else "low"
    return Findings(
        [
            Finding(
                code=f"rate_too_{too}",
                severity="warning",
                message=f"The estimator's learning rate, {lr:.2g}, is too {too}: in short trainings its validation "
                f"loss is {own:.4g}, that of {read.suggestion:.2g} is {best:.4g}.",
                evidence={"lr": lr, "loss": own, "suggestion": read.suggestion, "loss_of_suggestion": best},
                advice=f"Set lr={read.suggestion:.2g}.",
                remedy={"lr": read.suggestion},
            )
        ]
    )
