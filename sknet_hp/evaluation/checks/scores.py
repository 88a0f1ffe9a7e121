"""Checks of scores: beside those of other folds, of searches, and of a constant."""

from collections.abc import Iterable

import numpy as np
from scipy import stats

from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_percentage, format_score
from sknet_hp.search.views.metric import Metric

FEWEST_SPLITS = 4
"""Among fewer, none can be told to be unlike the others."""

CHANCE = 0.01
"""How often a fold may be called an outlier, by any metric, where all are alike."""

FAR = 0.05
"""What share of the others' mean an outlier must be off: smaller differences may be
sure, and do not matter.
"""

STEP = 0.015
"""What share of their mean the others are taken to vary by at least."""

OPTIMISM = {"warning": (0.25, 0.9), "info": (0.1, 0.8)}
"""The share of the inner gain over a constant prediction that was lost outside, from
which on it is how bad, and the confidence of the interval that must lie above zero.

That a choice is flattered by the scores that it was chosen by is the rule: these are
narrower intervals than where a gain is to be shown.
"""


@check("outlier_folds", "Folds that score unlike the others")
def find_outlier_folds(case: EvaluationCase) -> Iterable[Finding]:
    """Find splits whose score the scores of all others make improbable."""
    for name, scores in case.scores.items():
        metric = Metric(name)
        known = np.flatnonzero(np.isfinite(scores))
        if len(known) < FEWEST_SPLITS:
            continue
        for split in known:
            others = scores[known[known != split]]
            probability = compute_outlier_probability(scores[split], others)
            off = scores[split] - others.mean()
            if probability * len(known) * len(case.scores) < CHANCE and abs(off) > FAR * abs(others.mean()):
                yield Finding(
                    "outlier_folds",
                    "warning",
                    f"{metric.label} is {metric.write(scores[split])} in split {split}; in the others it "
                    f"is {metric.write(others.mean())} ± {others.std(ddof=1):.2g}.",
                    {
                        "metric": name,
                        "split": int(split),
                        "score": float(scores[split]),
                        "mean_of_others": float(others.mean()),
                        "probability": probability,
                    },
                    "Look at its test rows: are they of another kind, or from another time? Repeat the evaluation with "
                    "other splits and seeds to see whether the training was unlucky.",
                    subject=f"split {split}",
                )


def compute_outlier_probability(score: float, others: np.ndarray) -> float:
    """Return how probable a score is that lies as far off, given other scores.

    The externally studentised residual of a sample of normal numbers, two-sided.

    Parameters
    ----------
    score : float
    others : array of shape (n,)
    """
    n = len(others)
    # Where a rare class decides, all others can be the same to the last digit, and one row more or less be far off.
    deviation = max(others.std(ddof=1), STEP * abs(others.mean()), 1e-300)
    statistic = (score - others.mean()) / (deviation * np.sqrt(1 + 1 / n))
    return float(2 * stats.t.sf(abs(statistic), n - 1))


@check("tuning_optimism", "Inner scores that are better than outer ones")
def find_tuning_optimism(case: EvaluationCase) -> Iterable[Finding]:
    """Find searches whose own score promises more than new rows keep."""
    if case.inner_scores is None:
        return
    outer = case.scores[case.metric]
    constant = case.constant_scores.get(case.metric)
    difference = case.fit_t(case.inner_scores - outer)
    if difference is None:
        return
    known = np.isfinite(case.inner_scores - outer)
    gain = np.mean(case.inner_scores[known] - (0 if constant is None else constant[known]))
    lost = difference.mean / abs(gain) if gain else np.inf
    sure = (
        name for name, (least, level) in OPTIMISM.items() if lost >= least and difference.compute_interval(level)[0] > 0
    )
    severity = next(sure, None)
    inner = float(np.mean(case.inner_scores[known]))
    if severity is None:
        return
    metric = Metric(case.metric)
    of_gain = "" if constant is None else f", {format_percentage(lost)} of its gain over a constant prediction"
    yield Finding(
        "tuning_optimism",
        severity,
        f"The searches report {metric.label} {metric.write(inner)}, but their choices have "
        f"{metric.write(np.mean(outer[known]))} on unseen rows. The inner score is "
        f"{format_score(difference.mean)} too good{of_gain}.",
        {
            "inner": inner,
            "outer": float(np.mean(outer[known])),
            "difference": difference.mean,
            "lost": float(lost),
        },
        "Report the outer score. Fewer candidates, or more or repeated inner folds, make the inner score truer.",
    )


@check("no_better_than_chance", "Scores that a constant prediction has too")
def find_chance(case: EvaluationCase) -> Iterable[Finding]:
    """Find metrics whose gain over a constant prediction may be none."""
    for name, constant in case.constant_scores.items():
        metric = Metric(name)
        difference = case.fit_t(case.scores[name] - constant)
        if difference is None:
            continue
        low, high = difference.compute_interval()
        known = np.isfinite(case.scores[name])
        better = case.scores[name][known] > constant[known]
        # Of a few splits the interval is wide whatever the gain; that all of them gain must do.
        if low > 0 or (len(better) < FEWEST_SPLITS and better.all()):
            continue
        worse = high < 0
        yield Finding(
            "no_better_than_chance",
            "error" if worse else "warning",
            f"{metric.label} is {metric.write(np.mean(case.scores[name][known]))}; a constant "
            f"prediction has {metric.write(constant[known].mean())}. "
            f"{'The model is worse' if worse else 'The difference may be chance'} "
            f"(95 % interval of the difference {format_score(low)} to {format_score(high)}).",
            {
                "metric": name,
                "score": float(np.mean(case.scores[name][known])),
                "constant": float(constant[known].mean()),
                "interval": (low, high),
            },
            "Either the columns say little about the target, or the model has not learned it. Try a simple model, "
            "use more rows, or diagnose a fit."
            + (" Accuracy hardly responds to rare classes: try another metric." if name == "accuracy" else ""),
        )
