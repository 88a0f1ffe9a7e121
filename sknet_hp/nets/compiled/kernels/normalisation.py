"""Normalisation over a batch or over a row, and softmax."""

import numpy as np

from sknet_hp.nets.compiled.kernel import Kernel, inline
from sknet_hp.nets.compiled.kernels.functions import F, exp, log
from sknet_hp.nets.compiled.kernels.products import dot
from sknet_hp.nets.compiled.machine import fma, get_share, view_matrix, view_vector

_BLOCK = 64  # columns at a time, so that what several passes read stays in the first-level cache


@Kernel
def normalise_batch(
    part, parts, rows, width, x, scale, shift, out, inverse, weight, running_mean, running_var, eps, momentum, spare
):
    """Normalise over a batch (Ioffe & Szegedy 2015).

    x becomes what is normalised, before scale and shift. Parts have columns. Shapes: x,
    out (rows, width); weight (rows,), which sums to one or, where no row counts, to
    zero; spare (2, width); the others (width,).
    """
    begin, end = get_share(width, part, parts)
    x, out, weight = view_matrix(x, rows, width), view_matrix(out, rows, width), view_vector(weight, rows)
    scale, shift, inverse = view_vector(scale, width), view_vector(shift, width), view_vector(inverse, width)
    running_mean, running_var, spare = (
        view_vector(running_mean, width),
        view_vector(running_var, width),
        view_matrix(spare, 2, width),
    )
    counted = F(0)
    for r in range(rows):
        counted += F(1) if weight[r] > 0 else F(0)
    unbiased = counted / (counted - F(1)) if counted > F(1) else F(1)
    # A batch without a row that counts teaches nothing.
    share_of_new = view_vector(momentum, 1)[0] if counted > 0 else F(0)
    for left in range(begin, end, _BLOCK):
        right = min(left + _BLOCK, end)
        n = right - left
        mean, variance = spare[0, left:right], spare[1, left:right]
        mean[:] = 0
        variance[:] = 0
        for r in range(rows):
            row, w = x[r, left:right], weight[r]
            for j in range(n):
                mean[j] = fma(w, row[j], mean[j])
        for r in range(rows):
            row, w = x[r, left:right], weight[r]
            for j in range(n):
                c = row[j] - mean[j]
                row[j] = c
                variance[j] = fma(w, c * c, variance[j])
        factor, own_scale, own_shift = inverse[left:right], scale[left:right], shift[left:right]
        for j in range(n):
            factor[j] = F(1) / np.sqrt(variance[j] + view_vector(eps, 1)[0])
        for r in range(rows):
            row, y = x[r, left:right], out[r, left:right]
            for j in range(n):
                v = row[j] * factor[j]
                row[j] = v
                y[j] = fma(v, own_scale[j], own_shift[j])
        for j in range(n):
            running_mean[left + j] += share_of_new * (mean[j] - running_mean[left + j])
            running_var[left + j] += share_of_new * (variance[j] * unbiased - running_var[left + j])


@Kernel
def normalise_batch_backward(part, parts, rows, width, g, x, scale, inverse, weight, of_scale, of_shift):
    """Turn g, the gradient of `out`, into that of what came in.

    x is what was normalised. Parts have columns.
    """
    begin, end = get_share(width, part, parts)
    g, x, weight = view_matrix(g, rows, width), view_matrix(x, rows, width), view_vector(weight, rows)
    scale, inverse, of_scale, of_shift = (
        view_vector(scale, width),
        view_vector(inverse, width),
        view_vector(of_scale, width),
        view_vector(of_shift, width),
    )
    for left in range(begin, end, _BLOCK):
        right = min(left + _BLOCK, end)
        n = right - left
        a, b = of_scale[left:right], of_shift[left:right]
        a[:] = 0
        b[:] = 0
        for r in range(rows):
            y, v = g[r, left:right], x[r, left:right]
            for j in range(n):
                a[j] = fma(y[j], v[j], a[j])
                b[j] += y[j]
        factor, own = inverse[left:right], scale[left:right]
        for r in range(rows):
            y, v, w = g[r, left:right], x[r, left:right], weight[r]
            for j in range(n):
                y[j] = (y[j] - w * fma(v[j], a[j], b[j])) * (own[j] * factor[j])


@Kernel
def normalise_by_running(part, parts, rows, width, x, scale, shift, running_mean, running_var, eps, out):
    """Normalise over a batch in prediction, by what training has left."""
    begin, end = get_share(rows, part, parts)
    x, out, scale, shift = (
        view_matrix(x, rows, width),
        view_matrix(out, rows, width),
        view_vector(scale, width),
        view_vector(shift, width),
    )
    mean, variance = view_vector(running_mean, width), view_vector(running_var, width)
    for r in range(begin, end):
        row, y = x[r], out[r]
        for j in range(width):
            y[j] = fma(row[j] - mean[j], scale[j] / np.sqrt(variance[j] + view_vector(eps, 1)[0]), shift[j])


