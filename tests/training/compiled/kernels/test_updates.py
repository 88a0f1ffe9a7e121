"""The kernels of an update: bits that depend on nothing but each parameter's own
numbers, averages, clipping.
"""

import numpy as np
import pytest
import torch

from sknet_hp.training.compiled.kernels import updates
from sknet_hp.training.compiled.kernels.updates import CHUNK, UPDATES, StepNumber
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from tests.helpers.kernels import compute_fma, compute_in_parts, draw_normal, has_same_bits, run_kernel

every_rule = pytest.mark.parametrize("name", list(UPDATES))

USUAL = {
    StepNumber.LR: 0.01,
    StepNumber.CLIP: 1,
    StepNumber.MOMENTUM: 0.9,
    StepNumber.SHARE_1: 0.1,
    StepNumber.SHARE_2: 0.05,
    StepNumber.EPS: 1e-6,
}
USUAL |= {StepNumber.FACTOR: 2.5, StepNumber.SLOPE: 1.5, StepNumber.NEXT: 0.7}


def numbers(**changes):
    now = np.full(16, np.nan, np.float32)
    now[list(StepNumber)] = 0
    for which, value in USUAL.items():
        now[which] = value
    for which, value in changes.items():
        now[StepNumber[which]] = value
    return now


def update(place, name, n=75, factors=(1, 1), averaged=False, parts=1, g=None, where=slice(None), **changes):
    """(parameters, first memory, second memory, average) after a step."""
    p, first, average = draw_normal(n, seed=1), draw_normal(n, seed=3), draw_normal(n, seed=5)
    second, g = np.abs(draw_normal(n, seed=4)), draw_normal(n, seed=2) if g is None else g
    first = np.abs(first) if OPTIMIZERS[name].slots == 1 else first  # of squares, for some rules
    p, g, first, second, average = (place(each[where]) for each in (p, g, first, second, average))
    fields = {"p": p, "g": g, "first": first, "second": second, "average": average if averaged else 0}
    run_kernel(UPDATES[name], parts, n=len(p), **fields, numbers=place(numbers(**changes)), factors=place(factors))
    return [each.copy() for each in (p, first, second, average)]


OPTIONS = {
    "plain": {},
    "penalty": {"DECAY": 0.1, "L1": 0.05, "CLIP": 0.3, "factors": (0.5, 2)},
    "beside": {"DECAY": 0.1, "DECOUPLED": 1, "factors": (0.5, 2)},
    "averaged": {"averaged": True, "EMA": 0.2, "DECAY": 0.1, "DECOUPLED": 1},
}


def test_every_rule_has_a_kernel():
    assert set(UPDATES) == set(OPTIMIZERS)


@every_rule
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_parts_and_company_do_not_show(place, name, options):
    whole = compute_in_parts(lambda parts: update(place, name, parts=parts, **options))
    for where in (slice(0, 1), slice(7, 24), slice(70, 75)):
        alone = update(place, name, where=where, **options)
        assert all(has_same_bits(one, together[where]) for one, together in zip(alone, whole, strict=True))


@every_rule
def test_what_is_averaged(place, name):
    """The average moves towards the new parameters, by one multiplication and addition;
    without one all else is the same.
    """
    p, *memories, average = update(place, name, averaged=True, EMA=0.2)
    before = draw_normal(75, seed=5)
    assert has_same_bits(average, compute_fma(np.float32(0.2), p - before, before))
    alone, *own_memories, untouched = update(place, name, averaged=False, EMA=0.2)
    assert has_same_bits(p, alone)
    assert all(has_same_bits(a, b) for a, b in zip(memories, own_memories, strict=True))
    assert has_same_bits(untouched, before)


@every_rule
@pytest.mark.parametrize("decoupled", [0, 1])
def test_what_is_frozen_stays(place, name, decoupled):
    p, *_ = update(place, name, factors=(0, 1), DECAY=0.1, DECOUPLED=decoupled)
    assert has_same_bits(p, draw_normal(75, seed=1))


@every_rule
@pytest.mark.parametrize("decoupled", [0, 1])
def test_tensors_that_decay_does_not_reach(place, name, decoupled):
    """Neither weight decay nor the penalty on sizes."""
    spared = update(place, name, factors=(1, 0), DECAY=0.1, L1=0.05, DECOUPLED=decoupled)
    assert all(has_same_bits(a, b) for a, b in zip(spared, update(place, name), strict=True))
    assert not has_same_bits(update(place, name, DECAY=5, DECOUPLED=decoupled)[0], spared[0])
    assert not has_same_bits(update(place, name, L1=5, DECOUPLED=decoupled)[0], spared[0])


@every_rule
def test_bad_gradients_reach_their_own_parameters_alone(place, name):
    g = draw_normal(75, seed=2)
    g[[5, 40]] = np.nan
    p, *_ = update(place, name, g=g)
    assert np.array_equal(np.flatnonzero(np.isnan(p)), [5, 40])


# ---- beside the rules ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 17, 75])
def test_mix(place, n):
    x, before = draw_normal(n, seed=1), draw_normal(n, seed=2)

    def compute(parts):
        average = place(before)
        run_kernel(updates.mix, parts, n=n, x=place(x), average=average, numbers=place(numbers(EMA=0.3)))
        return [average.copy()]

    assert has_same_bits(compute_in_parts(compute)[0], compute_fma(np.float32(0.3), x - before, before))


@pytest.mark.parametrize("limit", [0.5, 20.0, 1e6])
@pytest.mark.parametrize("sizes", [(1,), (3, 17), (CHUNK, 1, 33), (3 * CHUNK + 5, 70)])
def test_clipping_as_torch(place, limit, sizes):
    """Over chunks of several tensors, of which those that learn nothing do not count."""
    gradients = [draw_normal(n, seed=n) / 4 for n in (*sizes, 40)]
    frozen = len(sizes)

    def compute(parts):
        counts = [-(-len(g) // CHUNK) for g in gradients]
        sums, now = place(np.full(2 * sum(counts), np.nan)), place(numbers())
        for number, g in enumerate(gradients):
            factors = place([0 if number == frozen else 1, 1])
            run_kernel(
                updates.sum_squares, parts, n=len(g), g=place(g), factors=factors, sums=sums[2 * sum(counts[:number]) :]
            )
        run_kernel(updates.clip, parts, n=sum(counts), sums=sums, limit=place([limit], np.float64), numbers=now)
        return [now[StepNumber.CLIP : StepNumber.CLIP + 1].copy()]

    parameters = [torch.nn.Parameter(torch.zeros(n)) for n in sizes]
    for parameter, g in zip(parameters, gradients, strict=False):
        parameter.grad = torch.tensor(g)
    norm = float(torch.nn.utils.clip_grad_norm_(parameters, limit))
    expected = parameters[0].grad[0] / gradients[0][0] if norm > limit else 1.0
    (factor,) = compute_in_parts(compute)[0]
    assert factor == pytest.approx(float(expected), rel=1e-6)
    assert (factor == 1) == (norm < limit)


def test_clipping_of_what_is_not_finite(place):
    """No number of a gradient that has overflown comes out as if it had not."""
    sums, now = place(np.full(2, np.nan)), place(numbers())
    run_kernel(updates.sum_squares, n=3, g=place([1, np.inf, 2]), factors=place([1, 1]), sums=sums)
    run_kernel(updates.clip, n=1, sums=sums, limit=place([1.0], np.float64), numbers=now)
    with np.errstate(invalid="ignore"):
        assert np.isnan(now[StepNumber.CLIP] * np.float32(np.inf))
