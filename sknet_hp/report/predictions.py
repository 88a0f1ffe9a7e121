"""Predictions and truth, of an evaluation's outer folds or of a fitted estimator."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sknet_hp.evaluation.nested.result import NestedResult


@dataclass(frozen=True)
class Predictions:
    """What was predicted for rows, and what is true.

    Attributes
    ----------
    y : ndarray of shape (n,)
        What is true.
    predicted : ndarray of shape (n,)
    probabilities : ndarray of shape (n, n_classes), or None
    classes : ndarray of shape (n_classes,), or None
        Of the columns of `probabilities`.
    n_repeats : int
        How often each row is there.
    target : str
        What is predicted, where it has a name.
    """

    y: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None
    classes: np.ndarray | None
    n_repeats: int
    target: str = ""


def check_evaluation(evaluation: Any) -> None:
    """Refuse what is no result of `nested_cross_validate`.

    Raises
    ------
    TypeError
    """
    if isinstance(evaluation, NestedResult):
        return
    kind, advice = type(evaluation).__name__, "pictures of fitted estimators have `from_estimator`"
    if hasattr(evaluation, "cv_results_"):
        advice = "a search's own scores are in SearchHistoryDisplay.from_search; give nested_cross_validate the search"
    raise TypeError(f"the result of nested_cross_validate is needed, got {kind}; {advice}")


def read_evaluation(evaluation: Any, output: int | None = None) -> Predictions:
    """Return the out-of-fold predictions of an evaluation.

    Parameters
    ----------
    evaluation : NestedResult
    output : int, default=None
        Which, of several.

    Raises
    ------
    TypeError
        If it is none.
    ValueError
        If it has no predictions or no targets, or there are several outputs and none is
        chosen.
    """
    check_evaluation(evaluation)
    known = [
        (split, each)
        for split, each in zip(evaluation.splits, evaluation.outcomes, strict=True)
        if each is not None and each.predictions is not None
    ]
    frame = evaluation.predictions
    names = [str(name) for name in frame]
    if not known or not any(name == "y" or name.startswith("y_") for name in names):
        raise ValueError(
            f"the evaluation has no predictions to compare with targets: its folds are {evaluation.statuses}, its "
            f"predictions have the columns {names}"
        )
    suffix = "" if "y" in names else f"_{_check_output(output, sum(name.startswith('y_') for name in names))}"
    classes = [each.classes for _, each in known if each.classes is not None]
    labels = np.unique(np.concatenate(classes)) if classes else None
    probabilities = None
    if labels is not None and any(name.startswith("probability_") for name in names):
        probabilities = frame[[f"probability_{label}" for label in labels]].to_numpy(dtype=float)
    return Predictions(
        frame[f"y{suffix}"].to_numpy(),
        frame[f"prediction{suffix}"].to_numpy(),
        probabilities,
        labels,
        1 + int(frame["repeat"].max()),
        evaluation.target_name,
    )


def read_estimator(estimator: Any, X: Any, y: Any, output: int | None = None) -> Predictions:
    """Return what a fitted estimator predicts.

    Parameters
    ----------
    estimator : fitted classifier or regressor
    X : table of shape (n_rows, n_columns)
        Rows that it has not been fitted on.
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
    output : int, default=None
        Which, of several.

    Raises
    ------
    ValueError
        If there are several outputs and none is chosen.
    """
    check_consistent_length(X, y)
    truth, predicted = np.asarray(y), np.asarray(estimator.predict(X))
    if truth.ndim > 1 and truth.shape[1] == 1:
        truth, predicted = truth[:, 0], predicted.reshape(len(truth))
    if truth.ndim > 1:
        k = _check_output(output, truth.shape[1])
        truth, predicted = truth[:, k], predicted[:, k]
    probabilities = classes = None
    if hasattr(estimator, "predict_proba"):
        probabilities, classes = np.asarray(estimator.predict_proba(X)), np.asarray(estimator.classes_)
    return Predictions(truth, predicted, probabilities, classes, 1, _find_name(y))


def _find_name(y: Any) -> str:
    """Return the name of a series, "" of what has none."""
    name = getattr(y, "name", None)
    return "" if name is None or callable(name) else str(name)


def _check_output(output: int | None, n_outputs: int) -> int:
    if output is None or not 0 <= output < n_outputs:
        raise ValueError(
            f"the target has {n_outputs} outputs, of which one is shown: give output=, a number from 0 to "
            f"{n_outputs - 1}; got {output!r}"
        )
    return output
