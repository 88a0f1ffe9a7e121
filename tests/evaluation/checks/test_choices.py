"""Checks of what searches inside an evaluation have chosen."""

import numpy as np
import pytest

from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.evaluation.checks.choices import describe_disagreement, find_unstable_choice

SPLITS = list(zip(np.arange(10).reshape(5, 2), np.arange(10, 20).reshape(5, 2), strict=True))


def find(params):
    return list(find_unstable_choice(EvaluationCase(np.arange(20), SPLITS, {"r2": np.ones(5)}, "r2", params=params)))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1e-4, 1e-3, 1e-2, 1e-3, 3e-2], "from 0.0001 to 0.03"),
        (["relu", "silu", "gelu", "mish", "relu"], "'relu' (2), 'silu' (1), 'gelu' (1), 'mish' (1)"),
        ([1e-3, 2e-3, 3e-3, 1.5e-3, 2.5e-3], ""),
        (["relu", "relu", "relu", "silu", "gelu"], ""),
        ([True, False, True, False, True], ""),
        ([0.0, 0.1, 0.0, 0.1, 0.1], ""),
        ([1, 100], ""),
    ],
)
def test_values(values, text):
    assert describe_disagreement(values) == text


def test_parameters_are_named():
    params = [{"lr": lr, "width": 64} for lr in (1e-4, 1e-3, 1e-2, 2e-3, 5e-2)]
    [finding] = find(params)
    assert finding.evidence == {"parameters": ["lr"], "splits": 5}
    assert finding.severity == "info"


def test_settings_that_differ_as_a_whole():
    own = {"module": "mlp", "n_layers": 1, "width": 128, "dropout": 0.0}
    changes = [{"module": "tabm"}, {"n_layers": 12}, {"width": 8}, {"module": "resnet", "width": 8}, {}]
    [finding] = find([own | each for each in changes])
    assert finding.evidence == {"parameters": ["module", "n_layers", "width"], "splits": 5, "alike": 1}
    assert "no two of them alike" in finding.message
    assert find([own, own, own, *(own | each for each in changes[:2])]) == []


def test_splits_without_a_search():
    assert find([{}] * 5) == []
    assert find([{"lr": 1}, {}, {}, {}, {"lr": 100}]) == []
