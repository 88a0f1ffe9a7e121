import pytest

from sknet_hp.search.arithmetic.brackets import Rung
from sknet_hp.tuning.guided.affordable import (
    LEAST_RESERVED,
    SAFETY,
    choose_affordable,
    choose_reserve,
    choose_share,
    count_epochs,
    count_in_time,
    plan_networks,
    plan_race,
)


def test_a_race_keeps_a_third_from_rung_to_rung():
    assert plan_race(27, 100) == [Rung(27, 11), Rung(9, 33), Rung(3, 100)]
    assert plan_race(4, 100) == [Rung(4, 11), Rung(2, 33), Rung(1, 100)]


def test_so_many_come_to_the_end_as_are_wanted():
    assert [rung.n_candidates for rung in plan_race(9, 100, keep=3)] == [9, 3, 3]
    assert [rung.n_candidates for rung in plan_race(2, 100, keep=3)] == [2, 2, 2], "there are no more"


def test_few_epochs_make_few_rungs():
    assert plan_race(3, 2) == [Rung(3, 1), Rung(1, 2)]
    assert plan_race(3, 1) == [Rung(3, 1)]


def test_networks_that_stop_early_cost_no_more():
    rungs, costs = [Rung(9, 11), Rung(3, 33), Rung(1, 100)], [1.0] * 9
    assert count_epochs(rungs, 1000, costs) == 9 * 11 + 3 * 22 + 67
    assert count_epochs(rungs, 20, costs) == 9 * 11 + 3 * 9
    assert count_epochs(rungs, 5, costs) == 9 * 5


def test_the_dearest_may_be_the_ones_that_go_on():
    assert count_epochs([Rung(3, 10), Rung(1, 30)], 100, [1.0, 4.0, 2.0]) == 7 * 10 + 4 * 20


def test_as_many_candidates_race_as_there_is_time_for():
    costs = [1.0] * 20
    seconds = SAFETY * 0.1 * count_epochs(plan_race(5, 100, keep=1), 40, costs)
    assert choose_affordable(seconds + 1e-9, costs, 0.1, 40, 100, keep=1) == [0, 1, 2, 3, 4]
    assert len(choose_affordable(seconds - 0.1, costs, 0.1, 40, 100, keep=1)) < 5
    assert len(choose_affordable(1e9, costs, 0.1, 40, 100, keep=1)) == 20, "there are no more"
    assert choose_affordable(0.0, costs, 0.1, 40, 100, keep=1) == []


def test_who_is_too_dear_is_passed_over():
    assert choose_affordable(SAFETY * 2 * 40, [1.0, 50.0, 1.0], 1.0, 40, 100, keep=3) == [0, 2]


def test_rows_are_thinned_until_a_candidate_takes_15_percent_of_the_time():
    assert choose_share(40_000, 2.0, budget=30) == 1
    assert choose_share(40_000, 18.0, budget=30) == pytest.approx(0.25)
    assert choose_share(40_000, 1200.0, budget=30) == pytest.approx(0.05), "2,000 rows are always kept"
    assert choose_share(1000, 1200.0, budget=30) == 1


def test_networks_go_where_the_weight_is():
    order = plan_networks([0.5, 0.3, 0.2], [1.0, 1.0, 1.0], 100, 8)
    assert order[:3] == [0, 1, 2], "each has one first"
    assert [order.count(k) for k in range(3)] == [4, 2, 2]
    assert plan_networks([1.0], [0.0], 0.0, 4) == [0, 0, 0, 0]
    assert plan_networks([0.9, 0.1], [1.0, 1.0], 6.5, 8, together=2) == [0, 0, 1, 1, 0, 0]


def test_networks_for_which_there_is_no_time_are_passed_over():
    assert plan_networks([0.6, 0.4], [5.0, 1.0], 7.5, 8) == [0, 1, 1]
    assert plan_networks([0.6, 0.4], [5.0, 1.0], 3.0, 2) == [1, 1]
    assert plan_networks([0.6, 0.4], [5.0, 5.0], 3.0, 8) == [0], "there is always one"
    assert plan_networks([1.0], [5.0], 3.0, 8, together=2) == [0, 0]


def test_networks_are_counted_until_the_time_is_up():
    assert count_in_time([1.0, 2.0, 3.0], 3.5) == 2
    assert count_in_time([1.0], 0.5) == count_in_time([], 9.0) == 0


def test_time_is_kept_for_the_final_fit():
    least = LEAST_RESERVED * 30
    assert choose_reserve(8, 0.5, budget=30) == least + SAFETY * 8 * 0.5
    assert choose_reserve(8, 4.0, budget=30) == pytest.approx(least + 0.4 * 30), "several have two fifths at most"
    assert choose_reserve(8, 6.0, budget=30) == least + SAFETY * 2 * 6, "two are always fitted"
    assert choose_reserve(8, 99.0, budget=30) == pytest.approx(27)
    assert choose_reserve(0, 5.0, budget=30) == 0
