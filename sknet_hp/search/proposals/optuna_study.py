"""An Optuna study over a search space, asked for proposals and told of scores.

Optuna's pruners have no part: they stop trials, but cannot go on with them.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, Trial, create_trial

from sknet_hp.search.spaces.axes import BRANCH, Axes, Axis, Point
from sknet_hp.search.spaces.values import Params


class OptunaModel:
    """A study of Optuna in memory.

    Parameters
    ----------
    axes : of the space.
    sampler : makes the sampler; given what was told before the first question.
    """

    def __init__(self, axes: Axes, sampler: Callable[[list[FrozenTrial]], BaseSampler]):
        self.axes, self._make_sampler = axes, sampler
        self._asked_at_all = False
        self._running: dict[int, tuple[Params, Trial]] = {}  # by the identity of the proposal
        with silence_optuna():
            self._study = optuna.create_study(
                storage=None, direction="maximize", sampler=optuna.samplers.RandomSampler(0)
            )

    def ask(self, n: int) -> list[Params]:
        """Return n proposals, each knowing of those that are not told yet."""
        with silence_optuna():
            if not self._asked_at_all:
                self._study.sampler = self._make_sampler(self._study.get_trials(deepcopy=False))
                self._asked_at_all = True
            proposals = []
            for _ in range(n):
                trial = self._study.ask()
                params = self.axes.decode(self._suggest(trial))
                self._running[id(params)] = params, trial
                proposals.append(params)
            return proposals

    def _suggest(self, trial: Trial) -> Point:
        point: Point = (
            {BRANCH: trial.suggest_categorical(BRANCH, range(self.axes.n_branches))} if self.axes.n_branches > 1 else {}
        )
        for axis in self.axes.list_of_branch(point.get(BRANCH, 0)):
            point[axis.label] = self._suggest_coordinate(trial, axis)
        return point

    @staticmethod
    def _suggest_coordinate(trial: Trial, axis: Axis) -> Any:
        if axis.n_categories is not None:
            return trial.suggest_categorical(axis.label, range(axis.n_categories))
        if axis.integer:
            return trial.suggest_int(axis.label, int(axis.low), int(axis.high), log=axis.log)
        return trial.suggest_float(axis.label, axis.low, axis.high, log=axis.log)

    def tell(self, params: list[Params], scores: list[float]) -> None:
        """Learn; what is not in the space says nothing."""
        with silence_optuna():
            for own, score in zip(params, scores, strict=True):
                _, trial = self._running.pop(id(own), (None, None))
                if trial is not None:
                    self._study.tell(trial, score)
                elif (point := self.axes.encode(own)) is not None:
                    varied = [axis for axis in self.axes.list_varied() if axis.label in point]
                    distributions = {axis.label: make_distribution(axis) for axis in varied}
                    self._study.add_trial(create_trial(params=point, distributions=distributions, value=score))


def make_distribution(axis: Axis) -> BaseDistribution:
    """Return an axis as Optuna's distribution."""
    if axis.n_categories is not None:
        return CategoricalDistribution(range(axis.n_categories))
    if axis.integer:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


@contextmanager
def silence_optuna() -> Iterator[None]:
    """Silence Optuna's notes on its studies, and its warnings of what may change."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(level, optuna.logging.WARNING))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
