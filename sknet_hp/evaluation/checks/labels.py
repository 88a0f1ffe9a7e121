"""Labels that predictions contradict where they are surest."""

from collections.abc import Iterable

import numpy as np
from scipy import stats

from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_percentage

SUREST = 0.1
"""The share of rows, those predicted with the highest probability, that are counted.

Of eight real tables, at most 4 % of these rows contradict their labels (german_credit
and titanic), elsewhere 1 % or less; with a tenth of the labels changed, 9 to 15 % do.
The share of label issues by confident learning is up to 18 % on the unchanged tables:
it also counts rows that are merely hard.
"""

CONTRADICTED = {"warning": 0.06, "info": 0.03}
"""The share of them whose label is another one, from which on it is how bad."""

CONFIDENCE = 0.95
"""The share must be larger with this confidence (Clopper & Pearson)."""

LEAST_AUC = 0.6
"""Probabilities that order rows hardly better than chance, whose area under the ROC
curve is 0.5, contradict no label.
"""

FEWEST_ROWS = 200
MOST_LISTED = 20


@check("label_noise", "Labels that may be wrong")
def find_label_noise(case: EvaluationCase) -> Iterable[Finding]:
    """Find labels that the surest out-of-fold probabilities contradict."""
    if case.probabilities is None or case.classes is None or case.y.ndim != 1:
        return
    codes = _find_codes(case.y, case.classes)
    rows = np.flatnonzero(np.isfinite(case.probabilities).all(axis=1) & (codes >= 0))
    if len(rows) < FEWEST_ROWS or case.probabilities.shape[1] < 2:
        return
    probabilities, labels = case.probabilities[rows], codes[rows]
    if measure_auc(probabilities, labels) < LEAST_AUC:
        return
    n_wrong, n_surest = count_contradicted(probabilities, labels)
    least = stats.beta.ppf(1 - CONFIDENCE, n_wrong, n_surest - n_wrong + 1) if n_wrong else 0.0
    severity = next((severity for severity, share in CONTRADICTED.items() if least >= share), None)
    if severity is None:
        return
    suspects = rows[rank_suspects(probabilities, labels)]
    yield Finding(
        "label_noise",
        severity,
        f"Of the {n_surest:,} rows that are predicted with the highest probability, "
        f"{format_percentage(n_wrong / n_surest)} have a different label. About that share of all labels may be wrong, "
        f"unless the columns cannot explain them.",
        {
            "share": n_wrong / n_surest,
            "contradicted": n_wrong,
            "surest": n_surest,
            "n_suspects": len(suspects),
            "rows": suspects[:MOST_LISTED].tolist(),
        },
        f"Look at rows {', '.join(map(str, suspects[:5]))} first: their labels are the least probable. Correct or "
        "drop what is wrong. Wrong labels limit the score of any model.",
    )


def count_contradicted(probabilities: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """Return how many of the surest predictions contradict the labels, and of how many.

    Parameters
    ----------
    probabilities : array of shape (n_rows, n_classes), out of fold
    labels : array of int of shape (n_rows,)
    """
    n_surest = max(1, round(SUREST * len(labels)))
    surest = np.argsort(-probabilities.max(axis=1), kind="stable")[:n_surest]
    return int(np.sum(probabilities[surest].argmax(axis=1) != labels[surest])), n_surest


def measure_auc(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the area under the ROC curve, of each class against the rest, on average.

    Classes count by their rows.

    Parameters
    ----------
    probabilities : array of shape (n_rows, n_classes)
    labels : array of int of shape (n_rows,)
    """
    n_rows = len(labels)
    sums = np.zeros(2)
    for code in np.unique(labels):
        n = int(np.sum(labels == code))
        if n < n_rows:
            ranks = stats.rankdata(probabilities[:, code])
            area = (ranks[labels == code].sum() - n * (n + 1) / 2) / (n * (n_rows - n))
            sums += area * n, n
    return float(sums[0] / sums[1]) if sums[1] else 0.5


def rank_suspects(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the rows whose labels are probably wrong, the least probable label first.

    By confident learning (Northcutt et al. 2021) where cleanlab is installed; else
    those that are predicted otherwise.

    Parameters
    ----------
    probabilities : array of shape (n_rows, n_classes), out of fold
    labels : array of int of shape (n_rows,)
    """
    probabilities = np.clip(probabilities, 1e-12, 1)
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    try:
        from cleanlab.filter import find_label_issues
    except ImportError:
        suspects = np.flatnonzero(probabilities.argmax(axis=1) != labels)
        return suspects[np.argsort(probabilities[suspects, labels[suspects]], kind="stable")]
    return np.asarray(find_label_issues(labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1))


def _find_codes(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the position of each label among the classes; -1 for others."""
    positions = {label: code for code, label in enumerate(classes.tolist())}
    return np.array([positions.get(label, -1) for label in y.tolist()])
