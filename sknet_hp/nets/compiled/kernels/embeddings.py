"""Learned embeddings of numbers, and learned factors of columns."""

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel
from sknet_hp.nets.compiled.kernels.functions import F, sincos
from sknet_hp.nets.compiled.machine import fma, get_share, view_matrix, view_vector

_TURN = F(2 * np.pi)


@Kernel
def compute_waves(part, parts, rows, n, k, x, x_width, frequency, phase, cosines, sines, wave_width):
    """Compute cosine and sine of each row's first n numbers x at k frequencies.

    The angle is 2 pi x frequency + phase, in radians. Shapes: x (rows, x_width);
    frequency, phase (n, k), the latter or none; number f has k columns of `cosines` and
    of `sines`, (rows, n · wave_width), from f · wave_width on.
    """
    begin, end = get_share(rows, part, parts)
    x, frequency, phases = view_matrix(x, rows, x_width), view_matrix(frequency, n, k), view_matrix(phase, n, k)
    cosines = view_matrix(cosines, rows, n * wave_width)
    for r in range(begin, end):
        turned = view_vector(sines + 4 * n * wave_width * r, n * wave_width)
        for f in range(n):
            turns = x[r, f] * _TURN
            own, c, s = (
                frequency[f],
                cosines[r, f * wave_width : f * wave_width + k],
                turned[f * wave_width : f * wave_width + k],
            )
            if phase:
                shift = phases[f]
                for j in range(k):
                    s[j], c[j] = sincos(fma(turns, own[j], shift[j]))
            else:
                for j in range(k):
                    s[j], c[j] = sincos(turns * own[j])


