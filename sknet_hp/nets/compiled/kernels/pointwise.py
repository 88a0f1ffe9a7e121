"""What happens to each number by itself, in one pass: bias, activation and dropout.

The pass leaves behind the slope that the way back multiplies by.
"""

from sknet_hp.nets.compiled.kernel import Kernel, make_kernel
from sknet_hp.nets.compiled.kernels.activations import FUNCTIONS
from sknet_hp.nets.compiled.kernels.functions import F
from sknet_hp.nets.compiled.kernels.masks import draw_mask, read_dropout
from sknet_hp.nets.compiled.machine import decode_number, get_share, view_matrix, view_vector


def _activate(part, parts, rows, width, z, bias, out, rate, key, layer, mask, alpha):
    """Compute out = dropout(f(z + bias)).

    What the gradient of `out` is multiplied by to be that of z takes the place of z.
    Shapes: z, out (rows, width); bias (width,); mask (parts, width), for this pass
    alone. `rate` is none without dropout.
    """
    begin, end = get_share(rows, part, parts)
    z, out, b, mask, alpha = (
        view_matrix(z, rows, width),
        view_matrix(out, rows, width),
        view_vector(bias, width),
        view_vector(mask + 4 * part * width, width),
        decode_number(alpha),
    )
    if rate:
        own, threshold, scale = read_dropout(rate, key, layer)
        for r in range(begin, end):
            x, y = z[r], out[r]
            draw_mask(r, own, threshold, scale, mask)
            for j in range(width):
                value, slope = FUNCTION(x[j] + b[j], alpha)  # type: ignore[name-defined]  # noqa: F821
                y[j], x[j] = value * mask[j], slope * mask[j]
    else:
        for r in range(begin, end):
            x, y = z[r], out[r]
            for j in range(width):
                y[j], x[j] = FUNCTION(x[j] + b[j], alpha)  # type: ignore[name-defined]  # noqa: F821


def _activate_parametric(part, parts, rows, width, z, bias, out, rate, key, layer, mask, alpha, weight, difference):
    """Do as `_activate`, with x + (f(x) - x) weight in place of f(x).

    `difference`, (rows, width), is (f(x) - x) after dropout, from which comes the
    gradient of `weight`, (width,).
    """
    begin, end = get_share(rows, part, parts)
    z, out, b, mask, alpha = (
        view_matrix(z, rows, width),
        view_matrix(out, rows, width),
        view_vector(bias, width),
        view_vector(mask + 4 * part * width, width),
        decode_number(alpha),
    )
    w, difference = view_vector(weight, width), view_matrix(difference, rows, width)
    mask[:] = F(1)
    if rate:
        own, threshold, scale = read_dropout(rate, key, layer)
    for r in range(begin, end):
        x, y, t = z[r], out[r], difference[r]
        if rate:
            draw_mask(r, own, threshold, scale, mask)
        for j in range(width):
            at = x[j] + b[j]
            value, slope = FUNCTION(at, alpha)  # type: ignore[name-defined]  # noqa: F821
            t[j] = (value - at) * mask[j]
            y[j], x[j] = (at + (value - at) * w[j]) * mask[j], (F(1) + (slope - F(1)) * w[j]) * mask[j]


FORWARD: dict[str, Kernel] = {
    name: make_kernel(_activate, name, FUNCTION=function) for name, function in FUNCTIONS.items()
}
"""By activation, the pass with bias before and dropout after it."""

PARAMETRIC_FORWARD: dict[str, Kernel] = {
    name: make_kernel(_activate_parametric, name, FUNCTION=function) for name, function in FUNCTIONS.items()
}
"""The same with a learned weight for each unit."""


@Kernel
def multiply_by_slope(part, parts, rows, width, g, slope, bias_gradient, difference, weight_gradient):
    """Multiply g by slope, and sum it over rows: the gradient of a bias.

    Before that, the sums of g · difference are the gradient of a parametric
    activation's weight. `bias_gradient` and `difference` may be none. Parts have
    columns.
    """
    begin, end = get_share(width, part, parts)
    g, slope = view_matrix(g, rows, width)[:, begin:end], view_matrix(slope, rows, width)[:, begin:end]
    bias, weight = view_vector(bias_gradient, width)[begin:end], view_vector(weight_gradient, width)[begin:end]
    if difference:
        of_weight = view_matrix(difference, rows, width)[:, begin:end]
        weight[:] = 0
        for r in range(rows):
            x, t = g[r], of_weight[r]
            for j in range(end - begin):
                weight[j] += x[j] * t[j]
    if bias_gradient:
        bias[:] = 0
        for r in range(rows):
            x, s = g[r], slope[r]
            for j in range(end - begin):
                v = x[j] * s[j]
                x[j] = v
                bias[j] += v
    else:
        for r in range(rows):
            x, s = g[r], slope[r]
            for j in range(end - begin):
                x[j] *= s[j]


@Kernel
def add_bias(part, parts, rows, width, x, bias):
    """Add a bias to each row of x."""
    begin, end = get_share(rows, part, parts)
    x, b = view_matrix(x, rows, width), view_vector(bias, width)
    for r in range(begin, end):
        row = x[r]
        for j in range(width):
            row[j] += b[j]


@Kernel
def sum_rows(part, parts, rows, width, g, total):
    """Sum g, (rows, width), over rows. Parts have columns."""
    begin, end = get_share(width, part, parts)
    g, out = view_matrix(g, rows, width)[:, begin:end], view_vector(total, width)[begin:end]
    out[:] = 0
    for r in range(rows):
        row = g[r]
        for j in range(end - begin):
            out[j] += row[j]


@Kernel
def add(part, parts, n, a, b, out):
    """Compute out = a + b; it may be either."""
    begin, end = get_share(n, part, parts)
    a, b, out = (
        view_vector(a + 4 * begin, end - begin),
        view_vector(b + 4 * begin, end - begin),
        view_vector(out + 4 * begin, end - begin),
    )
    for i in range(end - begin):
        out[i] = a[i] + b[i]


@Kernel
def add_columns(part, parts, rows, width, x, x_width, out, out_width):
    """Add the first `width` columns of x to those of `out`."""
    begin, end = get_share(rows, part, parts)
    x, out = view_matrix(x, rows, x_width), view_matrix(out, rows, out_width)
    for r in range(begin, end):
        source, to = x[r, :width], out[r, :width]
        for j in range(width):
            to[j] += source[j]


@Kernel
def fill(part, parts, n, x, value):
    """Set all of x to a number."""
    begin, end = get_share(n, part, parts)
    view_vector(x + 4 * begin, end - begin)[:] = decode_number(value)


@Kernel
def scale(part, parts, n, x, factor, out):
    """Multiply x by a number into `out`, which may be x."""
    begin, end = get_share(n, part, parts)
    x, out = view_vector(x + 4 * begin, end - begin), view_vector(out + 4 * begin, end - begin)
    for i in range(end - begin):
        out[i] = x[i] * decode_number(factor)
