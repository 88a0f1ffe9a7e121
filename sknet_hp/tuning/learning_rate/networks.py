"""The trainings of a range test: many rates from the same start, together."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _num_samples

from sknet_hp.tuning.learning_rate.settings import Problem, choose_split


class Training(NamedTuple):
    """What came of one training.

    Attributes
    ----------
    seed : the number of the seed.
    rate : the learning rate, all the time.
    train_losses, valid_losses : (n_epochs,)
    diverged : whether it ended as loss or weights were no longer finite.
    shuffled : whether targets stood beside other rows of X, so that there was nothing
        to learn but how they are distributed.
    """

    seed: int
    rate: float
    train_losses: np.ndarray
    valid_losses: np.ndarray
    diverged: bool
    shuffled: bool

    @property
    def lowest(self) -> float:
        """The lowest validation loss; infinity if there is none."""
        return float(np.fmin.reduce(self.valid_losses, initial=np.inf))

    @property
    def first(self) -> float:
        """The validation loss after the first epoch; infinity if there is none."""
        return float(np.nan_to_num(self.valid_losses[0], nan=np.inf)) if len(self.valid_losses) else np.inf


def train_constant(number: int, seed: int, problem: Problem, rate: float, shuffled: bool = False) -> Training:
    """Train a network at a constant rate.

    Parameters
    ----------
    number, seed : of the seed, from which weights, batches and the rows held out
        follow: the same for all rates.
    problem : of the range test.
    rate : the learning rate.
    shuffled : whether targets, and their weights, are shuffled.
    """
    y, weight = problem.y, problem.sample_weight
    if shuffled:  # not X, whose encoding the networks of a seed then share
        order = check_random_state(seed).permutation(_num_samples(y))
        y, weight = (None if part is None else _safe_indexing(part, order) for part in (y, weight))
    split = choose_split(problem.net, problem.groups, seed)
    net = clone(problem.net).set_params(lr=rate, random_state=seed, validation_split=split)
    groups = {} if problem.groups is None else {"groups": problem.groups}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(problem.X, y, sample_weight=weight, **groups)
    train, valid = (
        np.array([row.get(name, np.nan) for row in net.history_], dtype=float) for name in ("train_loss", "valid_loss")
    )
    return Training(number, rate, train, valid, net.state_.finished == "diverged", shuffled)
