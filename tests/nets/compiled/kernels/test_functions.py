"""Transcendental functions: how far from the truth, and the same bits in a vector,
alone, and by their formula carried out step by step.
"""

from types import FunctionType

import numpy as np
import pytest
from scipy import special

from sknet_hp.nets.compiled.kernel import make_kernel
from sknet_hp.nets.compiled.kernels import functions
from sknet_hp.nets.compiled.machine import get_share, view_vector
from tests.helpers.kernels import compute_fma, has_same_bits, run_kernel

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # of the truth, in float64

F = np.float32
TINY = np.finfo(F).tiny

# name: (the truth, largest error in units of the last place, the numbers it is for)
PROMISED = {
    "exp": (np.exp, 1, (-np.inf, np.inf)),
    "expm1": (np.expm1, 3.5, (-np.inf, np.inf)),
    "tanh": (np.tanh, 1.5, (-np.inf, np.inf)),
    "sigmoid": (special.expit, 2.5, (-np.inf, np.inf)),
    "softplus": (lambda x: np.logaddexp(0, x), 2, (-np.inf, np.inf)),
    "log": (np.log, 1, (TINY, np.inf)),
    "log1p": (np.log1p, 1.5, (-0.5, np.finfo(F).max)),
    "erfc": (special.erfc, 7.5, (0, np.inf)),
    "sine": (np.sin, 2, (-1000, 1000)),
    "cosine": (np.cos, 2, (-1000, 1000)),
}


def _of_each(part, parts, n, x, out):
    begin, end = get_share(n, part, parts)
    x, out = view_vector(x, n), view_vector(out, n)
    for i in range(begin, end):
        out[i] = FUNCTION(x[i])  # noqa: F821


def _of_each_wave(part, parts, n, x, out):
    begin, end = get_share(n, part, parts)
    x, out = view_vector(x, n), view_vector(out, n)
    for i in range(begin, end):
        out[i] = sincos(x[i])[WHICH]  # noqa: F821


WAVES = ("sine", "cosine")
KERNELS = {
    name: make_kernel(_of_each, name, FUNCTION=getattr(functions, name)) for name in PROMISED if name not in WAVES
}
KERNELS |= {
    name: make_kernel(_of_each_wave, name, sincos=functions.sincos, WHICH=which) for which, name in enumerate(WAVES)
}

every_function = pytest.mark.parametrize("name", list(PROMISED))


def computed(name, x, parts=1):
    out = np.full_like(x, 7)
    run_kernel(KERNELS[name], parts, n=len(x), x=x, out=out)
    return out


def all_sizes(step):
    """Numbers of every sign and size, and the special ones."""
    bits = np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32).view(F)
    special_ones = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, TINY, -TINY, np.finfo(F).max, np.finfo(F).min]
    edges = [
        88.7,
        88.72283,
        88.72284,
        88.8,
        89,
        90,
        -86.9,
        -87.3,
        -87.33654,
        -87.34,
        -87.4,
        -103.9,
        0.34,
        -0.34,
        0.625,
        -0.625,
        0.9,
        20,
        1e19,
        2e19,
    ]
    return np.concatenate([bits, np.array(special_ones + edges, F), np.linspace(-20, 20, 40_001, dtype=F)])


@every_function
def test_error_in_units_of_the_last_place(name):
    truth, most, (low, high) = PROMISED[name]
    x = all_sizes(step=10_007)
    x = x[(x >= low) & (x <= high)]
    found, expected = computed(name, x).astype(np.float64), truth(x.astype(np.float64))
    rounded = expected.astype(F)
    assert np.array_equal(np.isinf(found), np.isinf(rounded))
    assert np.array_equal(found[np.isinf(rounded)], expected[np.isinf(rounded)].astype(F))
    normal = np.isfinite(rounded) & (np.abs(expected) > 1.5 * TINY)
    error = np.abs(found - expected)[normal] / np.spacing(np.abs(rounded[normal]))
    assert error.max() <= most, f"at {x[normal][error.argmax()]}"
    assert (np.abs(found - expected)[np.isfinite(rounded) & ~normal] <= 1.5 * TINY).all()


