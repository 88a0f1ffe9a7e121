"""How many networks a final ensemble has, by a clock that tests move."""

import pytest

from sknet_hp.search.candidates import Step
from sknet_hp.search.running.ensemble import Member
from sknet_hp.tuning.guided.final_fit import MOST_NETWORKS, N_NETWORKS, FinalFit
from tests.tuning.guided.fake_run import make_guide

SECONDS = 0.1 * 40 * 1350 / 900  # of a network on all rows, as the search has seen it


def fit(final, clock, seconds):
    """Fit networks that take so many seconds, and return how many in each round."""
    rounds = []
    while sum(rounds) < len(final.order) and (n := final.count_next(sum(rounds))):
        rounds.append(n)
        clock.now += n * seconds
    final.close(sum(rounds))
    return rounds


def make_final(budget):
    guide = make_guide(budget=budget)
    return FinalFit(guide, [Member(guide.incumbent, 1.0)]), guide


def test_without_a_limit_all_are_fitted_at_once():
    final, guide = make_final(None)
    assert fit(final, guide.run.clock, 99.0) == [N_NETWORKS]


def test_what_time_is_left_has_more_networks():
    final, guide = make_final(1000)
    assert sum(fit(final, guide.run.clock, SECONDS)) == MOST_NETWORKS


@pytest.mark.parametrize("seconds", [0.5 * SECONDS, SECONDS, 1.8 * SECONDS])
def test_the_time_is_kept_however_long_they_take(seconds):
    final, guide = make_final(12 + 8 * SECONDS)
    n = sum(fit(final, guide.run.clock, seconds))
    assert guide.budget.left >= 0
    assert n == len(final.order) or guide.budget.left < 3 * seconds, "nor is it wasted"


def test_networks_that_take_less_time_than_foreseen_are_more():
    final, guide = make_final(12 + 6 * SECONDS)
    assert sum(fit(final, guide.run.clock, 0.1 * SECONDS)) == MOST_NETWORKS


def test_seeds_and_weights_of_those_that_were_fitted():
    guide = make_guide(budget=1000)
    other = guide._propose({"width": 64})
    guide._train([Step(other, 90, 0)])
    final = FinalFit(guide, [Member(guide.incumbent, 0.7), Member(other, 0.3)])
    final.close(3)
    assert [member.candidate for member in final.networks] == [guide.incumbent, guide.incumbent, other]
    assert [member.weight for member in final.networks] == pytest.approx([0.35, 0.35, 0.3])
    assert final.seeds == [0, 1, 0]


def test_what_was_fitted_once_is_fitted_again():
    final, guide = make_final(1000)
    guide.notebook.known["networks fitted"] = 3
    assert fit(final, guide.run.clock, 99.0) == [3]
