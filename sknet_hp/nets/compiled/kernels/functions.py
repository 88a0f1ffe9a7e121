"""Transcendental functions of float32 by polynomials, without a branch.

In a vector they have the bits that they have alone, on any CPU. A library's vector and
scalar versions round differently, and so do those of different CPUs. Coefficients are
minimax, by Remez's exchange in forty digits. Errors in units of the last place stand in
the tests. Results too small to be normal, or nearly so, are 0.
"""

from typing import Any

import numpy as np
from numba import types

from sknet_hp.nets.compiled.kernel import inline, intrinsic
from sknet_hp.nets.compiled.machine import FLOAT, I32, fma, make_int32

F = np.float32

_LOG2_E, _LN2_HIGH, _LN2_LOW = F(1.4426950408889634), F(0.693359375), F(-2.12194440054690583e-4)
_ROUND = F(12582912)  # 1.5 · 2^23: a float of this size has whole numbers in its last bits


@intrinsic
def _halve_power_of_two(typing: Any, shifted: Any) -> Any:
    """Compute 2^(n - 1) of n + `_ROUND`, for n from -126 to 128; 0 for the first."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        n = builder.shl(builder.bitcast(args[0], I32), make_int32(23))
        return builder.bitcast(builder.add(n, make_int32(126 << 23)), FLOAT)

    return types.float32(types.float32), generate


@intrinsic
def _split(typing: Any, x: Any) -> Any:
    """Split a normal x > 0 into (e, m): x = 2^e m, m from root of 1/2 to root of 2."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        half = make_int32(0x3F3504F3)
        shifted = builder.sub(builder.bitcast(args[0], I32), half)
        e = builder.sitofp(builder.ashr(shifted, make_int32(23)), FLOAT)
        m = builder.bitcast(builder.add(builder.and_(shifted, make_int32(0x007FFFFF)), half), FLOAT)
        return context.make_tuple(builder, signature.return_type, [e, m])

    return types.UniTuple(types.float32, 2)(types.float32), generate


