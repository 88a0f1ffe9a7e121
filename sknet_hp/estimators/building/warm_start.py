"""Trainings that follow others: where one goes on, and what it repeats."""

from dataclasses import replace
from typing import Any

import numpy as np

from sknet_hp.training.job import State, TrainingJob


def starts_of(net: Any, one_epoch: bool) -> list[State] | None:
    """Where an estimator's members go on from, or None if they begin anew."""
    if not hasattr(net, "states_") or not (net.warm_start or one_epoch):
        return None
    starts: list[State] = net.states_
    if len(starts) != net.n_members:
        raise ValueError(
            f"n_members={net.n_members}, but {len(starts)} networks have been trained so far; set warm_start=False to "
            f"begin anew"
        )
    if (
        one_epoch
    ):  # nothing is held out: nothing stops them, and no earlier epoch is the best; all go on from the same epoch
        epoch = max(start.epoch for start in starts)
        cleared: dict[str, Any] = {
            "finished": "",
            "best_parameters": None,
            "best_buffers": None,
            "best_loss": np.inf,
            "best_epoch": 0,
            "waited": 0,
        }
        return [replace(start, epoch=epoch, **cleared) for start in starts]
    done = max(start.epoch for start in starts)
    if net.max_epochs < done:
        raise ValueError(
            f"max_epochs={net.max_epochs} is less than the {done} epochs this network has already been trained for; "
            f"with warm_start=True, set max_epochs to the total you want, or set warm_start=False to begin anew"
        )
    return starts


def again(job: TrainingJob, found: State) -> TrainingJob:
    """A job without validation rows, for the epochs that an earlier training found
    best; "plateau" falls after the epochs in which it fell there.
    """
    return replace(job, max_epochs=found.best_epoch, schedule=replace(job.schedule, drops=found.plateau.drops))
