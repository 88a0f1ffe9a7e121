"""Each update rule against the one it is named after, over many steps, with rates that
differ between members.
"""

import numpy as np
import pytest
import torch

from sknet_hp.training.rules.optimizers import OPTIMIZERS
from tests.helpers.torch_optimizers import MOVES_BY_SIGNS, TORCH

STEPS, MEMBERS, CPU = 200, 4, torch.device("cpu")
SIZES = [15, 3, 16]
every_rule = pytest.mark.parametrize("name", OPTIMIZERS)

RATES = {
    "lr": np.array([1e-3, 3e-2, 1e-2, 5e-3]),
    "weight_decay": np.array([0.0, 1e-2, 0.1, 1e-3]),
    "momentum": np.array([0.9, 0.0, 0.5, 0.99]),
    "beta1": np.array([0.9, 0.5, 0.0, 0.95]),
    "beta2": np.array([0.999, 0.99, 0.9, 0.5]),
    "eps": np.array([1e-8, 1e-6, 1e-3, 1e-8]),
    "alpha": np.array([0.99, 0.9, 0.5, 0.99]),
    "l1": np.zeros(4),
    "clip": np.full(4, np.inf),
}


def some(start, members=MEMBERS):
    return {name: values[start : start + members] for name, values in RATES.items()}


class Problem:
    """Gradients of a quadratic with noise, the same for stack and torch at equal
    weights.
    """

    def __init__(self, size, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.start = torch.randn(MEMBERS, size, generator=generator)
        self.target = torch.randn(MEMBERS, size, generator=generator)
        self.noise = torch.randn(STEPS, MEMBERS, size, generator=generator)

    def gradient(self, i, k, p):
        return (p - self.target[k]) + 0.3 * self.noise[i, k]


def schedule(steps=STEPS):
    return np.linspace(1.0, 0.2, steps)


def optimise(name, rates, members, problem, first=0, factors=None, epoch=50, lr_factors=None, **more):
    """The stack's weights and slots after all steps, in epochs of `epoch` steps."""
    optimizer = OPTIMIZERS[name](rates, SIZES, CPU, **more)
    p = problem.start[first : first + members].clone()
    slots = [torch.zeros_like(p) for _ in range(OPTIMIZERS[name].slots)]
    factors = np.ones(STEPS) if factors is None else factors
    for begin in range(0, STEPS, epoch):
        steps = np.arange(begin, begin + epoch)[:, None]
        optimizer.begin_epoch(factors[steps] * rates["lr"], np.broadcast_to(steps + 1, (epoch, members)), lr_factors)
        for i in range(epoch):
            g = torch.stack([problem.gradient(begin + i, first + k, p[k]) for k in range(members)])
            optimizer.update(i, p, g, slots)
    return p.numpy(), [slot.numpy() for slot in slots]


def close(name, found, expected, k=0):
    atol = 2.1 * RATES["lr"][k] if name in MOVES_BY_SIGNS else 2e-4
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=atol, err_msg=f"member {k}")


@every_rule
@pytest.mark.parametrize("scheduled", [False, True])
def test_optimizer_equals_torch(name, scheduled):
    problem = Problem(sum(SIZES))
    factors = schedule() if scheduled else np.ones(STEPS)
    weights, _ = optimise(name, some(0), MEMBERS, problem, factors=factors)
    for k in range(MEMBERS):
        p = torch.nn.Parameter(problem.start[k].clone())
        rates = {key: float(values[k]) for key, values in RATES.items()}
        optimizer = TORCH[name]([p], rates)
        for i in range(STEPS):
            optimizer.param_groups[0]["lr"] = rates["lr"] * factors[i]
            p.grad = problem.gradient(i, k, p.detach())
            optimizer.step()
        assert np.abs(weights[k] - problem.start[k].numpy()).max() > 1e-2  # something was learned
        np.testing.assert_allclose(
            weights[k],
            p.detach().numpy(),
            rtol=1e-4,
            atol=2.1 * rates["lr"] if name in MOVES_BY_SIGNS else 1e-4,
            err_msg=f"member {k}",
        )
        if name in MOVES_BY_SIGNS:
            assert np.median(np.abs(weights[k] - p.detach().numpy())) < 1e-5


