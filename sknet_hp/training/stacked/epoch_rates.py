"""The rates of an epoch: members may be in different epochs of their own."""

import numpy as np

from sknet_hp.training.job import TrainingJob
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.state import State


def compute_learning_rates(
    jobs: list[TrainingJob], states: list[State], epochs_done: np.ndarray, steps: int
) -> np.ndarray:
    """Return the learning rate of each member in each step, (steps, members)."""
    lr = np.array([job.rates.lr for job in jobs], dtype=np.float64)
    factors = compute_schedule_factors(jobs, "schedule", epochs_done, steps)
    # The factor of "plateau" does not count for another schedule in a continued training.
    plateau = np.array(
        [
            state.plateau.factor if job.schedule.name == "plateau" else 1.0
            for job, state in zip(jobs, states, strict=True)
        ]
    )
    return lr * (plateau if factors is None else factors * plateau) * np.ones((steps, 1))


def compute_schedule_factors(
    jobs: list[TrainingJob], schedule: str, epochs_done: np.ndarray, steps: int
) -> np.ndarray | None:
    """Return the factors of a schedule of the jobs, (steps, members); None for ones.

    Parameters
    ----------
    schedule : the name of a field of the jobs.
    """
    schedules: list[Schedule] = [getattr(job, schedule) for job in jobs]
    if all(each == Schedule() for each in schedules):
        return None
    factors = np.ones((steps, len(jobs)))
    for k, (job, each, done) in enumerate(zip(jobs, schedules, epochs_done, strict=True)):
        if each != Schedule():
            times = (done + np.arange(steps) / steps) / job.horizon
            factors[:, k] = each.compute_factors(times, 1 / (steps * job.horizon))
    return factors


def choose_lr_factors(jobs: list[TrainingJob], epochs_done: np.ndarray, n_tensors: int) -> np.ndarray | None:
    """Return factors on the learning rates, (members, tensors), or None for ones."""
    ones = (1.0,) * n_tensors
    each = [
        (job.lr_factors if job.lr_factors_until is None or done < job.lr_factors_until else job.lr_factors_after)
        or ones
        for job, done in zip(jobs, epochs_done, strict=True)
    ]
    return np.array(each) if any(factors != ones for factors in each) else None
