import numpy as np

from sknet_hp.search.checks.gain import find_no_gain
from tests.helpers.search_cases import make_case

OWN = {"lr": 2e-3}


def check(scores, **more):
    """The first candidate is the estimator as it was."""
    scores = np.asarray(scores, dtype=float)
    params = [OWN, *({"lr": 0.01 * k} for k in range(1, len(scores)))]
    return list(find_no_gain(make_case(scores, params, current=dict(OWN), **more)))


def test_it_won():
    [finding] = check([0.9, 0.8, 0.7])
    assert "with its own settings" in finding.message


def test_a_difference_within_its_standard_error():
    [finding] = check([[0.8, 0.9, 0.85], [0.9, 0.85, 0.83]])
    assert finding.evidence["difference"] <= finding.evidence["standard_error"]
    assert finding.severity == "info"


def test_a_difference_in_one_split_alone_is_within_its_standard_error():
    for size in np.linspace(0.001, 0.1, 50):  # it is exactly that, and rounding would decide
        assert check([[0.8, 0.9, 0.85], [0.8, 0.9 + size, 0.85]])


def test_differences_count_by_split():
    """Means are as far apart as before, but every split says the same."""
    assert not check([[0.80, 0.90, 0.85], [0.81, 0.91, 0.86]])


def test_dropped_early_though_as_good():
    scores = [[0.5, 0.6, 0.55], [0.55, 0.58, 0.54], [0.9, 0.9, 0.9]]
    [finding] = check(scores, candidate=np.array([0, 1, 1]), n_resources=np.array([1, 1, 27]))
    assert "was dropped after 1 epoch" in finding.message
    assert "not known" in finding.advice
    [finding] = check([[0.9, 0.9, 0.9], *scores[1:]], candidate=np.array([0, 1, 1]), n_resources=np.array([1, 1, 27]))
    assert "the best candidate was worse" in finding.message
    assert not check([[0.1, 0.2, 0.1], *scores[1:]], candidate=np.array([0, 1, 1]), n_resources=np.array([1, 1, 27]))


def test_nothing_is_said_without_it():
    case = make_case([0.9, 0.8], [{"lr": 1e-3}, {"lr": 1e-2}], current={"lr": 1.0})
    assert not list(find_no_gain(case))
    assert not list(find_no_gain(make_case([0.9, 0.8], [{"lr": 1e-3}, {"lr": 1e-2}])))


def test_one_split_has_no_standard_error():
    assert not check([[0.8], [0.9]])
    assert check([[0.9], [0.8]])


def test_it_failed():
    assert not check([[np.nan] * 3, [0.9, 0.8, 0.7], [0.9, 0.8, 0.6]])
