"""Activations: (value, slope) at x; alpha is the number that some of them have."""

from collections.abc import Callable
from typing import Any

from sknet_hp.nets.compiled.kernel import inline
from sknet_hp.nets.compiled.kernels.functions import F, exp, expm1, normal, sigmoid, tanh


@inline
def _identity(x, alpha):
    return x, F(1)


@inline
def _relu(x, alpha):
    return (x if x > F(0) else F(0) * x), (F(1) if x > F(0) else F(0))


@inline
def _leaky_relu(x, alpha):
    slope = F(1) if x > F(0) else alpha
    return x * slope, slope


@inline
def _elu(x, alpha):
    below = alpha * expm1(F(0) if x > F(0) else x)  # NaN stays
    return (x if x > F(0) else below), (F(1) if x > F(0) else below + alpha)


@inline
def _selu(x, alpha):
    value, slope = _elu(x, F(1.6732632423543772))
    return F(1.0507009873554805) * value, F(1.0507009873554805) * slope


@inline
def _gelu(x, alpha):
    share, density = normal(x)
    return x * share, share + x * density


@inline
def _gelu_tanh(x, alpha):
    cube = F(0.044715) * x * x
    t = tanh(F(0.7978845608028654) * (x + cube * x))
    inner = F(0.7978845608028654) * (F(1) + F(3) * cube)
    half = F(0.5) * (F(1) + t)
    return x * half, half + F(0.5) * x * (F(1) - t * t) * inner


@inline
def _silu(x, alpha):
    g = sigmoid(x)
    return x * g, g * (F(1) + x * (F(1) - g))


@inline
def _mish(x, alpha):
    e = exp(F(20) if x > F(20) else x)
    n = e * (e + F(2))
    t = n / (n + F(2))  # the hyperbolic tangent of softplus
    return x * t, t + x * (F(1) - t * t) * (e / (F(1) + e))


@inline
def _tanh(x, alpha):
    t = tanh(x)
    return t, F(1) - t * t


@inline
def _sigmoid(x, alpha):
    g = sigmoid(x)
    return g, g * (F(1) - g)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "identity": _identity,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": _mish,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
}
"""By name. "gelu_tanh" is the approximation of the kind "gelu" by a tangent."""
