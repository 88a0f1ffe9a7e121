"""What objects are made of, where their pickles would differ from process to process, or from one equal object to the next."""

from contextlib import suppress
from typing import Any

import numpy as np
from scipy import sparse, stats


def parts_of(value: Any) -> Any:
    """Plain values, arrays and other objects that say all about an object; None of one that its pickle tells best."""
    if value is np.random.mtrand._rand:
        return "the global one, whose state is nobody's setting"
    if isinstance(value, np.ma.MaskedArray):
        return [value.filled(), np.ma.getmaskarray(value)]
    if isinstance(value, np.ndarray):
        return [value.shape, value.tolist()] if value.dtype == object else None
    if sparse.issparse(value):  # which remembers whether somebody has asked for its order
        as_triples = value.tocoo()
        return [value.format, value.shape, as_triples.row, as_triples.col, as_triples.data]
    if isinstance(value, (stats.rv_continuous, stats.rv_discrete)):
        return value._updated_ctor_param()
    if hasattr(value, "dist") and hasattr(value, "kwds"):  # a frozen distribution of SciPy
        return [value.dist, value.args, value.kwds]
    if hasattr(value, "detach") and hasattr(value, "tolist"):  # a tensor of torch, of any type
        dense = value.detach().cpu().to_dense()
        return [str(dense.dtype), tuple(dense.shape), dense.tolist()]
    if hasattr(value, "initial_seed") and hasattr(value, "get_state"):  # a generator of torch
        return value.get_state()
    if all(getattr(type(value), name) is getattr(object, name) for name in ("__reduce_ex__", "__reduce__")):
        with suppress(Exception):  # whatever a way of its own says
            return value.__getstate__()  # what the usual way of pickling tells, part by part
    return None


def learned(estimator: Any) -> dict[str, Any]:
    """What a fitted estimator has learned; of networks their weights, beside which they remember times."""
    if isinstance(getattr(estimator, "parameters_", None), np.ndarray):
        return {name: getattr(estimator, name) for name in ("parameters_", "buffers_") if hasattr(estimator, name)}
    return {name: part for name, part in vars(estimator).items() if name.endswith("_") and not name.startswith("_")}
