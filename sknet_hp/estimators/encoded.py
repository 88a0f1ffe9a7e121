"""Encoded rows. The candidates of a search learn from the same rows, split by split: their tasks encode them once."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import numpy as np
from sklearn.utils.validation import _num_samples, validate_data

from sknet_hp.estimators.preprocessing import TableEncoder
from sknet_hp.fusion.entry import kept_by_tasks


def learned(encoder: TableEncoder, X: Any, weight: np.ndarray | None, estimator: Any) -> tuple[TableEncoder, np.ndarray]:
    """An encoder that has learned from X, and what it makes of it: `encoder.fit_transform`, or what that came to in another task."""

    def make() -> tuple[np.ndarray, TableEncoder]:
        return encoder.fit_transform(X, weight, estimator=estimator), encoder

    if not _takes_long(encoder, X):
        return make()[::-1]
    rows, known = _found(("learned", encoder.get_params(), X, weight), make, X, estimator, reset=True)
    return known if known is encoder else copy(known), rows


def encoded(encoder: TableEncoder, X: Any, estimator: Any) -> np.ndarray:
    """`encoder.transform`, or what that came to in another task."""
    if not _takes_long(encoder, X):
        return encoder.transform(X, estimator=estimator)
    return _found(("encoded", vars(encoder), X), lambda: (encoder.transform(X, estimator=estimator), encoder), X, estimator, reset=False)[0]


def encoded_in_parts(encoder: TableEncoder, X: Any, estimator: Any) -> Iterator[np.ndarray]:
    """`encoder.transform_in_parts`, or, where that is a single part, `encoded`."""
    if kept_by_tasks() is not None and encoder.in_one_part(_num_samples(X)):
        yield encoded(encoder, X, estimator)
    else:
        yield from encoder.transform_in_parts(X, estimator=estimator)


def _takes_long(encoder: TableEncoder, X: Any) -> bool:
    """Numbers that are only brought onto a scale are encoded as fast as they are recognised."""
    return encoder.n_bins > 0 or not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf"


Made = tuple[np.ndarray, TableEncoder]


def _found(content: Any, make: Callable[[], Made], X: Any, estimator: Any, *, reset: bool) -> Made:
    """What follows from the content, made here or in another task; the estimator is told of X in either case."""
    kept = kept_by_tasks()
    name = None if kept is None else _name(content)
    if kept is None or name is None:
        return make()
    made: list[Made] = []

    def here() -> Made:
        made.append(make())
        return made[0]

    found = kept.find(name, here)
    if not made:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    return found


def _name(content: Any) -> str | None:
    """The same for equal content only; None for what can not be read through."""
    digest = hashlib.sha256()
    try:
        # Not joblib.hash, which can pass over cells that raise a TypeError.
        digest.update(pickle.dumps(content, protocol=5, buffer_callback=lambda buffer: digest.update(buffer.raw())))
    except Exception:  # whatever cells of a table raise when they are pickled
        return None
    return digest.hexdigest()
