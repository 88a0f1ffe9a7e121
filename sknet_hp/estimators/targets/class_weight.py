"""Class weights: factors on the weights of rows, by their class or by their labels."""

from numbers import Real
from typing import Any

import numpy as np

from sknet_hp.estimators.targets.labels import ClassTarget


def balance_classes(target: ClassTarget, codes: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return the weights with which all classes count the same.

    They are the weight of all rows / (number of classes · weight of the class's rows),
    as `sklearn.utils.class_weight.compute_class_weight` has it; for each label by
    itself where rows may have several. What has no weight here weighs 1.

    Parameters
    ----------
    target : what the codes mean.
    codes : (n_rows,) class numbers, or (n_rows, n_labels) of 0 and 1.
    sample_weight : (n_rows,) or None.

    Returns
    -------
    ndarray of shape (n_classes,) or (n_labels, 2)

    Raises
    ------
    ValueError
        If a class has no rows.
    """
    if target.multilabel:
        weight = np.ones(len(codes)) if sample_weight is None else sample_weight
        present = weight @ codes.astype(np.float64)
        return np.stack(
            [_invert_counts(np.array(counts)) for counts in zip(weight.sum() - present, present, strict=True)]
        )
    rows = np.bincount(codes, minlength=len(target.classes))
    if (rows == 0).any():
        raise ValueError(
            f"class_weight='balanced' goes by how frequent the classes are in the first call, which has no rows of "
            f"{_list_some(target.classes[rows == 0])}; give it rows of each class, or class_weight as a dict with a "
            f"weight for each"
        )
    return _invert_counts(rows if sample_weight is None else np.bincount(codes, sample_weight, minlength=len(rows)))


def read_class_weights(target: ClassTarget, given: dict[Any, Any]) -> np.ndarray:
    """Return the weights (n_classes,) that a dict gives; 1 for classes it leaves out.

    Raises
    ------
    ValueError
        If it gives no usable weights to the classes of this target.
    """
    if target.multilabel:
        raise ValueError(
            f"class_weight={given!r} gives weights by label, but a row of this y may have several labels; use "
            f"class_weight='balanced', or sample_weight"
        )
    wrong = {
        label: weight
        for label, weight in given.items()
        if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf)
    }
    if wrong:
        raise ValueError(f"class_weight={given!r} must give finite weights of 0 or more, got {wrong!r}")
    labels = target.classes.tolist()
    left_out = [label for label in labels if label not in given]
    unknown = [label for label in given if label not in labels]
    if left_out and unknown:  # as scikit-learn: with a weight for each class, others may be named besides
        raise ValueError(
            f"class_weight={given!r} names {_list_some(unknown)}, not among the classes {_list_some(labels)} of y, "
            f"and leaves out {_list_some(left_out)}; correct the labels, or give a weight for each class"
        )
    weights = np.array([given.get(label, 1) for label in labels], dtype=np.float64)
    if not weights.any():
        raise ValueError(
            f"class_weight={given!r} gives every class of y the weight 0; at least one needs a positive one to learn "
            f"from"
        )
    return weights


def weigh_rows(target: ClassTarget, weights: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return (n_rows,) the factor of each row's class, or the product over labels."""
    if not target.multilabel:
        return weights[codes]
    return np.where(codes > 0, weights[:, 1], weights[:, 0]).prod(axis=1)


def _invert_counts(counts: np.ndarray) -> np.ndarray:
    """Return weights in inverse proportion to counts; 1 where the count is zero."""
    present = counts > 0
    return np.where(present, counts.sum() / (np.count_nonzero(present) * np.where(present, counts, 1)), 1.0)


def _list_some(labels: Any) -> str:
    """Return labels for an error message, cut after ten."""
    labels = list(np.asarray(labels, dtype=object))
    return f"{labels[:10]}"[:-1] + (", ...]" if len(labels) > 10 else "]")
