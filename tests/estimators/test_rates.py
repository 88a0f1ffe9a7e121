"""Learning rates as users set them: in epochs, with warm-up, for batches."""

import numpy as np
import pytest

from sknet_hp import NetRegressor
from sknet_hp.estimators import recipe


def factors(epochs, **parameters):
    """The factors on the learning rate at the beginning of each epoch."""
    net = NetRegressor(**parameters)
    schedule, horizon = recipe.schedule(net), net.schedule_epochs or net.max_epochs
    return np.array([schedule.factor(epoch / horizon, 1 / horizon) for epoch in range(epochs)])


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
