"""What rows count for, and which count at all: `sample_weight` times `class_weight`."""

from typing import Any

import numpy as np
from sklearn.utils import compute_class_weight

from sknet_hp.estimators.targets import ClassTarget

_SMALLEST = float(np.finfo(np.float32).tiny)  # what is less is zero to the processor while it trains


class ClassWeights:
    """The weights of the classes; where rows may have several labels, the product over labels of the weights of having and not having it.

    Attributes
    ----------
    columns : for each column of class numbers, the weight of each number.
    """

    def __init__(self, class_weight: Any, target: ClassTarget, codes: np.ndarray, sample_weight: np.ndarray | None):
        """What "balanced" says goes by these rows, class numbers (n_rows,) or an indicator (n_rows, n_labels)."""
        if isinstance(class_weight, dict):
            if target.multilabel:
                raise ValueError(
                    f"class_weight={class_weight!r} is for one label a row, but y has {len(target.classes)} columns of labels; use 'balanced' or None"
                )
            self.columns = [_given(class_weight, target.classes)]
        else:
            n_codes = 2 if target.multilabel else len(target.classes)
            self.columns = [_balanced(column, n_codes, sample_weight) for column in _columns(codes)]
        if not all((weights >= 0).all() for weights in self.columns):
            raise ValueError(f"class_weight={class_weight!r} must hold numbers that are not negative")

    def of(self, codes: np.ndarray) -> np.ndarray:
        """(n_rows,) the weights of rows of these class numbers."""
        return np.prod([weights[column] for weights, column in zip(self.columns, _columns(codes), strict=True)], axis=0)


def _columns(codes: np.ndarray) -> np.ndarray:
    return codes.reshape(len(codes), -1).T.astype(np.int64)


def _given(class_weight: dict, classes: np.ndarray) -> np.ndarray:
    """(n_classes,) the weights by label, 1 where there is none."""
    # As scikit-learn's `compute_class_weight`, which takes "1" for 1.
    missing = [label for label in classes if label not in class_weight]
    if missing and len(classes) - len(missing) != len(class_weight):
        raise ValueError(
            f"The classes, {np.array(missing).tolist()}, are not in class_weight={class_weight!r}, which has labels that are none of the classes"
        )
    return np.array([class_weight.get(label, 1.0) for label in classes], dtype=np.float64)


def _balanced(codes: np.ndarray, n_codes: int, sample_weight: np.ndarray | None) -> np.ndarray:
    """(n_codes,) weights with which all classes that occur in rows that count have the same total; 1 for others."""
    if sample_weight is not None:
        codes, sample_weight = codes[sample_weight > 0], sample_weight[sample_weight > 0]
    present = np.unique(codes)
    weights = np.ones(n_codes)
    weights[present] = compute_class_weight("balanced", classes=present, y=codes, sample_weight=sample_weight)
    return weights


def training_weight(codes: np.ndarray, sample_weight: np.ndarray | None, classes: ClassWeights | None) -> np.ndarray | None:
    """(n_rows,) float32, what rows count for in the loss, as shares of the largest: only ratios matter. None if all count the same."""
    if classes is None:
        weight = sample_weight
    else:
        weight = classes.of(codes) if sample_weight is None else classes.of(codes) * sample_weight
    if weight is None:
        return None
    if not weight.any():
        raise ValueError("class_weight leaves no row to learn from or to validate on: those of positive weight belong to classes of weight zero")
    weight = (weight / weight.max()).astype(np.float32)
    weight[weight < _SMALLEST] = 0.0
    return weight


def counting(weight: np.ndarray | None) -> np.ndarray | None:
    """Numbers of the rows of positive weight; None stands for all."""
    return None if weight is None or weight.all() else np.flatnonzero(weight)
