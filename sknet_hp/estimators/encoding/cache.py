"""Encoding through a cache that the tasks of a fused call share.

The candidates of a search learn from the same rows, split by split: their tasks encode
them once.
"""

import hashlib
import pickle
import warnings
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _num_samples, validate_data

from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.types import TableLike
from sknet_hp.fusion.interface import get_task_cache
from sknet_hp.nets.inputs import Inputs


def learn_cached(
    encoder: TableEncoder, X: TableLike, weight: np.ndarray | None, estimator: BaseEstimator
) -> tuple[TableEncoder, Inputs]:
    """Learn from a table and encode it, or take both from another task's work.

    What the encoder notes about X becomes a warning in either case.

    Returns
    -------
    encoder : TableEncoder
        One that has learned from X: the given one, or a copy of another task's.
    rows : Inputs
        The encoded table.
    """
    own = encoder

    def make() -> tuple[Inputs, TableEncoder]:
        rows = encoder.learn(X, weight, estimator=estimator)
        return rows, deepcopy(encoder)  # as it is now, whatever becomes of the estimator's

    cache, key = get_task_cache(), _compute_key(encoder, X, ("learned", encoder.get_params(), weight))
    if cache is None or key is None:
        rows = encoder.learn(X, weight, estimator=estimator)
    else:
        rows, known = cache.get_or_make(key, make)
        if not hasattr(encoder, "n_features_in_"):  # it came from elsewhere
            own = deepcopy(known)
            validate_data(estimator, X, reset=True, skip_check_array=True)
            if hasattr(estimator, "feature_names_in_"):
                own.feature_names_in_ = estimator.feature_names_in_
    for note in own.notes_:
        warnings.warn(note, UserWarning, stacklevel=2)
    return own, rows


def encode_cached(encoder: TableEncoder, X: TableLike, estimator: BaseEstimator) -> Inputs:
    """Encode a table, or take the rows that another task has encoded."""
    made: list[Inputs] = []

    def make() -> tuple[Inputs, None]:
        made.append(encoder.encode(X, estimator=estimator))
        return made[0], None

    cache, key = get_task_cache(), _compute_key(encoder, X, ("encoded", vars(encoder)))
    if cache is None or key is None:
        return make()[0]
    rows, _ = cache.get_or_make(key, make)
    if not made:
        validate_data(estimator, X, reset=False, skip_check_array=True)
    return rows


def encode_in_parts_cached(encoder: TableEncoder, X: TableLike, estimator: BaseEstimator) -> Iterator[Inputs]:
    """Encode a table in parts; through the cache where that is a single part."""
    if get_task_cache() is not None and _is_one_part(encoder, X):
        yield encode_cached(encoder, X, estimator)
    else:
        yield from encoder.encode_in_parts(X, estimator=estimator)


def _is_one_part(encoder: TableEncoder, X: TableLike) -> bool:
    try:
        return encoder.is_one_part(_num_samples(X))
    except TypeError:  # no table, as the encoder will say better
        return False


def _compute_key(encoder: TableEncoder, X: TableLike, rest: Any) -> str | None:
    """Compute a key in the cache, which is the same for equal content only.

    It is None for what can not be read through, or is not worth it.
    """
    if get_task_cache() is None or (encoder.n_bins == 0 and isinstance(X, np.ndarray) and X.dtype.kind in "biuf"):
        return None  # numbers that are only brought onto a scale are encoded as fast as they are recognised
    digest = hashlib.sha256()
    try:
        # Not joblib.hash, which can pass over cells that raise a TypeError.
        digest.update(pickle.dumps((X, rest), protocol=5, buffer_callback=lambda buffer: digest.update(buffer.raw())))
    except Exception:  # whatever cells of a table raise when they are pickled
        return None
    return digest.hexdigest()
