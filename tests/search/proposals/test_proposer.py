"""What model-based searches are made of: points of a space, and the scores that a model
learns from.
"""

import numpy as np

from sknet_hp.search.candidates import Candidate, Row
from sknet_hp.search.proposals.proposer import fill_failed, select_comparable
from sknet_hp.search.spaces.axes import Axes
from sknet_hp.search.spaces.space import Space

LR = (1e-6, 1.0, "log-uniform")


def outcome(score):
    return {"test_scores": score, "fit_error": None}


def test_parameters_outside_the_space():
    axes = Axes(Space({"lr": LR, "width": (4, 8), "activation": ["relu", "selu"]}))
    inside = {"lr": 0.1, "width": 5, "activation": "relu"}
    assert axes.encode(inside) == {"lr": 0.1, "width": 5, "activation": 0}
    for wrong in (
        {"lr": 2.0},
        {"width": 5.5},
        {"activation": "tanh"},
        {"lr": None},
        {"lr": float("nan")},
        {"shape": (1,)},
    ):
        assert axes.encode(inside | wrong) is None


def test_scores_are_made_finite():
    a, b, c = (Candidate(number, {}) for number in range(3))
    assert fill_failed({a: 0.5, b: np.nan, c: 0.7}) == {a: 0.5, b: 0.5, c: 0.7}
    assert fill_failed({a: -np.inf, b: 3.0}) == {a: 3.0, b: 3.0}
    assert fill_failed({a: np.nan}) == {}, "0 would be the best of negative losses"


def test_the_model_learns_from_the_highest_resource_with_enough_scores():
    candidates = [Candidate(number, {}) for number in range(12)]

    def rows(n, n_resources):
        return [
            Row(candidate, 0, n_resources, [outcome(float(n_resources)), outcome(0.0)]) for candidate in candidates[:n]
        ]

    assert select_comparable([], "score") == {}
    assert set(select_comparable(rows(4, 1), "score").values()) == {0.5}
    assert set(select_comparable(rows(12, 1) + rows(9, 3), "score").values()) == {0.5}
    assert set(select_comparable(rows(12, 1) + rows(10, 3) + rows(3, 9), "score").values()) == {1.5}


def test_what_was_left_behind_counts_as_the_worst():
    """A candidate that another bracket gave up has lost to those that went on; one of
    the bracket under way has not.
    """
    gone, *others, waiting = (Candidate(number, {}, bracket=0, n_resources=1) for number in range(12))
    waiting.bracket = 1
    rows = [Row(candidate, 0, 1, [outcome(9.0)]) for candidate in (gone, *others, waiting)]
    for number, candidate in enumerate(others):
        candidate.n_resources = 3
        rows.append(Row(candidate, 1, 3, [outcome(20.0 + number)]))
    scores = select_comparable(rows, "score", bracket=1)
    assert waiting not in scores
    assert scores[gone] == 20.0
    assert [scores[candidate] for candidate in others] == [20.0 + number for number in range(10)]