@every_function
def test_nan_is_passed_on(name):
    assert np.isnan(computed(name, np.array([np.nan], F)))


def test_logarithms_of_what_has_none():
    assert np.isnan(computed("log", np.array([-1, -TINY, -np.inf], F))).all()
    assert np.isneginf(computed("log", np.array([0.0, -0.0, 1e-40], F))).all()


def test_waves_of_huge_numbers():
    """Their neighbours in float32 are whole radians away: what counts is that waves
    stay waves.
    """
    large, huge = np.linspace(1e3, 4.9e6, 5001, dtype=F), np.array([5e6, -1e7, 1e9, -1e15, 1e20, 3e38], F)
    for which, truth in (("sine", np.sin), ("cosine", np.cos)):
        np.testing.assert_allclose(computed(which, large), truth(large.astype(np.float64)), rtol=0, atol=1e-6)
        np.testing.assert_array_equal(computed(which, huge), truth(np.zeros(len(huge), F)))
        assert np.isnan(computed(which, np.array([np.inf, -np.inf], F))).all()


# ---- bits ----------------------------------------------------------------------------------------------------------


def _power(shifted):
    return np.array(((shifted.view(np.int32).astype(np.int64) << 23) + (126 << 23)) & 0xFFFFFFFF, np.uint32).view(F)[()]


def _split(x):
    shifted = int(x.view(np.int32)) - 0x3F3504F3
    return F(shifted >> 23), np.array((shifted & 0x007FFFFF) + 0x3F3504F3, np.int32).view(F)[()]


def _quadrant(shifted):
    n = int(shifted.view(np.int32))
    return bool(n & 1), bool(n & 2), bool((n + 1) & 2)


def step_by_step(name):
    """The same formula in Python, every operation rounded by itself."""
    written = dict(vars(functions)) | {
        "fma": compute_fma,
        "_halve_power_of_two": _power,
        "_split": _split,
        "_find_quadrant": _quadrant,
    }
    for each, function in vars(functions).items():
        if hasattr(function, "py_func"):
            written[each] = FunctionType(function.py_func.__code__, written, each)
    if name in WAVES:
        return lambda x: written["sincos"](x)[WAVES.index(name)]
    return written[name]


@every_function
def test_bits_are_those_of_the_formula(name):
    x = all_sizes(step=30_000_001)[:203]
    x = np.concatenate([x, np.linspace(-5, 5, 101, dtype=F), np.geomspace(1e-6, 90, 101, dtype=F)])
    if name == "erfc":
        x = np.abs(x)
    formula = step_by_step(name)
    expected = np.array([formula(each) for each in x], F)
    found = computed(name, x)
    assert has_same_bits(found, expected), x[found != expected]


@every_function
def test_bits_alone_are_those_in_a_vector(name):
    x = all_sizes(step=60_000_011)[:77]
    together = computed(name, x)
    alone = np.concatenate([computed(name, x[i : i + 1].copy()) for i in range(len(x))])
    assert has_same_bits(alone, together)
    for parts in (2, 3, 5):
        assert has_same_bits(computed(name, x, parts), together)


def test_what_the_formula_is_computed_with():
    """The reference of a fused multiplication and addition, against fractions."""
    from fractions import Fraction

    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((2, 2000)) * 2.0 ** rng.integers(-20, 20, 2000)).astype(F)
    c = (-a * b * (1 + 2.0 ** rng.integers(-30, 3, 2000))).astype(F)  # much is cancelled
    c[::3] = (a * b * 2.0 ** rng.integers(20, 30, 2000))[::3].astype(F)  # and much lost
    for x, y, z, found in zip(a.tolist(), b.tolist(), c.tolist(), compute_fma(a, b, c), strict=True):
        exact = Fraction(x) * Fraction(y) + Fraction(z)
        error = abs(Fraction(float(found)) - exact)
        for neighbour in (np.nextafter(found, F(np.inf)), np.nextafter(found, F(-np.inf))):
            assert error <= abs(Fraction(float(neighbour)) - exact)