@Kernel
def normalise_rows(part, parts, rows, width, x, scale, shift, out, inverse, eps):
    """Normalise each row: layer normalisation (Ba et al. 2016).

    x becomes what is normalised, before scale and shift, and `inverse`, (rows, 2), what
    it was multiplied by.
    """
    begin, end = get_share(rows, part, parts)
    x, out, scale, shift, inverse = (
        view_matrix(x, rows, width),
        view_matrix(out, rows, width),
        view_vector(scale, width),
        view_vector(shift, width),
        view_matrix(inverse, rows, 2),
    )
    for r in range(begin, end):
        row, y, own = x[r], out[r], inverse[r]
        y[:] = F(1)
        mean = dot(row, y, own) / F(width)
        for j in range(width):
            row[j] -= mean
        factor = F(1) / np.sqrt(dot(row, row, own) / F(width) + view_vector(eps, 1)[0])
        own[0] = factor
        for j in range(width):
            v = row[j] * factor
            row[j] = v
            y[j] = fma(v, scale[j], shift[j])


@Kernel
def normalise_rows_backward(part, parts, rows, width, g, x, scale, inverse, ones):
    """Turn g, the gradient of `out`, into that of what came in.

    x is what was normalised. `ones`, (width,), are ones.
    """
    begin, end = get_share(rows, part, parts)
    g, x, scale, inverse, ones = (
        view_matrix(g, rows, width),
        view_matrix(x, rows, width),
        view_vector(scale, width),
        view_matrix(inverse, rows, 2),
        view_vector(ones, width),
    )
    for r in range(begin, end):
        y, v, own = g[r], x[r], inverse[r]
        for j in range(width):
            y[j] *= scale[j]
        mean = dot(y, ones, own[1:]) / F(width)
        along = dot(y, v, own[1:]) / F(width)
        for j in range(width):
            y[j] = own[0] * (y[j] - mean - v[j] * along)


@Kernel
def sum_norm_gradients(part, parts, rows, width, g, x, of_scale, of_shift):
    """Compute the gradients of a layer normalisation's tensors. Parts have columns."""
    begin, end = get_share(width, part, parts)
    g, x = view_matrix(g, rows, width)[:, begin:end], view_matrix(x, rows, width)[:, begin:end]
    a, b = view_vector(of_scale, width)[begin:end], view_vector(of_shift, width)[begin:end]
    a[:] = 0
    b[:] = 0
    for r in range(rows):
        y, v = g[r], x[r]
        for j in range(end - begin):
            a[j] = fma(y[j], v[j], a[j])
            b[j] += y[j]


# ---- softmax -------------------------------------------------------------------------------------------------------


@inline
def exponentiate(x, out):
    """Compute out = e^(x - max x), which may be x: (the largest of x, out's sum)."""
    most = x[0]
    for j in range(len(x)):
        most = x[j] if x[j] > most or x[j] != x[j] else most  # NaN is passed on
    for j in range(len(x)):
        out[j] = exp(x[j] - most)
    total = F(0)
    for j in range(len(x)):
        total += out[j]
    return most, total


@Kernel
def apply_softmax(part, parts, rows, width, x, out):
    """Compute the softmax of each row."""
    begin, end = get_share(rows, part, parts)
    x, out = view_matrix(x, rows, width), view_matrix(out, rows, width)
    for r in range(begin, end):
        y = out[r]
        _, total = exponentiate(x[r], y)
        for j in range(width):
            y[j] /= total


@Kernel
def apply_softmax_backward(part, parts, rows, width, g, out):
    """Turn g, the gradient of `out`, into that of what came in."""
    begin, end = get_share(rows, part, parts)
    g, out = view_matrix(g, rows, width), view_matrix(out, rows, width)
    for r in range(begin, end):
        y, p, along = g[r], out[r], F(0)
        for j in range(width):
            along = fma(y[j], p[j], along)
        for j in range(width):
            y[j] = p[j] * (y[j] - along)


@Kernel
def apply_log_softmax(part, parts, rows, width, x, out):
    """Compute the logarithms of each row's softmax."""
    begin, end = get_share(rows, part, parts)
    x, out = view_matrix(x, rows, width), view_matrix(out, rows, width)
    for r in range(begin, end):
        y = out[r]
        most, total = exponentiate(x[r], y)
        for j in range(width):
            y[j] = x[r, j] - most - log(total)


@Kernel
def apply_log_softmax_backward(part, parts, rows, width, g, out):
    """Turn g, the gradient of `out`, into that of what came in."""
    begin, end = get_share(rows, part, parts)
    g, out = view_matrix(g, rows, width), view_matrix(out, rows, width)
    for r in range(begin, end):
        y, p, total = g[r], out[r], F(0)
        for j in range(width):
            total += y[j]
        for j in range(width):
            y[j] -= exp(p[j]) * total
