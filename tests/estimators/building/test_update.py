"""Learning rates as users set them: in epochs, with warm-up, for batches."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from skorch.callbacks import Callback

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.building.update import count_batch_rows, make_lr_schedule

X, y = make_classification(200, 8, n_informative=5, n_classes=3, flip_y=0.05, random_state=0)
SMALL = {"width": 16, "batch_size": 32, "dropout": 0.0, "weight_averaging": "none", "random_state": 0}


@pytest.mark.parametrize(
    ("given", "n_rows", "rows"),
    [("auto", 10_000, 256), ("auto", 3500, 64), ("auto", 20, 16), (0.1, 500, 50), (7, 9, 7)],
)
def test_batch_sizes_in_rows(given, n_rows, rows):
    assert count_batch_rows(given, n_rows) == rows


def factors(epochs, **parameters):
    """The factors on the learning rate at the beginning of each epoch."""
    net = NetRegressor(**parameters)
    schedule, horizon = make_lr_schedule(net), net.schedule_epochs or net.max_epochs
    return np.array([schedule.compute_factor(epoch / horizon, 1 / horizon) for epoch in range(epochs)])


@pytest.mark.parametrize(
    ("parameters", "drops"),
    [
        ({}, [10, 20]),
        ({"lr_warmup": 5}, [15, 25]),
        ({"lr_warmup": 0.5}, [25]),
        ({"lr_warmup": 29}, []),
        ({"lr_warmup": 30}, []),
        ({"lr_warmup": 6, "lr_step_epochs": None}, [14, 22]),
        ({"schedule_epochs": 60, "lr_warmup": 0.1}, [16, 26]),
    ],
)
def test_drops_come_every_so_many_epochs_after_the_warm_up(parameters, drops):
    got = factors(30, **{"lr_schedule": "step", "max_epochs": 30, "lr_step_epochs": 10, **parameters})
    assert (np.flatnonzero(np.diff(got) < -1e-9) + 1).tolist() == drops


@pytest.mark.parametrize("scaling", ["linear", "sqrt"])
def test_scaled_by_the_rows_there_are(scaling):
    """A batch has as many rows as there are at most, whatever `batch_size` says."""
    plain = SMALL | {"max_epochs": 2, "early_stopping": False, "lr_scaling": scaling, "base_batch_size": 50}
    whole, larger = (NetClassifier(**plain | {"batch_size": size}).fit(X, y) for size in (200, 1000))
    assert np.array_equal(whole.parameters_, larger.parameters_)


@pytest.mark.parametrize("later", [{}, {"lr": 5e-3}, {"lr_scaling": "none"}])
def test_the_same_whether_somebody_looks_on(later):
    """Callbacks may change the learning rate; those that do not leave it as it is."""
    plain = SMALL | {"lr_scaling": "linear", "lr": 1e-2, "warm_start": True, "max_epochs": 3}
    nets = [
        NetClassifier(**plain, callbacks=callbacks).fit(X, y).set_params(max_epochs=6, **later).fit(X, y)
        for callbacks in (None, [Callback()])
    ]
    assert nets[0].loss_curve_ == nets[1].loss_curve_


# ---- once more on all rows -----------------------------------------------------------------------------------------

FALLING = SMALL | {
    "lr_schedule": "plateau",
    "lr_patience": 0,
    "lr_gamma": 0.5,
    "lr": 5e-2,
    "max_epochs": 20,
    "patience": 20,
}


def test_refit_repeats_the_drops_of_plateau():
    found = NetClassifier(**FALLING).fit(X, y)
    drops = [epoch for epoch in found.state_.plateau.drops if epoch < found.best_epoch_]
    assert len(drops) > 1
    by_hand = NetClassifier(**SMALL, early_stopping=False, warm_start=True)
    for epoch in range(1, found.best_epoch_ + 1):
        lr = FALLING["lr"] * 0.5 ** sum(drop < epoch for drop in drops)
        by_hand.set_params(lr=lr, max_epochs=epoch).fit(X, y)
    again = NetClassifier(**FALLING, refit_full=True).fit(X, y)
    assert np.array_equal(again.parameters_, by_hand.parameters_)


def test_refit_takes_each_member_to_its_own_best_epoch():
    found, again = (NetClassifier(**FALLING, n_members=3, refit_full=refit).fit(X, y) for refit in (False, True))
    best = [state.best_epoch for state in found.states_]
    assert len(set(best)) > 1
    assert [state.epoch for state in again.states_] == best
    assert all(
        new.plateau.drops == old.plateau.drops[: len(new.plateau.drops)]
        for new, old in zip(again.states_, found.states_, strict=True)
    )
