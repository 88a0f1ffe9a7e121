import warnings

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.training import show_training
from sknet_hp.evaluation import nested_cross_validate


def test_refusals_become_sentences(capsys):
    with pytest.raises(BadInput, match="cv=3 folds need as many rows"), show_training("Evaluating"):
        nested_cross_validate(DecisionTreeRegressor(), np.zeros((2, 1)), np.array([0.0, 1.0]), cv=3)
    assert "Evaluating: " in capsys.readouterr().err


def test_faults_keep_their_traceback():
    with pytest.raises(ValueError, match="broadcast"), show_training("Computing"):
        np.empty(2)[:] = np.zeros(3)


def test_warnings_are_counted():
    with show_training("Computing") as (counted, _):
        for _ in range(2):
            warnings.warn("a thing to know", UserWarning, stacklevel=1)
    assert counted["a thing to know"] == 2


def test_refusals_name_options():
    with pytest.raises(BadInput, match=r"^--time-budget 3 seconds were up$"), show_training("Trying"):
        raise ValueError("time_budget=3 seconds were up")
