"""Checks of metrics: whether a score says what one takes it to say."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import average_precision_score, f1_score, get_scorer, make_scorer
from sklearn.utils.multiclass import type_of_target

from sknet_hp.findings.check import check, register
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.numbers import format_percentage

MAJORITY = 0.8
"""The share of the most frequent class from which on accuracy says little."""

RARE = 10
"""How many times as frequent as the rarest the most frequent class may be, before
accuracy hardly sees the rarest.
"""

UNEVEN = 3
"""The same, before a user should know of it."""

OF_PROBABILITIES = (
    "average_precision_score",
    "brier_score_loss",
    "d2_brier_score",
    "d2_log_loss_score",
    "log_loss",
    "roc_auc_score",
)
"""Metrics of scikit-learn's that need probabilities, or scores that order rows."""

LOWER_IS_BETTER = ("_loss", "_error", "_deviance")
"""How scikit-learn's metrics end that are better the lower they are."""


@dataclass(frozen=True)
class MetricCase:
    """A target, and by what predictions of it are scored.

    Attributes
    ----------
    y : array-like of shape (n_rows,), or None
    scorers : dict
        scikit-learn's scorers, by the names of their metrics.
    estimator : estimator, or None
    """

    y: Any
    scorers: Mapping[str, Any]
    estimator: Any = None

    @cached_property
    def class_counts(self) -> dict[Any, int]:
        """How many rows each class has, the most frequent first; empty if none."""
        return count_classes(self.y, self.estimator)


def count_classes(y: Any, estimator: Any = None) -> dict[Any, int]:
    """Return how many rows each class has, the most frequent first.

    Parameters
    ----------
    y : array-like of shape (n_rows,), or None
    estimator : estimator, default=None
        Whether y are classes, where that can be read in two ways.

    Returns
    -------
    dict
        Empty if y are numbers, or there is more than one target.
    """
    if y is None or (estimator is not None and is_regressor(estimator)):
        return {}
    kind = type_of_target(y)
    if kind not in ("binary", "multiclass"):
        return {}
    classes, counts = np.unique(np.asarray(y), return_counts=True)
    # 300 different integers are more likely numbers than classes, if no classifier says otherwise.
    says_classes = estimator is not None and is_classifier(estimator)
    if not says_classes and classes.dtype.kind in "iuf" and len(classes) > max(20, len(y) ** 0.5):
        return {}
    order = np.argsort(-counts, kind="stable")
    return {classes[k].item() if hasattr(classes[k], "item") else classes[k]: int(counts[k]) for k in order}


def suggest_scoring(y: Any, estimator: Any = None) -> dict[str, Any]:
    """Return metrics that suit a target, to pass as `scoring=`.

    For classes that are about equally frequent: accuracy, ROC AUC, log loss. For
    others: balanced accuracy, F1, average precision, ROC AUC, log loss. With two
    classes, F1 and average precision are for the rarer one. For several labels in each
    row: F1, average precision and ROC AUC, averaged over labels. For numbers: R², root
    mean squared error and mean absolute error.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
    estimator : estimator, default=None
        A classifier or regressor. It tells whether y has classes if y has whole
        numbers.

    Returns
    -------
    scoring : dict
        Scorers by name. For all of them higher is better, so errors are negative.

    Raises
    ------
    ValueError
        If y is empty, some of it is missing, or it is the same in all rows.

    Examples
    --------
    >>> from sknet_hp.evaluation import suggest_scoring
    >>> list(suggest_scoring(["no"] * 90 + ["yes"] * 10))
    ['balanced_accuracy', 'f1', 'average_precision', 'roc_auc', 'neg_log_loss']
    """
    _require_target(y)
    counts = count_classes(y, estimator)
    if type_of_target(y) == "multilabel-indicator":
        return _get_scorers("f1_macro", "average_precision", "roc_auc")
    if not counts:
        return _get_scorers("r2", "neg_root_mean_squared_error", "neg_mean_absolute_error")
    two = len(counts) == 2
    auc = "roc_auc" if two else "roc_auc_ovr"
    if not _is_uneven(counts):
        return _get_scorers("accuracy", auc, "neg_log_loss")
    if not two:
        return _get_scorers("balanced_accuracy", "f1_macro", "average_precision", auc, "neg_log_loss")
    rare = list(counts)[-1]
    of_rare = {
        "f1": make_scorer(f1_score, pos_label=rare, zero_division=0),
        "average_precision": make_scorer(
            average_precision_score, response_method=("decision_function", "predict_proba"), pos_label=rare
        ),
    }
    return _get_scorers("balanced_accuracy") | of_rare | _get_scorers(auc, "neg_log_loss")


