"""Many constant rates, trained together."""

from typing import NamedTuple

import numpy as np

from sknet_hp.tuning.learning_rate.grid import list_between, list_beyond, list_first
from sknet_hp.tuning.learning_rate.networks import Training, train_constant
from sknet_hp.tuning.learning_rate.settings import Problem
from sknet_hp.tuning.learning_rate.suggestions import Curve, Rates, find_lowest, read_sweep, smooth_losses
from sknet_hp.tuning.trainings import Trainings

LEAST_RATES = 5
"""With fewer, there is no curve to read."""

RATES_OF_CHANCE = (1e-3, 1e-2, 1e-1)
"""Rates of trainings on shuffled targets, of which the lowest loss counts: optimizers
differ.
"""


class Losses(NamedTuple):
    """What trainings of seeds that can be compared have come to.

    Attributes
    ----------
    rates : (n,) rising.
    lowest, first : (n, n_seeds) the lowest loss of each training, and that after its
        first epoch; infinity where there is none.
    chance : (n_seeds,) losses of networks that have learned nothing of the columns.
    n_rows : held-out rows of a seed, that losses are the means of.
    """

    rates: np.ndarray
    lowest: np.ndarray
    first: np.ndarray
    chance: np.ndarray
    n_rows: float

    @property
    def mean_chance(self) -> float:
        """The mean over seeds."""
        return float(self.chance.mean())

    def read(self) -> Rates | None:
        """Return what the seeds say together."""
        lowest, first = self._average(self.lowest), self._average(self.first)
        return read_sweep(self.rates, lowest, first, self.mean_chance, self.n_rows)

    def read_seed(self, k: int) -> Rates | None:
        """Return what one seed says."""
        return read_sweep(self.rates, self.lowest[:, k], self.first[:, k], float(self.chance[k]), self.n_rows)

    def smooth(self) -> Curve:
        """Return the mean of the lowest losses, as a smooth curve."""
        return smooth_losses(self.rates, self._average(self.lowest), self.mean_chance)

    def _average(self, losses: np.ndarray) -> np.ndarray:
        """Return the mean over seeds; a failure counts as chance."""
        return np.fmin(losses, self.chance).mean(axis=1)


def run_sweep(trainings: Trainings[Training], problem: Problem, rates: np.ndarray | None, seeds: list[int]) -> None:
    """Train networks at all rates, and where none are given, at those that matter."""
    numbered = list(enumerate(seeds))
    first = [(*start, problem, rate) for start in numbered for rate in (list_first() if rates is None else rates)]
    # Seed by seed: a test that is cut short has some whole.
    shuffled = [(*start, problem, rate, True) for start in numbered for rate in RATES_OF_CHANCE]
    trainings.run(train_constant, sorted([*shuffled, *first], key=lambda task: task[0]))
    if rates is not None:
        return
    for list_more in (list_beyond, list_beyond, list_between):
        losses = collect_losses(trainings.done, problem.n_held_out)
        read = None if losses is None else losses.read()
        if trainings.stopped or losses is None or read is None:
            return
        more = list_more(losses.rates, read.suggestion, find_lowest(losses.smooth()), read.edge_of_divergence)
        if more:
            trainings.run(train_constant, [(*start, problem, rate) for start in numbered for rate in more])


def collect_losses(trainings: list[Training], n_rows: float) -> Losses | None:
    """Return the losses of the rates that all seeds have; None if they are too few.

    Seeds that have hardly begun when the time is up are left out.

    Parameters
    ----------
    trainings : that have been done.
    n_rows : held-out rows of each.
    """
    found = {(one.rate, one.seed): one for one in trainings if not one.shuffled}
    chance = {one.seed: one.lowest for one in sorted(trainings, key=lambda one: -one.lowest) if one.shuffled}
    by_seed = {k: {rate for rate, seed in found if seed == k} for k in sorted(chance)}
    most = max(map(len, by_seed.values()), default=0)
    seeds = [k for k, tried in by_seed.items() if len(tried) >= 0.8 * most]
    rates = np.array(sorted(set.intersection(*(by_seed[k] for k in seeds)))) if seeds else np.array([])
    if len(rates) < LEAST_RATES:
        return None
    lowest, first = (
        np.array([[getattr(found[rate, k], name) for k in seeds] for rate in rates]) for name in ("lowest", "first")
    )
    return Losses(rates, lowest, first, np.array([chance[k] for k in seeds]), n_rows)
