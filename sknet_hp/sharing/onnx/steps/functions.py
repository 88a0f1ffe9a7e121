"""Functions of NumPy as ONNX nodes, number by number, in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sknet_hp.sharing.onnx.builder import GraphBuilder

FUNCTIONS: dict[Callable[..., Any], Callable[[GraphBuilder, str], str]] = {
    np.abs: lambda b, x: b.add("Abs", x),
    np.exp: lambda b, x: b.add("Exp", x),
    np.expm1: lambda b, x: b.add("Sub", b.add("Exp", x), np.float64(1)),
    np.log: lambda b, x: b.add("Log", x),
    np.log10: lambda b, x: b.add("Div", b.add("Log", x), np.log(np.float64(10))),
    np.log1p: lambda b, x: b.add("Log", b.add("Add", x, np.float64(1))),
    np.log2: lambda b, x: b.add("Div", b.add("Log", x), np.log(np.float64(2))),
    np.sqrt: lambda b, x: b.add("Sqrt", x),
    np.square: lambda b, x: b.add("Mul", x, x),
}


def list_functions() -> str:
    """Return the names of the functions, for messages."""
    return ", ".join(f"numpy.{function.__name__}" for function in FUNCTIONS)