def _require_target(y: Any) -> None:
    """Refuse a target that no metric can score."""
    from pandas import isna

    if y is None or (hasattr(y, "__len__") and not len(y)):
        raise ValueError("y is empty: give the values to predict, one for each row")
    values = np.asarray(y, dtype=object)
    if np.any(isna(values)):
        raise ValueError(f"y is missing in {int(np.sum(isna(values)))} rows: leave them out")
    if values.ndim == 1 and len(values) > 1 and all(value == values[0] for value in values[1:]):
        raise ValueError(f"y is the same in all {len(values)} rows, so no metric tells one model from another")


def _get_scorers(*names: str) -> dict[str, Callable[..., float]]:
    return {name: get_scorer(name) for name in names}


def _is_uneven(counts: Mapping[Any, int]) -> bool:
    numbers = list(counts.values())
    return len(numbers) > 1 and numbers[0] / numbers[-1] >= UNEVEN


def _get_metric(scorer: Any) -> str:
    """Return the name of scikit-learn's metric that a scorer computes, or its own."""
    metric = getattr(scorer, "_score_func", scorer)
    return str(getattr(metric, "__name__", type(metric).__name__))


@check("accuracy_on_imbalanced_classes", "Accuracy where classes are not equally frequent")
def find_accuracy_on_imbalanced_classes(case: MetricCase) -> Iterable[Finding]:
    """Find accuracy as the only metric where always naming one class scores well."""
    counts = case.class_counts
    if len(case.scorers) != 1 or not _is_uneven(counts):
        return
    [(name, scorer)] = case.scorers.items()
    if _get_metric(scorer) not in ("accuracy_score", "_PassthroughScorer") and name != "accuracy":
        return
    n_rows, (first, *_, last) = sum(counts.values()), counts
    majority, ratio = counts[first] / n_rows, counts[first] / counts[last]
    metrics = ["balanced accuracy", "F1", "average precision", "ROC AUC", "log loss"]
    yield Finding(
        "accuracy_on_imbalanced_classes",
        "warning" if majority >= MAJORITY or ratio >= RARE else "info",
        f"{format_percentage(majority, 1)} of the rows are of class {first!r}, "
        f"{format_percentage(counts[last] / n_rows, 2)} of class {last!r}. Always predicting {first!r} has an "
        f"accuracy of {majority:.3f}, and errors on {last!r} hardly lower it.",
        {"share_of_most_frequent": majority, "most_frequent": first, "rarest": last, "ratio": ratio},
        f"Score by {', '.join(metrics[:-1])} or {metrics[-1]}: scoring=sknet_hp.evaluation.suggest_scoring(y).",
    )


@check("labels_in_probability_metric", "A metric of probabilities that is given labels")
def find_labels_in_probability_metric(case: MetricCase) -> Iterable[Finding]:
    """Find metrics of probabilities whose scorers ask for labels."""
    for name, scorer in case.scorers.items():
        metric = _get_metric(scorer)
        if metric in OF_PROBABILITIES and getattr(scorer, "_response_method", None) == "predict":
            better = "" if not metric.endswith(LOWER_IS_BETTER) else ", greater_is_better=False"
            yield Finding(
                "labels_in_probability_metric",
                "error",
                f"The scorer {name!r} computes {metric} from predicted labels, as if each were certain; "
                f"it needs probabilities.",
                {"metric": metric, "scorer": name},
                f'Make it with make_scorer({metric}, response_method="predict_proba"{better}), or use the name of one '
                f"of scikit-learn's scorers.",
            )


@check("error_taken_for_score", "An error that is taken for a score")
def find_error_taken_for_score(case: MetricCase) -> Iterable[Finding]:
    """Find scorers that are the higher, the worse the predictions."""
    for name, scorer in case.scorers.items():
        metric = _get_metric(scorer)
        if metric.endswith(LOWER_IS_BETTER) and getattr(scorer, "_sign", None) == 1:
            yield Finding(
                "error_taken_for_score",
                "error",
                f"The scorer {name!r} is {metric}, for which lower is better. Scores are maximised, so a search takes "
                f"the worst candidate.",
                {"metric": metric, "scorer": name},
                f"Make it with make_scorer({metric}, greater_is_better=False, …), which gives the negative.",
            )


METRIC_CHECKS = register(
    find_accuracy_on_imbalanced_classes, find_labels_in_probability_metric, find_error_taken_for_score
)
"""What can be wrong with metrics, by code."""
