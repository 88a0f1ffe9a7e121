"""What a range test says of the rate that an estimator has, and of itself."""

from collections.abc import Sequence

import numpy as np

from sknet_hp.findings import Finding, Findings
from sknet_hp.tuning.learning_rate.suggestions import Curve, Rates, compute_tolerance

FACTOR = 3.0
"""So far from the suggestion, a rate may still be as good."""

DISAGREEMENT = 10.0
"""A factor between suggestions of single seeds that leaves the magnitude open."""

LITTLE = 0.02
"""A gain over chance, as a share of it, that is little on any number of rows."""


def judge_rate(lr: float, read: Rates, curve: Curve, chance: float, n_held_out: float) -> Findings:
    """Return whether a rate is far from the suggestion and worse, or all is chance.

    Parameters
    ----------
    lr : the rate that the estimator has.
    read : what the test says.
    curve : losses over rates.
    chance : the loss of a network that has learned nothing of the columns.
    n_held_out : rows that losses are of.
    """
    little = _judge_gain(curve, chance, n_held_out)
    if little:
        return Findings(little)
    own, best = (
        float(np.interp(np.log10(rate), np.log10(curve.rates), curve.losses)) for rate in (lr, read.suggestion)
    )
    is_worse = own - best > compute_tolerance(float(curve.losses.min()), chance, n_held_out)
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
            ),
        ]
    )


def _judge_gain(curve: Curve, chance: float, n_held_out: float) -> list[Finding]:
    lowest = float(curve.losses.min())
    # The lowest of many losses on few rows is below chance by luck, about so much.
    if chance - lowest >= max(LITTLE, 1 / np.sqrt(n_held_out)) * abs(chance):
        return []
    return [
        Finding(
            code="little_learned",
            severity="warning",
            message=f"The lowest validation loss, {lowest:.4g}, is hardly below {chance:.4g}, the loss of networks "
            f"that were trained on shuffled targets.",
            evidence={"loss": lowest, "chance": chance},
            advice="The suggestion means little. Check whether the columns say anything about the target.",
        )
    ]


def judge_agreement(suggestions: Sequence[float], n_seeds: int) -> Findings:
    """Return whether single seeds suggest rates of different magnitudes.

    Parameters
    ----------
    suggestions : of the seeds that suggest a rate.
    n_seeds : of the test, which may be more.
    """
    if len(suggestions) < 2 or max(suggestions) < DISAGREEMENT * min(suggestions):
        return Findings()
    low, high = min(suggestions), max(suggestions)
    return Findings(
        [
            Finding(
                code="seeds_disagree",
                severity="info",
                message=f"Single seeds suggest rates from {low:.2g} to {high:.2g}: the suggestion is uncertain. That "
                f"is so where rows are few, or where the loss hardly depends on the rate.",
                evidence={"low": low, "high": high, "n_seeds": n_seeds},
                advice=f"Give more seeds, n_seeds={2 * n_seeds} say, or leave the rate to a search.",
            ),
        ]
    )
