"""Encoding a table in one call, with what must always hold."""

import numpy as np

from sknet_hp.estimators.encoding.table_encoder import TableEncoder

NAN = np.nan


def encode(X, X_new=None, sample_weight=None, **parameters):
    encoder = TableEncoder(**parameters)
    encoded = encoder.fit_transform(X, sample_weight)
    assert encoded.dtype == np.float32
    assert encoded.flags.c_contiguous
    assert np.isfinite(encoded).all()
    assert encoded.shape == (len(X), len(encoder.get_feature_names_out()))
    np.testing.assert_array_equal(encoder.transform(X), encoded)
    if X_new is None:
        return encoded
    encoded_new = encoder.transform(X_new)
    assert encoded_new.dtype == np.float32
    assert np.isfinite(encoded_new).all()
    return encoded_new


def make_column(values):
    column = np.empty((len(values), 1), dtype=object)
    column[:, 0] = values
    return column


def list_names_out(X, **parameters):
    encoder = TableEncoder(**parameters)
    encoder.fit_transform(X)
    return list(encoder.get_feature_names_out())
