"""Checks of what a network was given to learn, and of which classes it predicts."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sknet_hp.findings import Finding
from sknet_hp.findings.data import DATA_CHECKS, find_in_data
from sknet_hp.tuning.diagnosis import remedies
from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.checks.check import network_check
from sknet_hp.tuning.diagnosis.comparison import Baselines
from sknet_hp.tuning.diagnosis.thresholds import (
    FEWEST_ROWS_OF_CLASS,
    MANY_WRONG_AMONG_SURE,
    NO_SEPARATION,
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
    if n == 0 or wrong < MANY_WRONG_AMONG_SURE:
        return
    what = "labels" if case.is_classifier else "target values"
    yield Finding(
        "label_noise",
        "warning",
        f"Of the {n} rows that are easiest to predict, {wrong:.0%} have another label than all like them: about that "
        f"share of all {what} may be wrong."
        if case.is_classifier
        else f"{wrong:.0%} of the target values lie far off what all rows like them have.",
        {"share": wrong, "rows": n},
        "Look at the rows that models contradict, and correct or drop them; until then regularise and trust no score.",
        {},
        case.subject,
    )


def count_wrong_labels(baselines: Baselines) -> tuple[float, int]:
    """Return the share of labels that out-of-fold predictions contradict most surely.

    Of classes: the share of wrong labels among the rows that are surest, which would be
    near none if all labels were right (the anchor points of Patrini et al. 2017). Of
    numbers: the share of rows that lie many typical distances off, among rows for which
    alike numbers are predicted.
    """
    outputs = baselines.outputs[baselines.best]
    if baselines.classes is None:
        return _count_far_values(outputs, baselines.codes), len(outputs)
    n = max(1, round(SURE_PART * len(outputs)))
    surest = np.argsort(-outputs.max(axis=1), kind="stable")[:n]
    return float(np.mean(outputs[surest].argmax(axis=1) != baselines.codes[surest])), n


def _count_far_values(outputs: np.ndarray, y: np.ndarray) -> float:
    far = 0
    for rows in np.array_split(np.argsort(outputs, kind="stable"), max(1, len(y) // 50)):
        off = y[rows] - np.median(y[rows])
        distance = np.abs(y[rows] - outputs[rows] - np.median(y[rows] - outputs[rows]))
        far += int(np.sum(distance > 6 * max(float(np.median(distance)), 1e-12 + 1e-9 * float(np.abs(off).max()))))
    return far / len(y)


@network_check("class_collapse", "a class is never predicted", needs="rows")
def find_class_collapse(case: NetworkCase) -> Iterator[Finding]:
    """Look for classes that are never predicted though the rows have them."""
    if not case.is_classifier or np.ndim(case.y) != 1:
        return
    probabilities = case.estimator.predict_proba(case.X)
    codes = np.searchsorted(case.network.classes_, np.asarray(case.y))
    predicted = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
    for k in np.flatnonzero(predicted == 0):
        own = codes == k
        if own.sum() >= FEWEST_ROWS_OF_CLASS:
            yield _describe_collapse(case, int(k), own, probabilities[:, k])
            return


def _describe_collapse(case: NetworkCase, k: int, own: np.ndarray, p: np.ndarray) -> Finding:
    from sklearn.metrics import roc_auc_score

    label = case.network.classes_.tolist()[k]
    auc, ratio = float(roc_auc_score(own, p)), float(p.mean() / own.mean())
    evidence = {"class": label, "share": float(own.mean()), "mean_probability": float(p.mean()), "auc": auc}
    seen = f"Class {label!r} makes up {own.mean():.1%} of the rows and is never predicted"
    if auc < NO_SEPARATION:
        network = case.network
        return Finding(
            "class_collapse",
            "warning",
            f"{seen}; its probability is about the same for all rows (AUC {auc:.2f}).",
            evidence,
            "The network has learned nothing of it: change the learning rate first, then the activation.",
            remedies.lower_rate(network, 10)
            if network.lr > remedies.USUAL_RATES[network.optimizer]
            else remedies.raise_rate(network, 10),
            case.subject,
        )
    if ratio < UNDERESTIMATED:
        return Finding(
            "class_collapse",
            "warning",
            f"{seen}; its mean probability is {p.mean():.2%}, far below its share.",
            evidence,
            "Weigh the classes evenly, or not at all.",
            {"class_weight": None if case.network.class_weight is not None else "balanced"},
            case.subject,
        )
    return Finding(
        "class_collapse",
        "info",
        f"{seen}, though its rows get higher probabilities than others (AUC {auc:.2f}): it is rare.",
        evidence,
        "Use its probabilities with a threshold of your own, or class_weight='balanced'; accuracy tells nothing here.",
        {"class_weight": "balanced"},
        case.subject,
    )
