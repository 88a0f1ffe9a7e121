"""Checks of what a network was given to learn, and of which classes it predicts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from sknet_hp.findings import Finding
from sknet_hp.findings.data import DATA_CHECKS, find_in_data
from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.tuning.diagnosis import remedies
from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.checks.check import network_check
from sknet_hp.tuning.diagnosis.comparison import Baselines
from sknet_hp.tuning.diagnosis.thresholds import (
    FEWEST_ROWS_OF_CLASS,
    HARDLY,
    LIKELY_DIFFERENCE,
    MANY_WRONG_AMONG_SURE,
    MOST_WRONG_LABELS,
    NO_SEPARATION,
    POSSIBLE_DIFFERENCE,
    SELDOM,
    SURE_PART,
    UNDERESTIMATED,
)


@network_check("leakage", "a column all but gives the target away", needs="rows")
def find_leakage(case: NetworkCase) -> Iterator[Finding]:
    """Look for a column that all but determines the target."""
    findings = find_in_data(case.X, case.y, skip=set(DATA_CHECKS) - {"leakage"})
    yield from (replace(finding, subject=case.subject) for finding in findings)


@network_check("label_noise", "many labels are wrong", needs="rows")
def find_label_noise(case: NetworkCase) -> Iterator[Finding]:
    """Look for wrong labels among the rows of which models are most certain."""
    if np.ndim(case.y) != 1:
        return
    baselines = case.comparison.baselines
    count = count_wrong_labels if case.is_classifier else count_wrong_numbers
    # from the share of numbers, what a weak relation explains is taken away
    sureness = LIKELY_DIFFERENCE if case.is_classifier else POSSIBLE_DIFFERENCE
    wrong, error, n = count(baselines)
    if wrong - sureness * error < MANY_WRONG_AMONG_SURE:
        return
    if case.is_classifier and _know_nothing(baselines, wrong + error):
        return
    share = format_percentage(wrong)
    if case.is_classifier:
        seen = (
            f"Of the {n:,} rows that are easiest to predict, {share} have a different label than predicted: about as "
            f"many labels of the whole table may be wrong, unless the columns tell no more than that about the target."
        )
    else:
        seen = (
            f"Of the {2 * n:,} rows with the lowest and the highest predictions, more have a target at the opposite "
            f"end than the usual error explains: about {share} of all targets may be wrong."
        )
    yield Finding(
        "label_noise",
        "warning",
        seen,
        {"share": wrong, "error": error, "rows": n if case.is_classifier else 2 * n},
        "Look at the rows that models contradict, and correct or drop them if they are wrong. Until then, regularise: "
        "no score can be better than the labels.",
        {},
        case.subject,
    )


def count_wrong_labels(baselines: Baselines) -> tuple[float, float, int]:
    """Return the share of labels that out-of-fold predictions contradict most surely.

    It is that of wrong labels among the rows that are surest, which would be near none
    if all labels were right (the anchor points of Patrini et al. 2017). Its standard
    error follows, and the number of these rows.
    """
    outputs = baselines.outputs[baselines.best]
    n = max(1, round(SURE_PART * len(outputs)))
    surest = np.argsort(-outputs.max(axis=1), kind="stable")[:n]
    wrong = float(np.mean(outputs[surest].argmax(axis=1) != baselines.codes[surest]))
    return wrong, (wrong * (1 - wrong) / n) ** 0.5, n


def _know_nothing(baselines: Baselines, wrong: float) -> bool:
    """Return whether the surest predictions are no better than the commonest class.

    That is no sign of wrong labels where it is wrong more often than labels ever are.
    """
    commonest_wrong = 1 - float(np.bincount(baselines.codes).max()) / len(baselines.codes)
    return wrong >= commonest_wrong > MOST_WRONG_LABELS


def count_wrong_numbers(baselines: Baselines) -> tuple[float, float, int]:
    """Return the share of targets that may be any value, whatever is predicted.

    Of the rows with the lowest predictions, half of such targets lie above the median
    and a quarter in the highest quarter; and the other way round. Right ones lie there
    too if predictions say little. How many is told by the usual error, that of the
    median row, which wrong ones hardly change: predictions and targets are ranked and
    made normal for that. Of the median and the quarter, the surer counts. The standard
    error follows, and the number of rows at each end.
    """
    from scipy.stats import norm, rankdata

    values = (baselines.outputs[baselines.best], baselines.codes)
    predicted, target = (norm.ppf((rankdata(each) - 0.5) / len(each)) for each in values)
    r = float(np.clip(1 - (np.median(np.abs(target - predicted)) / norm.ppf(0.75)) ** 2 / 2, 0.0, 0.999))
    order, n = np.argsort(predicted, kind="stable"), max(1, round(SURE_PART * len(target)))
    # the highest are looked at as the lowest, upside down
    predicted = np.concatenate([predicted[order[:n]], -predicted[order[-n:]]])
    target = np.concatenate([target[order[:n]], -target[order[-n:]]])
    counts = []
    for share in (0.5, 0.25):
        limit = norm.isf(share)
        opposite = float(np.mean(target > limit))
        usual = float(np.mean(norm.sf((limit - r * predicted) / (1 - r**2) ** 0.5)))
        error = (opposite * (1 - opposite) / (2 * n)) ** 0.5
        counts.append((max(0.0, opposite - usual) / share, error / share))
    wrong, error = max(counts, key=lambda count: count[0] - count[1])
    return wrong, error, n


@network_check("class_collapse", "a class is never predicted", needs="rows")
def find_class_collapse(case: NetworkCase) -> Iterator[Finding]:
    """Look for classes that are never predicted though the rows have them."""
    if not case.is_classifier or np.ndim(case.y) != 1:
        return
    probabilities = case.estimator.predict_proba(case.X)
    predicted = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
    for k in range(len(predicted)):
        own = np.asarray(case.y) == case.network.classes_[k]
        low = probabilities[:, k].mean() < UNDERESTIMATED * own.mean()
        if own.sum() >= FEWEST_ROWS_OF_CLASS and predicted[k] < (SELDOM if low else HARDLY) * own.sum():
            yield _describe_collapse(case, k, own, probabilities[:, k], int(predicted[k]))
            return


def _describe_collapse(case: NetworkCase, k: int, own: np.ndarray, p: np.ndarray, predicted: int) -> Finding:
    from sklearn.metrics import roc_auc_score

    label = case.network.classes_.tolist()[k]
    auc, ratio = float(roc_auc_score(own, p)), float(p.mean() / own.mean())
    separation = float(p[own].mean() - p[~own].mean()) / float(own.mean())
    evidence = {"class": label, "share": float(own.mean()), "mean_probability": float(p.mean()), "auc": auc}
    evidence["separation"] = separation
    share = format_percentage(own.mean(), 1)
    seen = f"Class {label!r} has {own.sum():,} of the rows ({share}), but is predicted for {predicted:,}"
    if separation < NO_SEPARATION and ratio > UNDERESTIMATED:
        remedy, advice = _let_it_learn(case.network)
        return Finding(
            "class_collapse",
            "warning",
            f"{seen}; its probability is about the same for all rows (AUC {auc:.2f}).",
            evidence,
            f"The network has learned nothing about it. {advice}",
            remedy,
            case.subject,
        )
    if ratio < UNDERESTIMATED:
        return Finding(
            "class_collapse",
            "warning",
            f"{seen}; its mean probability is {format_percentage(p.mean(), 2)}, far below its share.",
            evidence,
            "Balance the class weights, or remove them.",
            {"class_weight": None if case.network.class_weight is not None else "balanced"},
            case.subject,
        )
    return Finding(
        "class_collapse",
        "info",
        f"{seen}, though its rows get higher probabilities than others (AUC {auc:.2f}).",
        evidence,
        "If it is rare, use its probabilities with a threshold of your own, or balanced class weights.",
        {"class_weight": "balanced"},
        case.subject,
    )


def _let_it_learn(network: Any) -> tuple[dict[str, Any], str]:
    """Return what a network needs first that has learned nothing, and why."""
    if remedies.exceeds_usual_rate(network):
        return remedies.lower_rate(network, 10), "Lower the learning rate first, then change the activation."
    if remedies.is_held_back(network):
        return remedies.make_room(network), "Let it learn more: less dropout, weight decay and l1, or more units."
    return remedies.raise_rate(network, 10), "Raise the learning rate first, then change the activation."
