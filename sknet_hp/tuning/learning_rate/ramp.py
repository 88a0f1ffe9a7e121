"""The ramp: one training whose rate grows with each step (Smith 2017)."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _num_samples

from sknet_hp.tuning.learning_rate.settings import Problem
from sknet_hp.tuning.learning_rate.suggestions import Rates, find_valley, smooth_exponentially
from sknet_hp.tuning.trainings import Trainings

LOWEST, HIGHEST, STEPS = 1e-7, 10.0, 100
"""Rates of the first and the last step, and the number of steps, as fastai has them."""

STILL = 1e-12
"""A rate that changes nothing: the encoding is learned before the ramp begins."""

HOPELESS = 4.0
"""A ramp ends at so many times its lowest loss, as fastai's does."""


class Ramp(NamedTuple):
    """What came of one ramp.

    Attributes
    ----------
    seed : the number of the seed.
    rates, losses : (n_steps,) the rate of each step, and the loss of its batch before
        it.
    """

    seed: int
    rates: np.ndarray
    losses: np.ndarray

    def read(self) -> Rates | None:
        """Return the rates that it suggests, as fastai; None if the loss never fell."""
        first = len(self.losses) // 10  # of the noise of the first batches, which the mean has to forget
        rates, smooth = self.rates[first:], smooth_exponentially(self.losses)[first:]
        k = int(np.argmin(smooth)) if len(smooth) else 0
        if k == 0:
            return None
        slopes = np.gradient(smooth[: k + 1], np.log10(rates[: k + 1]))
        worse = np.flatnonzero(smooth[k:] > smooth[0])
        return Rates(
            suggestion=float(rates[find_valley(smooth)]),
            steepest=float(rates[np.argmin(slopes)]),
            tenth_of_lowest=float(rates[k] / 10),
            edge_of_divergence=float(rates[k + worse[0]]) if len(worse) else float(np.inf),
        )


def run_ramps(trainings: "Trainings[Ramp]", problem: Problem, rates: np.ndarray | None, seeds: list[int]) -> None:
    """Train one ramp for each seed."""
    steps = np.geomspace(LOWEST, HIGHEST, STEPS) if rates is None else rates
    trainings.run(train_ramp, [(number, seed, problem, steps) for number, seed in enumerate(seeds)])


def train_ramp(number: int, seed: int, problem: Problem, rates: np.ndarray) -> Ramp:
    """Train a network for one step at each of the rates, which rise.

    Parameters
    ----------
    number, seed : of the seed.
    problem : of the range test.
    rates : (n_steps,)
    """
    net = clone(problem.net).set_params(
        lr=STILL, max_epochs=1, early_stopping=False, weight_averaging="none", random_state=seed
    )
    n_rows, rng = _num_samples(problem.X), check_random_state(seed)
    size = min(net.batch_size, n_rows)
    losses: list[float] = []
    rows = np.array([], dtype=int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(problem.X, problem.y, sample_weight=problem.sample_weight)
        for rate in rates:
            if len(rows) < size:
                rows = rng.permutation(n_rows)
            batch, rows = rows[:size], rows[size:]
            X, y, weight = (
                None if part is None else _safe_indexing(part, batch)
                for part in (problem.X, problem.y, problem.sample_weight)
            )
            net.set_params(lr=float(rate)).partial_fit(X, y, sample_weight=weight)
            loss = net.history_[-1]["train_loss"]
            if not np.isfinite(loss) or loss > HOPELESS * abs(min([*losses, loss])):
                break
            losses.append(float(loss))
    return Ramp(number, np.asarray(rates[: len(losses)], dtype=float), np.array(losses))
