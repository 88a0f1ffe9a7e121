"""The papers' arithmetic, with the papers' numbers, and against integers written out."""

from fractions import Fraction
from itertools import pairwise

import pytest

from sknet_hp.search.arithmetic.brackets import (
    Rung,
    add_finalists,
    count_halvings,
    list_resources,
    plan_bracket,
    plan_hyperband,
)
from sknet_hp.search.arithmetic.cost import compute_cost, sum_resources
from sknet_hp.search.arithmetic.exact import to_fraction


def test_the_table_of_the_paper():
    """R = 81, factor 3 (Li et al. 2018, table 1), with the ceiling of the paper's
    formula.
    """
    assert plan_hyperband(81, 1, 3) == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]


@pytest.mark.parametrize(("R", "models", "continued"), [(9, 17, 69), (27, 49, 357), (81, 143, 1581)])
def test_counts(R, models, continued):
    brackets = plan_hyperband(R, 1, 3)
    assert sum(rungs[0].n_candidates for rungs in brackets) == models
    assert sum(map(sum_resources, brackets)) == continued


def test_count_without_continuation():
    assert sum(sum_resources(rungs, continued=False) for rungs in plan_hyperband(81, 1, 3)) == 1902


STEPS = {
    9: {2: 3, 3: 2, 4: 1, 10: 0},
    27: {2: 4, 3: 3, 4: 2, 10: 1},
    81: {2: 6, 3: 4, 4: 3, 10: 1},
    243: {2: 7, 3: 5, 4: 3, 10: 2},
    1000: {2: 9, 3: 6, 4: 4, 10: 3},
}
"""The largest s with factor^s <= R, by hand."""

CASES = [(R, factor) for R, row in STEPS.items() for factor in row]


@pytest.mark.parametrize(("R", "factor"), CASES)
def test_brackets(R, factor):
    """n = ceil((s_max + 1) / (s + 1) factor^s); a rung keeps floor(n / factor^i) up to
    floor(R / factor^(s - i)).
    """
    s_max = STEPS[R][factor]
    brackets = plan_hyperband(R, 1, factor)
    assert len(brackets) == s_max + 1
    for s, rungs in zip(range(s_max, -1, -1), brackets, strict=True):
        n = -(-(s_max + 1) * factor**s // (s + 1))
        assert rungs == [(max(1, n // factor**i), R // factor ** (s - i)) for i in range(s + 1)]
        assert rungs[-1].n_resources == R


FIRST = {
    (9, 2): [8, 6, 4, 4],
    (9, 3): [9, 5, 3],
    (9, 4): [4, 2],
    (9, 10): [1],
    (27, 2): [16, 10, 7, 5, 5],
    (27, 3): [27, 12, 6, 4],
    (27, 10): [10, 2],
    (81, 3): [81, 34, 15, 8, 5],
    (81, 10): [10, 2],
    (243, 3): [243, 98, 41, 18, 9, 6],
    (243, 10): [100, 15, 3],
    (1000, 10): [1000, 134, 20, 4],
    (1000, 4): [256, 80, 27, 10, 5],
}
"""Sizes of the first rungs, worked out by hand."""


@pytest.mark.parametrize(("case", "sizes"), FIRST.items())
def test_sizes_of_first_rungs(case, sizes):
    R, factor = case
    assert [rungs[0].n_candidates for rungs in plan_hyperband(R, 1, factor)] == sizes


@pytest.mark.parametrize("factor", [2, 3, 4, 5, 6, 7, 10])
def test_no_bracket_is_lost_to_floats(factor):
    """math.log(243, 3) and math.log(1000, 10) are just below whole numbers."""
    for s in range(1, 30):
        assert count_halvings(factor**s, 1, factor) == s
        assert count_halvings(factor**s - 1, 1, factor) == s - 1
        assert list_resources(factor**s, 1, factor, s) == [factor**j for j in range(s + 1)]


def test_factors_that_are_not_whole():
    assert to_fraction(2.5) == Fraction(5, 2)
    assert count_halvings(100, 1, 2.5) == 5
    assert list_resources(100, 1, 2.5, 5) == [1, 2, 6, 16, 40, 100]
    assert count_halvings(1331, 1000, 1.1) == 3, "in floats 1000 times 1.1 three times is more than 1331"
    assert plan_hyperband(25, 4, 2.5)[0] == [(7, 4), (2, 10), (1, 25)]


def test_the_least_resource():
    assert count_halvings(81, 5, 3) == 2
    assert [rung.n_resources for rung in plan_hyperband(81, 5, 3)[0]] == [9, 27, 81]
    assert plan_hyperband(5, 5, 3) == [[(1, 5)]]


def test_rungs_of_equal_resources_are_one():
    """More steps than there are resources for: the first rungs would all have the
    least.
    """
    assert list_resources(9, 1, 3, 4) == [1, 1, 1, 3, 9]
    assert plan_bracket(81, 9, 1, 3, 4) == [(81, 1), (3, 3), (1, 9)]
    assert plan_bracket(4, 3, 3, 2, 2) == [(4, 3)]
    assert all(
        a.n_resources < b.n_resources
        for R in range(1, 60)
        for rungs in plan_hyperband(R, 1, 1.3)
        for a, b in pairwise(rungs)
    )


def test_at_least_one_goes_on():
    assert plan_bracket(2, 27, 1, 3, 3) == [(2, 1), (1, 3), (1, 9), (1, 27)]


def test_the_reference_halving():
    """81 candidates from 1 to 52 epochs."""
    rungs = plan_bracket(81, 52, 1, 3, count_halvings(52, 1, 3))
    assert rungs == [(81, 1), (27, 5), (9, 17), (3, 52)]
    assert sum_resources(rungs) == 402
    assert sum(map(sum_resources, plan_hyperband(52, 1, 3))) == 657


def test_enough_finalists_for_an_ensemble():
    halving = plan_bracket(27, 27, 1, 3, 3)
    assert add_finalists([halving], 3) == [[(27, 1), (9, 3), (3, 9), (3, 27)]]
    assert add_finalists([halving], 5) == [[(27, 1), (9, 3), (5, 9), (5, 27)]]
    assert add_finalists([plan_bracket(2, 9, 1, 3, 2)], 3) == [[(2, 1), (2, 3), (2, 9)]], "no more than there are"
    assert add_finalists([[Rung(9, 27)]], 3) == [[(9, 27)]]
    for R in (3, 9, 27, 81):
        assert add_finalists(plan_hyperband(R, 1, 3), 3) == plan_hyperband(R, 1, 3), "whose brackets have enough"
    *others, last = add_finalists(plan_hyperband(27, 1, 3)[:2], 3)
    assert others == plan_hyperband(27, 1, 3)[:1]
    assert last == [(12, 3), (4, 9), (2, 27)]


def test_what_brackets_cost():
    assert compute_cost([plan_bracket(27, 27, 1, 3, 3)]) == (27, 40, 81, False)
    assert compute_cost([plan_bracket(27, 27, 1, 3, 3)], continued=False) == (27, 40, 27 + 27 + 27 + 27, False)
    assert compute_cost(plan_hyperband(52, 1, 3)).resources == 657
