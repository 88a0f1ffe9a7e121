"""Checks of what a network was given to learn, and of which classes it predicts."""

from collections.abc import Iterator
from dataclasses import replace

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
    MANY_WRONG_AMONG_SURE,
    NO_SEPARATION,
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
    wrong, n = count_wrong_labels(baselines)
    error = (wrong * (1 - wrong) / max(1, n)) ** 0.5
    if n == 0 or wrong - error < MANY_WRONG_AMONG_SURE:
        return
    what = "label" if case.is_classifier else "target"
    yield Finding(
        "label_noise",
        "warning",
        f"Of the {n} rows that are easiest to predict, about {format_percentage(wrong)} have a different {what} than "
        f"predicted: about that share of the whole table may be wrong.",
        {"share": wrong, "error": error, "rows": n},
        "Look at the rows that models contradict, and correct or drop them. Until then, regularise; trust no score.",
        {},
        case.subject,
    )


def count_wrong_labels(baselines: Baselines) -> tuple[float, int]:
    """Return the share of labels that out-of-fold predictions contradict most surely.

    Of classes: the share of wrong labels among the rows that are surest, which would be
    near none if all labels were right (the anchor points of Patrini et al. 2017). Of
    numbers: twice the share of values on the wrong side of the median among the rows
    with the lowest and the highest predictions, since a value that is anyhow lies on
    the right side every other time.
    """
    outputs, y = baselines.outputs[baselines.best], baselines.codes
    n = max(1, round(SURE_PART * len(outputs)))
    if baselines.classes is None:
        order, middle = np.argsort(outputs, kind="stable"), np.median(y)
        wrong = np.mean(y[order[:n]] > middle) + np.mean(y[order[-n:]] < middle)
        return min(1.0, float(wrong)), 2 * n
    surest = np.argsort(-outputs.max(axis=1), kind="stable")[:n]
    return float(np.mean(outputs[surest].argmax(axis=1) != y[surest])), n


@network_check("class_collapse", "a class is never predicted", needs="rows")
def find_class_collapse(case: NetworkCase) -> Iterator[Finding]:
    """Look for classes that are never predicted though the rows have them."""
    if not case.is_classifier or np.ndim(case.y) != 1:
        return
    probabilities = case.estimator.predict_proba(case.X)
    codes = np.searchsorted(case.network.classes_, np.asarray(case.y))
    predicted = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
    for k in range(len(predicted)):
        own = codes == k
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
    seen = f"Class {label!r} has {own.sum()} of the rows ({share}), but is predicted for {predicted}"
    if separation < NO_SEPARATION and ratio > UNDERESTIMATED:
        network = case.network
        return Finding(
            "class_collapse",
            "warning",
            f"{seen}; its probability is about the same for all rows (AUC {auc:.2f}).",
            evidence,
            "The network has learned nothing about it. Change the learning rate first, then the activation.",
            remedies.lower_rate(network, 10)
            if network.lr > remedies.USUAL_RATES[network.optimizer]
            else remedies.raise_rate(network, 10),
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
