"""scikit-learn's transformation to a normal distribution, as ONNX nodes in float64."""

import numpy as np

from sknet_hp.sharing.onnx.builder import GraphBuilder

TOLERANCE = 1e-7
"""Of QuantileTransformer with normal output: how near to an end counts as the end."""

_BLOCK = 32  # quantiles that are compared with at a time


def add_quantile_levels(
    b: GraphBuilder, quantiles: np.ndarray, levels: np.ndarray, x: str, tolerance: float = TOLERANCE
) -> str:
    """Return which share of the training rows lies below each number, (rows, width).

    Parameters
    ----------
    quantiles : (n_quantiles, width), ascending.
    levels : (n_quantiles,) the share that belongs to each.
    x : (rows, width) float64. What comes of NaN has no meaning.
    tolerance : how near to an end counts as beyond it; with 0, the end itself does.
    """
    first, last = quantiles[0], quantiles[-1]
    beyond, before = ("Greater", "Less") if tolerance else ("GreaterOrEqual", "LessOrEqual")
    # scikit-learn takes the mean of both sides, which differ where several quantiles are equal.
    above = add_interpolation(b, quantiles, levels, x, "GreaterOrEqual")
    below = add_interpolation(b, quantiles, levels, x, "Greater")
    level = b.add("Mul", b.add("Add", above, below), np.float64(0.5))
    at_end = b.add(beyond, b.add("Add", x, np.float64(tolerance)), last)
    level = b.add("Where", at_end, np.float64(1), level)
    at_start = b.add(before, b.add("Sub", x, np.float64(tolerance)), first)
    return b.add("Where", at_start, np.float64(0), level)


def add_interpolation(
    b: GraphBuilder, quantiles: np.ndarray, levels: np.ndarray, x: str, comparison: str = "GreaterOrEqual"
) -> str:
    """Return the level of each number, on lines between the quantiles around it.

    They are found in two steps: a block, then within it. Beyond the ends, the first and
    the last line go on. Shapes are those of `add_quantile_levels`, with at least two
    quantiles.
    """
    n, width = quantiles.shape
    n_blocks = -(-n // _BLOCK)
    padded = np.full((n_blocks * _BLOCK, width), np.inf)
    padded[:n] = quantiles
    blocks = padded.T.reshape(width, n_blocks, _BLOCK)
    column = np.arange(width, dtype=np.int64)
    third, last = np.array([2], np.int64), np.int64(n - 2)

    def count(x: str, edges: str | np.ndarray) -> str:
        """Count the edges, (…, width, k), that x is beyond: (rows, width) int64."""
        hits = b.cast(b.add(comparison, b.add("Unsqueeze", x, third), edges), np.int64)
        return b.add("ReduceSum", hits, third, keepdims=0)

    block = b.add("Max", b.add("Sub", count(x, np.ascontiguousarray(blocks[:, :, 0])), np.int64(1)), np.int64(0))
    own = b.add("Gather", blocks.reshape(-1, _BLOCK), b.add("Add", block, column * n_blocks))  # (rows, width, block)
    position = b.add("Add", b.add("Mul", block, np.int64(_BLOCK)), count(x, own))
    position = b.add("Min", b.add("Max", b.add("Sub", position, np.int64(1)), np.int64(0)), last)
    flat = b.add("Add", position, column * n)  # in the quantiles, column by column

    edges, steps = quantiles.T, np.diff(quantiles, axis=0, append=np.nan).T
    rises = np.diff(levels, append=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.where(steps > 0, rises / steps, 0.0)
    start = b.add("Gather", edges.ravel(), flat)
    slope = b.add("Gather", slopes.ravel(), flat)
    level = b.add("Gather", np.asarray(levels, np.float64), position)
    return b.add("Add", b.add("Mul", b.add("Sub", x, start), slope), level)


# ---- the quantile function of the normal distribution -----------------------------------------------------------

# fmt: off
_CENTRAL = (
    [3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
     45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727],
    [1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
     21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610],
)
_MIDDLE = (
    [1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
     1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4],
    [1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
     0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9],
)
_FAR = (
    [6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
     0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
    [1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15],
)
# fmt: on


def add_normal_quantile(b: GraphBuilder, p: str) -> str:
    """Return the normal distribution's quantiles of p, within scikit-learn's limits.

    By algorithm AS 241 (Wichura 1988), whose relative error is 1e-16.
    """
    low, high = TOLERANCE - np.spacing(1), 1 - (TOLERANCE - np.spacing(1))
    p = b.add("Clip", p, np.float64(low), np.float64(high))
    q = b.add("Sub", p, np.float64(0.5))
    central = b.add("Mul", q, _divide(b, _CENTRAL, b.add("Sub", np.float64(0.180625), b.add("Mul", q, q))))
    tail = b.add("Min", p, b.add("Sub", np.float64(1), p))
    r = b.add("Sqrt", b.add("Neg", b.add("Log", tail)))
    middle = _divide(b, _MIDDLE, b.add("Sub", r, np.float64(1.6)))
    far = _divide(b, _FAR, b.add("Sub", r, np.float64(5)))
    size = b.add("Where", b.add("LessOrEqual", r, np.float64(5)), middle, far)
    outer = b.add("Mul", size, b.add("Where", b.add("Less", q, np.float64(0)), np.float64(-1), np.float64(1)))
    return b.add("Where", b.add("LessOrEqual", b.add("Abs", q), np.float64(0.425)), central, outer)


def _divide(b: GraphBuilder, polynomials: tuple[list[float], list[float]], x: str) -> str:
    """Return the ratio of two polynomials in x, given from the constant on."""
    values = []
    for coefficients in polynomials:
        value: str | np.float64 = np.float64(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            value = b.add("Add", b.add("Mul", value, x), np.float64(coefficient))
        values.append(value)
    return b.add("Div", *values)