@Kernel
def compute_waves_backward(
    part, parts, rows, n, k, x, x_width, of_cosines, of_sines, cosines, sines, wave_width, of_frequency, of_phase
):
    """Compute the gradients of frequency and phase.

    Parts have numbers; `of_sines` and `of_phase` may be none.
    """
    x, of_frequency, of_phases = (
        view_matrix(x, rows, x_width),
        view_matrix(of_frequency, n, k),
        view_matrix(of_phase, n, k),
    )
    of_cosines, cosines = view_matrix(of_cosines, rows, n * wave_width), view_matrix(cosines, rows, n * wave_width)
    for f in range(n * part // parts, n * (part + 1) // parts):
        own = of_frequency[f]
        own[:] = 0
        if of_phase:
            of_phases[f] = F(0)
        for r in range(rows):
            turns, at = x[r, f] * _TURN, f * wave_width
            g, c, s = (
                of_cosines[r, at : at + k],
                cosines[r, at : at + k],
                view_vector(sines + 4 * (n * wave_width * r + at), k),
            )
            if of_sines:
                h = view_vector(of_sines + 4 * (n * wave_width * r + at), k)
                for j in range(k):
                    own[j] = fma(fma(h[j], c[j], -g[j] * s[j]), turns, own[j])
            else:
                of_phase_of_f = of_phases[f]
                for j in range(k):
                    slope = -g[j] * s[j]
                    own[j] = fma(slope, turns, own[j])
                    of_phase_of_f[j] += slope


@Kernel
def finish_waves(part, parts, rows, n, dim, out, out_width, bias, x, x_width):
    """Add the bias to the numbers' maps in `out`, and finish them.

    They are clipped at zero or, where x is not none, the number is put beside them. The
    bias is (n, learned). Of number f's `dim` columns all are learned in the first case,
    all but the last in the other.
    """
    begin, end = get_share(rows, part, parts)
    learned = dim - 1 if x else dim
    out, bias = view_matrix(out, rows, out_width), view_matrix(bias, n, learned)
    for r in range(begin, end):
        for f in range(n):
            to, b = out[r, f * dim : (f + 1) * dim], bias[f]
            if x:
                for j in range(learned):
                    to[j] += b[j]
                to[learned] = view_vector(x + 4 * x_width * r, n)[f]
            else:
                for j in range(learned):
                    v = to[j] + b[j]
                    to[j] = v if v > F(0) else F(0) * v


@Kernel
def finish_waves_backward(part, parts, rows, n, dim, g, out_width, out, own_width, of_bias, clipped):
    """Compute the gradient of the bias, and clear that of what was clipped.

    g is (rows, out_width), out (rows, own_width). Parts have numbers.
    """
    learned = dim if clipped else dim - 1
    g, out, of_bias = (
        view_matrix(g, rows, out_width),
        view_matrix(out, rows, own_width),
        view_matrix(of_bias, n, learned),
    )
    for f in range(n * part // parts, n * (part + 1) // parts):
        b = of_bias[f]
        b[:] = 0
        for r in range(rows):
            y, to = g[r, f * dim : f * dim + learned], out[r, f * dim : f * dim + learned]
            for j in range(learned):
                if clipped:
                    y[j] = y[j] if to[j] > F(0) else F(0)
                b[j] += y[j]


@Kernel
def map_numbers(part, parts, rows, n, dim, x, x_width, slope, bias, out, out_width):
    """Map each row's first n numbers to `dim` columns each: x slope + bias.

    Slope and bias are (n, dim).
    """
    begin, end = get_share(rows, part, parts)
    x, slope, bias, out = (
        view_matrix(x, rows, x_width),
        view_matrix(slope, n, dim),
        view_matrix(bias, n, dim),
        view_matrix(out, rows, out_width),
    )
    for r in range(begin, end):
        for f in range(n):
            to, a, b, v = out[r, f * dim : (f + 1) * dim], slope[f], bias[f], x[r, f]
            for j in range(dim):
                to[j] = fma(v, a[j], b[j])


@Kernel
def map_numbers_backward(part, parts, rows, n, dim, x, x_width, of_slope, of_bias, g, g_width):
    """Compute the gradients of slope and bias. Parts have numbers."""
    x, of_slope, of_bias, g = (
        view_matrix(x, rows, x_width),
        view_matrix(of_slope, n, dim),
        view_matrix(of_bias, n, dim),
        view_matrix(g, rows, g_width),
    )
    for f in range(n * part // parts, n * (part + 1) // parts):
        a, b = of_slope[f], of_bias[f]
        a[:] = 0
        b[:] = 0
        for r in range(rows):
            y, v = g[r, f * dim : (f + 1) * dim], x[r, f]
            for j in range(dim):
                a[j] = fma(v, y[j], a[j])
                b[j] += y[j]


@Kernel
def copy_columns(part, parts, rows, n, x, x_width, out, out_width):
    """Copy the first n columns of x to those of `out`.

    x is (rows, x_width), out (rows, out_width).
    """
    begin, end = get_share(rows, part, parts)
    x, out = view_matrix(x, rows, x_width), view_matrix(out, rows, out_width)
    for r in range(begin, end):
        source, to = x[r, :n], out[r, :n]
        for j in range(n):
            to[j] = source[j]


@Kernel
def scale_columns(part, parts, rows, width, x, factor, out):
    """Multiply each row of x by a factor, (width,)."""
    begin, end = get_share(rows, part, parts)
    x, factor, out = view_matrix(x, rows, width), view_vector(factor, width), view_matrix(out, rows, width)
    for r in range(begin, end):
        source, to = x[r], out[r]
        for j in range(width):
            to[j] = source[j] * factor[j]


@Kernel
def scale_columns_backward(part, parts, rows, width, g, x, factor, of_factor):
    """Turn g, the gradient of the output, into that of x. Parts have columns."""
    begin, end = get_share(width, part, parts)
    g, x = view_matrix(g, rows, width)[:, begin:end], view_matrix(x, rows, width)[:, begin:end]
    factor, of_factor = view_vector(factor, width)[begin:end], view_vector(of_factor, width)[begin:end]
    of_factor[:] = 0
    for r in range(rows):
        y, v = g[r], x[r]
        for j in range(end - begin):
            of_factor[j] = fma(y[j], v[j], of_factor[j])
            y[j] *= factor[j]
