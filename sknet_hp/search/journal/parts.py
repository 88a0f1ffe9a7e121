"""What objects are made of.

It is asked where pickles would differ from process to process, or between equal
objects.
"""

import functools
import random
import weakref
from collections.abc import Iterator
from contextlib import suppress
from types import FunctionType, MappingProxyType
from typing import Any

import numpy as np
from scipy import sparse, stats

UNKNOWN = object()
"""Stands for the parts of an object that its pickle describes best."""


def take_apart(value: Any) -> Any:
    """Return plain values, arrays and other objects that say all about an object.

    It is `UNKNOWN` for an object that its pickle describes best.
    """
    if value is np.random.mtrand._rand:
        return "the global one, whose state is nobody's setting"
    if isinstance(value, (weakref.ref, weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.WeakSet)):
        return "a memory of what is there anyway"
    if isinstance(value, np.ma.MaskedArray):
        return [value.filled(), np.ma.getmaskarray(value)]
    if isinstance(value, np.ndarray):
        return [value.shape, value.tolist()] if value.dtype == object else UNKNOWN
    if sparse.issparse(value):  # which remembers whether somebody has asked for its order
        as_triples = value.tocoo()
        return [value.format, value.shape, as_triples.row, as_triples.col, as_triples.data]
    if isinstance(value, (stats.rv_continuous, stats.rv_discrete)):
        return value._updated_ctor_param()
    if has_own(value, "dist", "args", "kwds"):  # a frozen distribution of SciPy
        return [value.dist, value.args, value.kwds]
    if has_own(value, "select_dtypes", "iloc", "set_axis"):  # a DataFrame of pandas
        return _take_times_apart(value)
    if has_own(value, "detach", "tolist", "to_dense"):  # a tensor of torch, of any type
        dense = value.detach().cpu().to_dense()
        return [str(dense.dtype), tuple(dense.shape), dense.tolist()]
    if has_own(value, "initial_seed", "get_state"):  # a generator of torch
        return value.get_state()
    if all(getattr(type(value), name) is getattr(object, name) for name in ("__reduce_ex__", "__reduce__")):
        with suppress(Exception):  # what can not be pickled, or has a state of its own making
            _, (_, *arguments), state, *_ = value.__reduce_ex__(4)  # what the usual way of pickling tells, part by part
            return [arguments, state] if arguments else state
    return UNKNOWN


def _take_times_apart(frame: Any) -> Any:
    """Return a DataFrame's dates and durations as whole numbers, beside the rest.

    Their pickle changes when rows of the frame are taken. `UNKNOWN` if there are none.
    """
    times = {j: frame.iloc[:, j].array for j in range(frame.shape[1]) if hasattr(frame.iloc[:, j].array, "asi8")}
    if not times:
        return UNKNOWN
    rest = [j for j in range(frame.shape[1]) if j not in times]
    return [
        list(frame.columns),
        frame.iloc[:, rest],
        {j: [str(array.dtype), array.asi8] for j, array in times.items()},
    ]


def has_own(value: Any, *names: str) -> bool:
    """Return whether an object has such attributes itself.

    Some objects make one of any name: data frames of their columns, `polars.col` of
    all.
    """
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = {}
    return all(name in own or any(name in vars(base) for base in type(value).__mro__) for name in names)


def is_generator(value: Any) -> bool:
    """Return whether an object is a generator of random numbers.

    It is another one with each draw.
    """
    kinds = (random.Random, np.random.Generator, np.random.RandomState, np.random.BitGenerator)
    return isinstance(value, kinds) or has_own(value, "initial_seed", "get_state")


def collect_learned(estimator: Any) -> dict[str, Any]:
    """Return what a fitted estimator has learned, of networks their weights.

    Times that it remembers are left out.
    """
    if isinstance(getattr(estimator, "parameters_", None), np.ndarray):
        return {name: getattr(estimator, name) for name in ("parameters_", "buffers_") if hasattr(estimator, name)}
    of_times = ("cv_results_", "refit_time_", "search_time_")
    return {
        name: part
        for name, part in vars(estimator).items()
        if name.endswith("_") and not name.startswith("_") and name not in of_times
    }


def unwrap(value: Any) -> Any:
    """Return what is around a function, as a list of parts; None of anything else."""
    if isinstance(value, (functools.partial, functools.partialmethod)):
        return [value.func, value.args, value.keywords]
    if isinstance(value, functools._lru_cache_wrapper):
        return [value.__wrapped__, value.cache_parameters()]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, functools.cached_property):
        return [value.func]
    if isinstance(value, (classmethod, staticmethod)):
        return [value.__func__]
    return [dict(value)] if isinstance(value, MappingProxyType) else None


def iterate_functions(part: Any) -> Iterator[FunctionType]:
    """Return the functions in a member of a class."""
    for each in [part] if isinstance(part, FunctionType) else unwrap(part) or []:
        if isinstance(each, FunctionType):
            yield each


def iterate_closure(function: FunctionType) -> Iterator[Any]:
    """Return the contents of a function's closure, None for what is not set yet."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # nothing yet
            yield None
