"""TabM's heads: several rows for each row of a batch.

Each has factors of its own, before and behind one map for all.
"""

from sknet_hp.nets.compiled.kernel import Kernel
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.machine import fma, get_share, view_matrix


@Kernel
def scale_inputs(part, parts, rows, heads, width, x, shared, factor, out):
    """Multiply x by the factor of each head.

    Shapes: x (rows, width) where it is shared, else (rows · heads, width); factor
    (heads, width); out (rows · heads, width).
    """
    begin, end = get_share(rows, part, parts)
    own_rows = rows if shared else rows * heads
    x, factor, out = (
        view_matrix(x, own_rows, width),
        view_matrix(factor, heads, width),
        view_matrix(out, rows * heads, width),
    )
    for r in range(begin, end):
        for h in range(heads):
            source, a, to = x[r if shared else r * heads + h], factor[h], out[r * heads + h]
            for j in range(width):
                to[j] = source[j] * a[j]


@Kernel
def scale_inputs_backward(part, parts, rows, heads, width, g, x, shared, factor, of_factor, of_x):
    """Turn g, the gradient of the output, into that of x, and compute the factor's.

    Where x is shared, its gradient is the sum over heads and goes to `of_x`, if any.
    Parts have columns.
    """
    begin, end = get_share(width, part, parts)
    own_rows = rows if shared else rows * heads
    g, x = view_matrix(g, rows * heads, width)[:, begin:end], view_matrix(x, own_rows, width)[:, begin:end]
    factor, of_factor = (
        view_matrix(factor, heads, width)[:, begin:end],
        view_matrix(of_factor, heads, width)[:, begin:end],
    )
    together, n = view_matrix(of_x, rows, width)[:, begin:end], end - begin
    for h in range(heads):
        of_factor[h] = F(0)
    for r in range(rows):
        if of_x:
            together[r] = F(0)
        for h in range(heads):
            y, v, a, b = g[r * heads + h], x[r if shared else r * heads + h], factor[h], of_factor[h]
            for j in range(n):
                b[j] = fma(y[j], v[j], b[j])
                y[j] *= a[j]
            if of_x:
                to = together[r]
                for j in range(n):
                    to[j] += y[j]


@Kernel
def scale_outputs(part, parts, rows, heads, width, x, factor, bias, out):
    """Compute x factor + bias of each head.

    Shapes: x, out (rows · heads, width); factor, bias (heads, width).
    """
    begin, end = get_share(rows, part, parts)
    x, out, factor, bias = (
        view_matrix(x, rows * heads, width),
        view_matrix(out, rows * heads, width),
        view_matrix(factor, heads, width),
        view_matrix(bias, heads, width),
    )
    for r in range(begin, end):
        for h in range(heads):
            source, a, b, to = x[r * heads + h], factor[h], bias[h], out[r * heads + h]
            for j in range(width):
                to[j] = fma(source[j], a[j], b[j])


@Kernel
def scale_outputs_backward(part, parts, rows, heads, width, g, x, factor, of_factor, of_bias):
    """Turn g, the gradient of the output, into that of x. Parts have columns."""
    begin, end = get_share(width, part, parts)
    g, x = view_matrix(g, rows * heads, width)[:, begin:end], view_matrix(x, rows * heads, width)[:, begin:end]
    factor, of_factor, of_bias = (
        view_matrix(factor, heads, width)[:, begin:end],
        view_matrix(of_factor, heads, width)[:, begin:end],
        view_matrix(of_bias, heads, width)[:, begin:end],
    )
    for h in range(heads):
        of_factor[h] = F(0)
        of_bias[h] = F(0)
    for r in range(rows):
        for h in range(heads):
            y, v, s, a, b = g[r * heads + h], x[r * heads + h], factor[h], of_factor[h], of_bias[h]
            for j in range(end - begin):
                a[j] = fma(y[j], v[j], a[j])
                b[j] += y[j]
                y[j] *= s[j]
