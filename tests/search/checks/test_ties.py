import numpy as np

from sknet_hp.search.checks.ties import find_near_ties
from tests.helpers.search_cases import make_case


def check(scores, **more):
    return list(find_near_ties(make_case(np.asarray(scores, dtype=float), **more)))


def test_the_first_two_of_three():
    [finding] = check([[0.8, 0.9, 0.7], [0.9, 0.8, 0.71], [0.5, 0.6, 0.4]])
    assert finding.evidence["candidates"] == [1, 0]
    assert finding.remedy == {"refit": "one_standard_error"}
    assert "The first 2 of 3 candidates are within" in finding.message


def test_a_clear_winner():
    assert not check([[0.8, 0.9, 0.7], [0.7, 0.8, 0.6]])


def test_those_who_were_dropped_do_not_count():
    scores = [[0.8, 0.9, 0.7], [0.9, 0.8, 0.71], [0.81, 0.89, 0.7]]
    [finding] = check(scores, n_resources=np.array([27, 27, 9]))
    assert finding.evidence["candidates"] == [1, 0]
    assert "The first 2 of 2 candidates that reached the most resources" in finding.message


def test_one_split_and_no_scores():
    assert not check([[0.8], [0.8]])
    assert not check([[np.nan, np.nan], [np.nan, np.nan]])


def test_copies_are_equally_good_by_birth():
    assert not check([[0.8, 0.9, 0.7], [0.8, 0.9, 0.7]], has_copies=True)


def test_errors_are_positive():
    case = make_case([[-31_000.0, -32_000.0], [-31_100.0, -31_950.0]])
    case.search.scoring = "neg_mean_absolute_error"
    [finding] = find_near_ties(case)
    assert "of the best (31,500 to 31,525)" in finding.message


def test_an_ensemble_averages_them():
    case = make_case([[0.8, 0.9, 0.7], [0.9, 0.8, 0.71]])
    assert list(find_near_ties(case))
    case.search.refit = "ensemble"
    assert not list(find_near_ties(case))