@intrinsic
def _find_quadrant(typing: Any, shifted: Any) -> Any:
    """Look at bits of n, given n + `_ROUND`.

    (whether n is odd, whether its second bit is set, whether that of n + 1 is).
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        n = builder.bitcast(args[0], I32)

        def test_bit(value: Any, which: int) -> Any:
            return builder.icmp_signed("!=", builder.and_(value, make_int32(which)), make_int32(0))

        return context.make_tuple(
            builder, signature.return_type, [test_bit(n, 1), test_bit(n, 2), test_bit(builder.add(n, make_int32(1)), 2)]
        )

    return types.UniTuple(types.boolean, 3)(types.float32), generate


@inline
def _compute_exp_polynomial(r):
    """Compute (e^r - 1 - r) / r² for |r| up to .35."""
    p = fma(F(1.3814540176801306e-3), r, F(8.368745108942591e-3))
    p = fma(p, r, F(4.1668390783547914e-2))
    p = fma(p, r, F(0.1666652039904253))
    return fma(p, r, F(0.4999999343212929))


@inline
def exp(x):
    x = F(-87.4) if x < F(-87.4) else x  # NaN stays
    x = F(89) if x > F(89) else x
    shifted = fma(x, _LOG2_E, _ROUND)
    n = shifted - _ROUND
    r = fma(n, -_LN2_LOW, fma(n, -_LN2_HIGH, x))
    p = fma(r * r, _compute_exp_polynomial(r), r) + F(1)
    return (p + p) * _halve_power_of_two(shifted)


@inline
def expm1(x):
    """Compute e^x - 1, also where that is small."""
    near = fma(x * x, _compute_exp_polynomial(x), x)
    far = exp(x) - F(1)
    return near if abs(x) < F(0.34) else far


@inline
def log(x):
    """Compute the natural logarithm.

    It is minus infinity of what is too small to be normal, NaN of negative numbers.
    """
    n, m = _split(x)
    f = m - F(1)
    p = fma(F(0.0674774197635426), f, F(-0.11677518540466901))
    p = fma(p, f, F(0.11888693274723618))
    p = fma(p, f, F(-0.12405339404641327))
    p = fma(p, f, F(0.14219453449302455))
    p = fma(p, f, F(-0.16668005237314212))
    p = fma(p, f, F(0.2000212344141556))
    p = fma(p, f, F(-0.25000009511534305))
    p = fma(p, f, F(0.3333331254132769))
    square = f * f
    p = fma(square * f, p, fma(n, _LN2_LOW, F(-0.5) * square))
    value = fma(n, _LN2_HIGH, f + p)
    value = x if x == F(np.inf) else value
    value = value if x >= F(1.1754944e-38) else F(-np.inf)
    return value if x >= F(0) else F(np.nan)


@inline
def log1p(x):
    """Compute log(1 + x), also where x is small."""
    one = F(1) + x
    return log(one) + (x - (one - F(1))) / one


@inline
def softplus(x):
    """Compute log(1 + e^x)."""
    return (x if x > F(0) else F(0)) + log1p(exp(-abs(x)))


@inline
def sigmoid(x):
    return F(1) / (F(1) + exp(-x))


@inline
def tanh(x):
    y = x * x
    p = fma(F(-0.00566078992438181), y, F(0.020602008567751167))
    p = fma(p, y, F(-0.05372923030126773))
    p = fma(p, y, F(0.1333132896381541))
    p = fma(p, y, F(-0.33333278315534104))
    near = fma(y * x, p, x)
    a = abs(x)
    far = F(1) - F(2) / (exp(a + a) + F(1))
    far = -far if x < F(0) else far
    return near if a < F(0.625) else far


@inline
def sincos(x):
    """Compute (sine, cosine).

    They are those of 0 for numbers so large that their neighbours are half a turn away,
    and NaN of infinite ones.
    """
    x = x if abs(x) < F(5e6) else F(0) * x
    shifted = fma(x, F(0.6366197723675814), _ROUND)
    n = shifted - _ROUND
    r = fma(n, F(-1.5703125), x)  # pi / 2 in three parts
    r = fma(n, F(-4.837512969970703e-4), r)
    r = fma(n, F(-7.549790126404332e-8), r)
    y = r * r
    p = fma(fma(F(-1.9516655810868327e-4), y, F(8.332173543199983e-3)), y, F(-0.166666548734784))
    s = fma(y * r, p, r)
    p = fma(fma(F(2.4437730097739715e-5), y, F(-1.3887361450228388e-3)), y, F(4.166664674777827e-2))
    c = fma(y * y, p, fma(y, F(-0.5), F(1)))
    odd, below, left = _find_quadrant(shifted)
    sine, cosine = (c if odd else s), (s if odd else c)
    return (-sine if below else sine), (-cosine if left else cosine)


@inline
def erfc(x):
    """Compute 1 - erf(x), for x >= 0."""
    x = F(20) if x > F(20) else x  # the square is finite; NaN stays
    y = x * x
    p = fma(F(8.362309830572713e-5), y, F(-8.141480986362852e-4))
    p = fma(p, y, F(5.200990039374146e-3))
    p = fma(p, y, F(-2.685941350809865e-2))
    p = fma(p, y, F(0.11283696496450749))
    p = fma(p, y, F(-0.3761263386149003))
    near = F(1) - x * fma(p, y, F(1.1283791666590925))
    t = F(1) / fma(x, F(0.5), F(1))
    p = fma(F(0.08849510365963056), t, F(-0.21212506132839481))
    p = fma(p, t, F(0.06582788046588157))
    p = fma(p, t, F(0.07152365235880019))
    p = fma(p, t, F(0.17492547477231044))
    p = fma(p, t, F(0.24778053087085508))
    p = fma(p, t, F(0.28194707966010807))
    p = fma(p, t, F(0.28210272658798846))
    lost = fma(x, x, -y)  # by rounding, of the square
    far = exp(-y) * (F(1) - lost) * t * p
    return near if x < F(0.9) else far


@inline
def normal(x):
    """Compute (the standard normal distribution function, its density)."""
    tail = F(0.5) * erfc(abs(x) * F(0.7071067811865476))
    return (tail if x < F(0) else F(1) - tail), F(0.3989422804014327) * exp(F(-0.5) * x * x)