@every_rule
def test_epoch_length_does_not_matter(name):
    problem = Problem(sum(SIZES))
    one, _ = optimise(name, some(0), MEMBERS, problem, factors=schedule(), epoch=50)
    other, _ = optimise(name, some(0), MEMBERS, problem, factors=schedule(), epoch=10)
    assert np.array_equal(one, other)


@every_rule
def test_a_member_that_is_not_finite_hurts_nobody(name):
    problem = Problem(sum(SIZES))
    sane, _ = optimise(name, some(0), MEMBERS, problem)
    problem.noise[3:, 1] = torch.nan
    problem.noise[3:, 2] = torch.inf
    beside, _ = optimise(name, some(0), MEMBERS, problem)
    assert np.array_equal(beside[[0, 3]], sane[[0, 3]])
    if name not in MOVES_BY_SIGNS:
        assert not np.isfinite(beside[1]).any()


# ---- what all rules share ------------------------------------------------------------------------------------------


class Reference:
    """One member's training by torch: its tensors are parameters of their own."""

    def __init__(self, problem, k, make):
        self.problem, self.k = problem, k
        self.tensors = [torch.nn.Parameter(part.clone()) for part in problem.start[k].split(SIZES)]
        self.optimizer = make(self.tensors)

    def run(self, before=lambda tensors: None):
        for i in range(STEPS):
            g = self.problem.gradient(i, self.k, torch.cat([p.detach() for p in self.tensors]))
            for p, part in zip(self.tensors, g.split(SIZES), strict=True):
                p.grad = part.clone()
            before(self.tensors)
            self.optimizer.step()
        return torch.cat([p.detach() for p in self.tensors]).numpy()


rates_of = {k: {key: float(values[k]) for key, values in RATES.items()} for k in range(MEMBERS)}


@every_rule
def test_clipping_equals_torch(name):
    problem = Problem(sum(SIZES))
    clip = np.array([0.5, np.inf, 2.0, 1e-3]) * sum(SIZES) ** 0.5
    weights, _ = optimise(name, some(0) | {"clip": clip}, MEMBERS, problem)
    for k in range(MEMBERS):
        reference = Reference(problem, k, lambda p, k=k: TORCH[name](p, rates_of[k]))
        expected = reference.run(lambda tensors, k=k: torch.nn.utils.clip_grad_norm_(tensors, clip[k]))
        close(name, weights[k], expected, k)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_member_without_a_limit_is_left_alone_whatever_its_gradient(name):
    """Also where the norm is not finite: of gradients that are not, or whose squares
    are too large for float32.
    """
    for odd in (1e20, np.inf, np.nan):
        gradients = np.random.default_rng(0).normal(size=(2, sum(SIZES))).astype(np.float32)
        gradients[:, 3] = odd

        def step(clip, name=name, gradients=gradients):
            members = len(clip)
            optimizer = OPTIMIZERS[name](
                some(0, members) | {"lr": np.full(members, 1e-22), "clip": np.array(clip)}, SIZES, CPU
            )
            p = torch.zeros(members, sum(SIZES))
            optimizer.begin_epoch(np.full((1, members), 1e-22), np.ones((1, members), int))
            optimizer.update(
                0,
                p,
                torch.from_numpy(gradients[:members].copy()),
                [torch.zeros_like(p) for _ in range(optimizer.slots)],
            )
            return p[0].numpy()

        alone, together = step([np.inf]), step([np.inf, 1.0])
        assert np.array_equal(alone, together, equal_nan=True), odd


