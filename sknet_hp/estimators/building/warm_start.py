"""Trainings that follow earlier ones: where one goes on, and what it repeats."""

from dataclasses import replace
from typing import Any

import numpy as np

from sknet_hp.estimators.parameters.protocols import FittingParameters
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.state import State


def find_starts(net: FittingParameters, states: list[State] | None, one_epoch: bool) -> list[State] | None:
    """Return the states that the members go on from; None if they start again.

    Parameters
    ----------
    net : an estimator.
    states : where its members' trainings stand; None if it has not been fitted.
    one_epoch : whether one epoch more is to be trained, as by `partial_fit`.
    """
    if states is None or not (net.warm_start or one_epoch):
        return None
    _check_starts(net, states, one_epoch)
    if not one_epoch:
        return states
    # Nothing is held out: nothing stops them, and no earlier epoch is the best. All go on from the same epoch.
    epoch = max(start.epoch for start in states)
    cleared: dict[str, Any] = {
        "finished": "",
        "best_parameters": None,
        "best_buffers": None,
        "best_loss": np.inf,
        "best_epoch": 0,
        "waited": 0,
    }
    return [replace(start, epoch=epoch, **cleared) for start in states]


def is_trained(starts: list[State], max_epochs: int) -> bool:
    """Return whether there is nothing left to train for any member."""
    return all(start.finished or max_epochs == start.epoch for start in starts)


def _check_starts(net: FittingParameters, starts: list[State], one_epoch: bool) -> None:
    if not all(start.is_resumable for start in starts):
        raise ValueError(
            "this network was saved with resumable=False, as the command line does: it predicts, but its training "
            "can't go on; set warm_start=False to start again, or begin with its weights by init_from="
        )
    if len(starts) != net.n_members:
        raise ValueError(
            f"n_members={net.n_members}, but {len(starts)} networks have been trained so far; set warm_start=False to "
            f"start again"
        )
    done = max(start.epoch for start in starts)
    if not one_epoch and net.max_epochs < done:
        raise ValueError(
            f"max_epochs={net.max_epochs} is less than the {done} epochs this network has already been trained for; "
            f"with warm_start=True, set max_epochs to the total you want, or set warm_start=False to start again"
        )


def repeat_best_epochs(job: TrainingJob, found: State) -> TrainingJob:
    """Return a job for as many epochs as an earlier training found best.

    With the schedule "plateau", the learning rate falls after the epochs in which it
    fell there.
    """
    return replace(job, max_epochs=found.best_epoch, schedule=replace(job.schedule, drops=found.plateau.drops))
