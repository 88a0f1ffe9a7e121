"""Labels: from the y of users to what networks are trained on, and back."""

from dataclasses import dataclass
from numbers import Integral
from reprlib import repr as short

import numpy as np
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from sknet_hp.estimators.encoding.tables.cells import is_missing
from sknet_hp.estimators.types import ArrayLike

_WHOLE_UNTIL = 2**53  # from there on a float no longer holds every whole number


def _number_labels(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct labels, sorted, and each row's number among them."""
    if y.dtype.kind in "iu" and len(y):
        low, high = int(y.min()), int(y.max())
        if high - low < 1000 and high < 2**62:  # as below, without sorting
            shifted = y.astype(np.int64) - low
            present = np.bincount(shifted) > 0
            return (np.flatnonzero(present) + low).astype(y.dtype), (np.cumsum(present) - 1)[shifted]
    check_classification_targets(y)
    seen, codes = np.unique(y, return_inverse=True)
    return seen, codes


def is_multilabel(y: ArrayLike) -> bool:
    """Return whether y is a matrix that says which labels each row has."""
    two = len(getattr(y, "shape", ())) == 2 or (
        isinstance(y, list) and len(y) > 0 and isinstance(y[0], (list, tuple, np.ndarray))
    )
    return two and type_of_target(y, input_name="y") == "multilabel-indicator"


def is_integer_array(labels: ArrayLike) -> bool:
    """Return whether labels are integers in an array of one dimension.

    Of such labels nothing is to be checked.
    """
    return type(labels) is np.ndarray and labels.ndim == 1 and labels.dtype.kind in "iu"


@dataclass(eq=False)
class ClassTarget:
    """Labels, which networks are given as class numbers, or as an indicator matrix.

    The latter where rows may have several labels.

    Attributes
    ----------
    classes : (n_classes,) the labels, sorted; the numbers of the columns where rows may
        have several.
    multilabel : whether they may.
    """

    classes: np.ndarray
    multilabel: bool = False

    @classmethod
    def learn(cls, y: ArrayLike, classes: ArrayLike | None) -> "tuple[ClassTarget, np.ndarray]":
        """Return what y is, and y encoded; `classes` may have labels that y has not."""
        if is_multilabel(y):
            matrix = _read_indicator(y)
            target = cls(np.arange(matrix.shape[1]), True)
            target.check_classes(classes)
            return target, matrix
        y = _read_column(y)
        seen, codes = _number_labels(y)
        if classes is None:
            return cls(seen), codes
        target = cls(_read_classes(classes))
        return target, target._match_classes(y, seen, codes)

    def check_classes(self, classes: ArrayLike | None) -> None:
        """Refuse classes, if any are given, that are not these."""
        if classes is not None and not np.array_equal(_read_classes(classes), self.classes):
            raise ValueError(
                f"classes={np.asarray(classes)[:10].tolist()} are not the classes {self.classes[:10].tolist()} of "
                f"this network, which stay; leave them out, or start again with fit"
            )

    def encode(self, y: ArrayLike) -> np.ndarray:
        """Return class numbers (n_rows,), or the matrix (n_rows, n_labels) float32."""
        if self.multilabel:
            matrix = _read_indicator(y)
            if matrix.shape[1] != len(self.classes):
                raise ValueError(
                    f"y has {matrix.shape[1]} columns of labels, but this network was trained for {len(self.classes)}"
                )
            return matrix
        y = _read_column(y)
        return self._match_classes(y, *_number_labels(y))

    def _match_classes(self, y: np.ndarray, seen: np.ndarray, codes: np.ndarray) -> np.ndarray:
        if len(seen) == len(self.classes) and (seen == self.classes).all():
            return codes
        classes = self.classes
        if {seen.dtype.kind, classes.dtype.kind} == {"i", "u"}:  # NumPy would compare them as floats
            y, seen, classes = y.astype(object), seen.astype(object), classes.astype(object)
        unknown = np.setdiff1d(seen, classes)
        if len(unknown):
            raise ValueError(
                f"y holds the labels {unknown[:5].tolist()}, which are not among the classes "
                f"{self.classes[:10].tolist()} this network knows"
            )
        return np.searchsorted(classes, y)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the labels, or the indicator matrix, that `encode` was given."""
        return codes.astype(np.int64) if self.multilabel else self.classes[codes]

    def compute_probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return probabilities (n_rows, n_classes) from a network's outputs.

        They are float64; where rows may have several labels, of each label by itself.
        """
        outputs = outputs.astype(np.float64)
        if self.multilabel:
            with np.errstate(over="ignore"):
                return 1 / (1 + np.exp(-outputs))
        outputs -= outputs.max(axis=1, keepdims=True)
        np.exp(outputs, out=outputs)
        outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    def choose_labels(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the most probable label of each row, (n_rows,).

        Where rows may have several: an indicator of those more probable than not.
        """
        return (probabilities > 0.5).astype(np.int64) if self.multilabel else self.classes[probabilities.argmax(axis=1)]

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        """Return the labels that `choose_labels` gives for a network's outputs."""
        return self.choose_labels(self.compute_probabilities(outputs))


def _read_column(y: ArrayLike) -> np.ndarray:
    if is_integer_array(y):
        return np.ascontiguousarray(y)
    y = column_or_1d(_keep_values(y), warn=True)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    _check_labels(y, "y")
    return y


def _keep_values(labels: ArrayLike) -> ArrayLike:
    """Return labels as an array that keeps their values.

    Some types NumPy has not, and of some scikit-learn knows nothing; other labels are
    returned as they are.
    """
    if getattr(labels, "ndim", 1) == 2 and hasattr(labels, "iloc") and labels.shape[1] == 1:
        column = _keep_values(labels.iloc[:, 0])
        return column.reshape(-1, 1) if isinstance(column, np.ndarray) else labels
    kind = getattr(getattr(labels, "dtype", None), "numpy_dtype", None)  # of nullable and Arrow's types in pandas
    if kind is not None and kind.kind in "iub":
        if labels.isna().any():
            return labels.to_numpy(dtype=np.float64, na_value=np.nan)
        return labels.to_numpy(dtype=kind)  # not by way of float64, which makes neighbours of large integers one
    return labels.astype(object) if isinstance(labels, np.ndarray) and labels.dtype.kind == "T" else labels


def _read_classes(given: ArrayLike) -> np.ndarray:
    """Return labels given as `classes`, sorted."""
    labels = np.asarray(_keep_values(given))
    _check_labels(labels, "classes")
    return unique_labels(labels)


def _check_labels(labels: np.ndarray, name: str) -> None:
    """Refuse what is no label.

    That are missing values; floats that may be several integers; and objects that are
    no strings, which scikit-learn takes for targets of a regression, or fails to sort.
    """
    if labels.dtype.kind == "f" and (large := labels[np.abs(labels.astype(np.float64)) >= _WHOLE_UNTIL]).size:
        raise ValueError(
            f"{name} holds {large[0]:g}, and from 2**53 on floats can not tell whole numbers apart; give labels as "
            f"integers, without missing ones among them, or as strings"
        )
    if labels.dtype.kind in "mM" and np.isnat(labels).any():
        raise ValueError(
            f"{name} holds NaT at position {np.isnat(labels).argmax()}, which is not a label; leave it out"
        )
    if labels.dtype.kind != "O" or set(map(type, labels)) == {str}:
        return
    for position, label in enumerate(labels):
        if is_missing(label):
            raise ValueError(
                f"{name} holds {label!r} at position {position}, which is not a label; leave it out, or use a label of "
                f"your own for it"
            )
        if not isinstance(label, str):
            long = isinstance(label, Integral) and not -(2**63) <= int(label) < 2**64
            instead = (
                "it has more than 64 bits, so make all of them strings"
                if long
                else "make all of them numbers, astype(int), or strings"
            )
            raise ValueError(
                f"Unknown label type: {name} is an array of objects, of which {short(label)} at position {position} "
                f"is not a string; {instead}, astype(str)"
            )


def _read_indicator(y: ArrayLike) -> np.ndarray:
    matrix = check_array(y, accept_sparse=True, input_name="y", dtype=np.float32)
    matrix = np.ascontiguousarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
    if not ((matrix == 0) | (matrix == 1)).all():
        raise ValueError(
            f"y has two dimensions and says which labels each row has, so it must hold 0 and 1 only, but it holds "
            f"{np.unique(matrix)[:5].tolist()}; for one label a row give one column"
        )
    return matrix
