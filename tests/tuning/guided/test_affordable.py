import pytest

from sknet_hp.search.arithmetic.brackets import Rung
from sknet_hp.tuning.guided.affordable import (
    SAFETY,
    choose_reserve,
    choose_share,
    count_affordable,
    count_epochs,
    plan_race,
    split_seeds,
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
    rungs = [Rung(9, 11), Rung(3, 33), Rung(1, 100)]
    assert count_epochs(rungs, 1000) == 9 * 11 + 3 * 22 + 67
    assert count_epochs(rungs, 20) == 9 * 11 + 3 * 9
    assert count_epochs(rungs, 5) == 9 * 5


def test_as_many_candidates_race_as_there_is_time_for():
    seconds = SAFETY * 0.1 * count_epochs(plan_race(5, 100, keep=1), 40)
    assert count_affordable(seconds + 1e-9, 20, 0.1, 40, 100, keep=1) == 5
    assert count_affordable(seconds - 0.1, 20, 0.1, 40, 100, keep=1) < 5
    assert count_affordable(1e9, 20, 0.1, 40, 100, keep=1) == 20, "there are no more"
    assert count_affordable(0.0, 20, 0.1, 40, 100, keep=1) == 0


def test_rows_are_thinned_until_a_candidate_takes_a_tenth_of_the_time():
    assert choose_share(40_000, 2.0, budget=30) == 1
    assert choose_share(40_000, 12.0, budget=30) == pytest.approx(0.25)
    assert choose_share(40_000, 1200.0, budget=30) == pytest.approx(0.05), "2,000 rows are always kept"
    assert choose_share(1000, 1200.0, budget=30) == 1


def test_seeds_go_where_the_weight_is():
    assert split_seeds([0.5, 0.3, 0.2], 8) == [4, 2, 2]
    assert split_seeds([0.5, 0.3, 0.2], 3) == [1, 1, 1]
    assert split_seeds([0.5, 0.3, 0.2], 2) == [1, 1, 0]
    assert split_seeds([1.0], 4) == [4]


def test_time_is_kept_for_the_final_fit():
    assert choose_reserve(8, 0.5, budget=30) == SAFETY * 8 * 0.5
    assert choose_reserve(8, 5.0, budget=30) == pytest.approx(0.35 * 30), "several take a third at most"
    assert choose_reserve(8, 12.0, budget=30) == SAFETY * 12, "one is always fitted"
    assert choose_reserve(8, 99.0, budget=30) == pytest.approx(27)
    assert choose_reserve(0, 5.0, budget=30) == 0
