"""Predictions and truth, of an evaluation's outer folds or of a fitted estimator."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, column_or_1d

from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.evaluation.record import EvaluationRecord
from sknet_hp.formatting.numbers import format_count


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
    if isinstance(evaluation, EvaluationRecord):
        advice = "call that with the same `journal` to finish the evaluation, or show its record with `report`"
    if hasattr(evaluation, "cv_results_"):
        advice = "a search's own scores are in SearchHistoryDisplay.from_search; give nested_cross_validate the search"
    raise TypeError(f"the result of nested_cross_validate is needed, got {kind}; {advice}")


def read_evaluation(evaluation: Any, output: int | str | None = None) -> Predictions:
    """Return the out-of-fold predictions of an evaluation.

    Parameters
    ----------
    evaluation : NestedResult
    output : int or str, default=None
        Which, of several: its number or its name.

    Raises
    ------
    TypeError
        If it is none.
    ValueError
        If it has no predictions or no targets, or there are several outputs and none is
        chosen.
    """
    check_evaluation(evaluation)
    known = [each for each in evaluation.outcomes if each is not None and each.predictions is not None]
    frame = evaluation.predictions
    names = [str(name) for name in frame]
    if not known or not any(name == "y" or name.startswith("y_") for name in names):
        raise ValueError(
            f"the evaluation has no predictions to compare with targets: its folds are {evaluation.statuses}, its "
            f"predictions have the columns {names}"
        )
    classes = [each.classes for each in known if each.classes is not None]
    labels = np.unique(np.concatenate(classes)) if classes else None
    probabilities = None
    if labels is not None and any(name.startswith("probability_") for name in names):
        probabilities = frame[[f"probability_{label}" for label in labels]].to_numpy(dtype=float)
    n_repeats, target = 1 + int(frame["repeat"].max()), evaluation.target_name
    if "y" in names:
        _choose_output(output, [target])
        return Predictions(
            frame["y"].to_numpy(), frame["prediction"].to_numpy(), probabilities, labels, n_repeats, target
        )
    outputs = _name_outputs(evaluation.data.y, sum(name.startswith("y_") for name in names))
    k = _choose_output(output, outputs)
    truth, predicted = frame[f"y_{k}"].to_numpy(), frame[f"prediction_{k}"].to_numpy()
    return _make_label(truth, predicted, None if probabilities is None else probabilities[:, k], n_repeats, outputs[k])


def read_estimator(estimator: Any, X: Any, y: Any, output: int | str | None = None) -> Predictions:
    """Return what a fitted estimator predicts.

    Parameters
    ----------
    estimator : fitted classifier or regressor
    X : table of shape (n_rows, n_columns)
        Rows that it has not been fitted on.
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
    output : int or str, default=None
        Which, of several: its number or its name.

    Raises
    ------
    ValueError
        If there are several outputs and none is chosen.
    """
    check_consistent_length(X, y)
    truth, predicted = np.asarray(y), np.asarray(estimator.predict(X))
    if truth.ndim > 1 and truth.shape[1] == 1:
        truth, predicted = truth[:, 0], predicted.reshape(len(truth))
    probabilities = estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else None
    if truth.ndim == 1:
        _choose_output(output, [_find_name(y)])
        classes = None if probabilities is None else np.asarray(estimator.classes_)
        return Predictions(truth, predicted, probabilities, classes, 1, _find_name(y))
    outputs = _name_outputs(y, truth.shape[1])
    k = _choose_output(output, outputs)
    if isinstance(probabilities, list):  # a table for each output, by scikit-learn's convention
        probabilities, classes = np.asarray(probabilities[k]), np.asarray(estimator.classes_[k])
        return Predictions(truth[:, k], predicted[:, k], probabilities, classes, 1, outputs[k])
    return _make_label(
        truth[:, k], predicted[:, k], None if probabilities is None else probabilities[:, k], 1, outputs[k]
    )


def read_labels(y_true: Any, y_pred: Any) -> Predictions:
    """Return predicted classes beside the true ones, both of shape (n,).

    Raises
    ------
    ValueError
        If they are numbers that are no classes.
    """
    truth, predicted = _check_columns(y_true, y_pred)
    if any(type_of_target(side).startswith("continuous") for side in (truth, predicted)):
        raise ValueError("a confusion matrix needs classes, got numbers; see ResidualsDisplay")
    return Predictions(truth, predicted, None, np.unique(np.concatenate([truth, predicted])), 1, _find_name(y_true))


def read_numbers(y_true: Any, y_pred: Any) -> Predictions:
    """Return predicted numbers beside the true ones, both of shape (n,).

    Raises
    ------
    ValueError
        If some are NaN or infinite.
    """
    truth, predicted = _check_columns(y_true, y_pred)
    for name, side in (("y_true", truth), ("y_pred", predicted)):
        if side.dtype.kind == "f" and not np.isfinite(side).all():
            raise ValueError(f"{name} has {format_count(int((~np.isfinite(side)).sum()), 'value')} NaN or infinite")
    return Predictions(truth, predicted, None, None, 1, _find_name(y_true))


def read_probabilities(y_true: Any, y_prob: Any, pos_label: Any = None) -> Predictions:
    """Return probabilities beside the true classes.

    Parameters
    ----------
    y_true : array-like of shape (n,)
    y_prob : array-like of shape (n,) or (n, n_classes)
        Of `pos_label`, or of all classes in their order.
    pos_label : label, default=None
        None is the second of two classes.

    Raises
    ------
    ValueError
        If they are no probabilities, or not of the classes in `y_true`.
    """
    check_consistent_length(y_true, y_prob)
    truth, table = np.asarray(y_true), np.asarray(y_prob, dtype=float)
    if not ((table >= 0) & (table <= 1)).all():
        raise ValueError(
            f"y_prob must be probabilities from 0 to 1, got values from {np.min(table):.4g} to {np.max(table):.4g}"
        )
    classes = np.unique(truth)
    n_columns = 2 if table.ndim == 1 else table.shape[1]
    if len(classes) != n_columns:
        raise ValueError(
            f"y_prob of shape {table.shape} needs {n_columns} classes in y_true, got {len(classes)}: {classes.tolist()}"
        )
    if table.ndim == 1:
        is_first = pos_label is not None and pos_label == classes[0]
        table = np.column_stack([table, 1 - table] if is_first else [1 - table, table])
    return Predictions(truth, classes[table.argmax(axis=1)], table, classes, 1, _find_name(y_true))


def _check_columns(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    check_consistent_length(y_true, y_pred)
    return column_or_1d(y_true), column_or_1d(y_pred)


def _make_label(
    truth: np.ndarray, predicted: np.ndarray, probability: np.ndarray | None, n_repeats: int, name: str
) -> Predictions:
    """Return the predictions of one of several outputs.

    Parameters
    ----------
    truth, predicted : (n,)
    probability : (n,) that rows have this label; None for numbers.
    n_repeats : how often each row is there.
    name : of the output.
    """
    if probability is None:
        return Predictions(truth, predicted, None, None, n_repeats, name)
    table = np.column_stack([1 - probability, probability])
    return Predictions(truth, predicted, table, np.array([0, 1]), n_repeats, name)


def _find_name(y: Any) -> str:
    """Return the name of a series, "" of what has none."""
    name = getattr(y, "name", None)
    return "" if name is None or callable(name) else str(name)


def _name_outputs(y: Any, n_outputs: int) -> list[str]:
    """Return what several outputs are called: like their columns, if they have any."""
    columns = getattr(y, "columns", None)
    return [f"output {k}" for k in range(n_outputs)] if columns is None else [str(column) for column in columns]


def _choose_output(output: int | str | None, names: list[str]) -> int:
    """Return the number of an output.

    Raises
    ------
    ValueError
        If there are several and none is chosen, or it is not there.
    """
    if output is None and len(names) == 1:
        return 0
    if isinstance(output, str) and output in names:
        return names.index(output)
    if isinstance(output, (int, np.integer)) and 0 <= output < len(names):
        return int(output)
    named = "" if names[0] in ("", "output 0") else f" or one of {names}"
    raise ValueError(
        f"the target has {format_count(len(names), 'output')}, of which one is shown: give output=, a number from 0 to "
        f"{len(names) - 1}{named}; got {output!r}"
    )