@every_rule
def test_what_is_frozen_has_no_part_in_the_norm(name):
    """As in torch, where parameters that need no gradient have none."""
    problem = Problem(sum(SIZES))
    frozen = np.array([[0.0, 1.0, 1.0]]).repeat(MEMBERS, 0)
    clip = np.full(MEMBERS, 0.1 * sum(SIZES) ** 0.5)
    kept = SIZES[0]
    weights, _ = optimise(name, some(0) | {"clip": clip}, MEMBERS, problem, lr_factors=frozen)
    for k in range(MEMBERS):
        assert np.array_equal(weights[k, :kept], problem.start[k, :kept].numpy())
        reference = Reference(problem, k, lambda p, k=k: TORCH[name](p[1:], rates_of[k]))
        expected = reference.run(lambda tensors, k=k: torch.nn.utils.clip_grad_norm_(tensors[1:], clip[k]))
        close(name, weights[k, kept:], expected[kept:], k)
    mixed = np.concatenate([np.ones((1, 3)), frozen[1:]])  # beside members of which nothing stays
    company, _ = optimise(name, some(0) | {"clip": clip}, MEMBERS, problem, lr_factors=mixed)
    alone, _ = optimise(name, some(0, 1) | {"clip": clip[:1]}, 1, problem)
    close(name, company[0], alone[0])
    for k in range(1, MEMBERS):
        close(name, company[k], weights[k], k)


@pytest.mark.parametrize("factor", [1.0, 3.0])
@pytest.mark.parametrize("mode", ["l2", "decoupled"])
@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_decay_in_both_meanings_spares_what_it_should(name, mode, factor):
    """Decay of the first tensor only, times a factor of its own, against torch's
    parameter groups.
    """
    problem = Problem(sum(SIZES))
    weights, _ = optimise(
        name, some(0), MEMBERS, problem, factors=schedule(), decay_mode=mode, decayed=[[factor, 0, 0]] * MEMBERS
    )
    torchs = {"l2": torch.optim.Adam, "decoupled": torch.optim.AdamW}[mode]
    for k, r in rates_of.items():

        def make(p, r=r):
            groups = [
                {"params": p[:1], "weight_decay": factor * r["weight_decay"]},
                {"params": p[1:], "weight_decay": 0.0},
            ]
            return torchs(groups, lr=r["lr"], betas=(r["beta1"], r["beta2"]), eps=r["eps"])

        reference = Reference(problem, k, make)
        steps = iter(schedule())

        def set_lr(tensors, reference=reference, steps=steps, r=r):
            factor = next(steps)
            for group in reference.optimizer.param_groups:
                group["lr"] = r["lr"] * factor

        np.testing.assert_allclose(weights[k], reference.run(set_lr), rtol=1e-4, atol=1e-4, err_msg=f"member {k}")


@every_rule
def test_learning_rates_may_differ_by_tensor(name):
    """A factor of zero freezes; a cohort of members with other factors is one."""
    problem = Problem(sum(SIZES))
    factors = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 0.5], [0.1, 0.0, 1.0], [1.0, 2.0, 0.0]])
    together, _ = optimise(name, some(0), MEMBERS, problem, factors=schedule(), lr_factors=factors)
    for k in range(MEMBERS):
        alone, _ = optimise(name, some(k, 1), 1, problem, k, schedule(), lr_factors=factors[k : k + 1])
        close(name, together[k], alone[0], k)
        parts = zip(np.split(together[k], np.cumsum(SIZES)), problem.start[k].split(SIZES), factors[k], strict=False)
        for part, start, factor in parts:
            assert np.array_equal(part, start.numpy()) == (factor == 0)
    plain, _ = optimise(name, some(0), MEMBERS, problem, factors=schedule())
    close(name, together[0], plain[0])


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_l1_is_in_the_gradient(name):
    problem = Problem(sum(SIZES))
    l1 = np.array([0.0, 0.3, 0.1, 1.0])
    weights, _ = optimise(name, some(0) | {"l1": l1}, MEMBERS, problem, decayed=[[1, 0, 1]] * MEMBERS)
    for k, r in rates_of.items():

        def penalise(tensors, k=k):
            for p in (tensors[0], tensors[2]):
                p.grad += l1[k] * p.detach().sign() + r["weight_decay"] * p.detach()  # noqa: B023

        expected = Reference(problem, k, lambda p, r=r: TORCH[name](p, r | {"weight_decay": 0.0})).run(penalise)
        # The sign of what is almost zero may flip.
        np.testing.assert_allclose(weights[k], expected, atol=2.5 * r["lr"], err_msg=f"member {k}")
