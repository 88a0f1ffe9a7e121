"""Smith's ramp."""

import numpy as np
import pytest
from sklearn.datasets import make_classification

from sknet_hp import NetClassifier
from sknet_hp.tuning import find_lr
from sknet_hp.tuning.learning_rate.ramp import Ramp, train_ramp
from sknet_hp.tuning.learning_rate.settings import make_problem

X, Y = make_classification(240, 6, n_informative=4, class_sep=2.0, random_state=0)
NET = NetClassifier(width=16, n_layers=1, random_state=0)
RATES = np.geomspace(1e-5, 1e3, 20)


def test_a_ramp_begins_with_an_untrained_network():
    problem = make_problem(NET, X, Y, None, None, 3, None, 0)
    ramp = train_ramp(0, 0, problem, RATES)
    assert ramp.losses[0] == pytest.approx(np.log(2), abs=0.2)
    assert ramp.losses.min() < ramp.losses[0] - 0.05
    assert len(ramp.losses) < len(RATES), "it ends where the loss explodes"
    np.testing.assert_array_equal(ramp.rates, RATES[: len(ramp.rates)])
    again = train_ramp(0, 0, problem, RATES)
    np.testing.assert_array_equal(ramp.losses, again.losses)


def test_what_is_read_off():
    decades = np.linspace(-7, 1, 81)
    losses = np.where(decades < -4, 1.0, np.where(decades < -2, 1 - (decades + 4) / 4, 0.5))
    losses = np.where(decades > 0, 0.5 + decades * 3, losses)
    read = Ramp(0, 10**decades, losses).read()
    assert -4 < np.log10(read.suggestion) < -1.5
    assert -4 < np.log10(read.steepest) < -1
    assert read.edge_of_divergence > 1
    assert Ramp(0, 10**decades, np.arange(81.0)).read() is None


def test_the_result_of_ramps():
    found = find_lr(NET, X, Y, method="ramp", n_seeds=2, rates=RATES)
    assert set(found.table.columns) == {"seed", "step", "rate", "loss", "smooth_loss"}
    assert found.table["seed"].nunique() == found.n_seeds == 2
    assert RATES[0] < found.suggestion < RATES[-1]
    assert "2 ramps of at most" in found.summary()
    assert np.isnan(found.chance_loss)


def test_ramps_whose_losses_only_rise():
    with pytest.raises(ValueError, match="the loss of no ramp ever fell"):
        find_lr(NET, X, Y, method="ramp", n_seeds=1, rates=np.geomspace(1e4, 1e6, 5))
