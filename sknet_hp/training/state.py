"""Where a training stands, what is recorded of it, and what observers are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np

from sknet_hp.training.rules.averaging import Average
from sknet_hp.training.rules.stopping import Plateau


@dataclass(frozen=True)
class Rates:
    """The numbers of an update; `clip` is the largest norm of a gradient."""

    lr: float = 1e-3
    weight_decay: float = 0.0
    momentum: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    alpha: float = 0.99
    l1: float = 0.0
    clip: float = np.inf


@dataclass(frozen=True, eq=False)
class State:
    """Where a training stands, complete enough to go on from bit for bit.

    Attributes
    ----------
    parameters, buffers : flat float32 vectors, in the order of the graph.
    slots : (n_slots, n_parameters) the optimizer's memory.
    epoch, step : how many have been trained.
    best_parameters, best_buffers, best_loss, best_epoch : of the epoch with the lowest
        validation loss (or highest score, which `best_loss` holds negated); None
        without validation.
    judged_by, waited : what made it the best, the `judged_by` of a job; and how many
        epochs have been judged since.
    plateau : of the schedule of that name.
    average : of the weights, which predicts in their place; None where nothing is
        averaged.
    finished : why nothing more will be trained: "" (it may go on), "patience",
        "diverged" or "observer".
    """

    parameters: np.ndarray
    buffers: np.ndarray
    slots: np.ndarray
    epoch: int = 0
    step: int = 0
    best_parameters: np.ndarray | None = None
    best_buffers: np.ndarray | None = None
    best_loss: float = np.inf
    best_epoch: int = 0
    judged_by: Any = None
    waited: int = 0
    plateau: Plateau = field(default_factory=Plateau)
    average: Average | None = None
    finished: str = ""

    @property
    def is_resumable(self) -> bool:
        """Whether the training can go on from here: its weights are still known."""
        return self.parameters.size > 0

    def forget_weights(self) -> "State":
        """Return what a state says of its training, with neither weights nor memory."""
        none = np.empty(0, dtype=self.parameters.dtype)
        slots = np.empty((len(self.slots), 0), dtype=self.slots.dtype)
        return replace(
            self, parameters=none, buffers=none, slots=slots, best_parameters=None, best_buffers=None, average=None
        )


def get_predicting_weights(state: State) -> tuple[np.ndarray, np.ndarray]:
    """Return the (parameters, buffers) that predict: the average's, if there is one."""
    now = state if state.average is None else state.average
    return now.parameters, now.buffers


class EpochRecord(NamedTuple):
    """One row of a history.

    Losses are means over rows, weighted; `valid_score` is of the job's metric;
    `duration` is the network's share of its cohort's seconds.
    """

    epoch: int
    train_loss: float
    valid_loss: float | None
    valid_acc: float | None
    valid_score: float | None
    duration: float


class Reaction(NamedTuple):
    """What an observer wants.

    Attributes
    ----------
    stop : to end the training.
    rates : to go on at these rates.
    changes : to go on from these values for some fields of the state.
    """

    stop: bool = False
    rates: Rates | None = None
    changes: Mapping[str, Any] = MappingProxyType({})


class Observer(Protocol):
    """Is told of each epoch of a network.

    What it raises ends this network's training, and is raised where that was asked for.
    """

    def on_epoch_begin(self) -> Reaction:
        """React before the first step.

        A network that is stopped here is as the last epoch left it.
        """
        ...

    def on_epoch_end(self, record: EpochRecord, state: State) -> Reaction:
        """React to an epoch; `state` is complete, as if training ended here."""
        ...


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A trained network.

    Attributes
    ----------
    state : in which it ended.
    history : a record of each epoch trained now.
    error : what its observer or metric raised.
    """

    state: State
    history: list[EpochRecord]
    error: BaseException | None = None

    def get_weights(self, restore_best: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return (parameters, buffers) to predict with."""
        s = self.state
        if restore_best and s.best_parameters is not None and s.best_buffers is not None:
            return s.best_parameters, s.best_buffers
        return get_predicting_weights(s)
