"""The one hand-over in the project: what is to be trained, and what comes back. Plain
data, picklable, without behaviour of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
from torch import nn

from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.nets.layers.starts import Init
from sknet_hp.training.rules.averaging import Average, Averaging
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.rules.stopping import Plateau, Stopping
from sknet_hp.training.rules.torch_loss import TorchLoss

MAX_EVALUATION_ROWS = 1024
"""Validation runs in batches of at most this many rows."""

ROW_QUANTUM = 32
"""Batches that hold all rows are filled up to a multiple of this many: splits that
differ by a few rows can train in one cohort.
"""


@dataclass(frozen=True, eq=False)
class EncodedTable:
    """Encoded rows. Tables of equal content are stored once in a cohort.

    Attributes
    ----------
    X : what networks are given of them.
    y : (rows,) int64 class numbers, or (rows, n_outputs) float32 targets.
    weight : (rows,) float32, or None for ones.
    """

    X: Inputs
    y: np.ndarray
    weight: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a table, in order; all of them if `index` is None."""

    table: EncodedTable
    index: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.table.X) if self.index is None else len(self.index)


@dataclass(frozen=True)
class Rates:
    """The numbers of an update that may differ between the members of a cohort; `clip`
    is the largest norm of a gradient.
    """

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


def get_predicting_weights(state: State) -> tuple[np.ndarray, np.ndarray]:
    """(parameters, buffers) that predict, the best epoch aside."""
    now = state if state.average is None else state.average
    return now.parameters, now.buffers


class CohortKey(NamedTuple):
    """Jobs with equal keys may train in one cohort.

    Attributes
    ----------
    n_rows : of training and validation, where a loss of the user's, which may be one of
        whole batches, must see no rows that fill them.
    """

    graph: Any
    loss: Any
    optimizer: str
    decay_mode: str | None
    decay_everywhere: bool
    averaging: str
    batch_rows: int
    steps: int
    evaluation_rows: int
    evaluation_steps: int
    n_rows: tuple[int, int] | None
    device: str
    precision: str
    observed: bool


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """One network to be trained.

    Attributes
    ----------
    graph : the structure; or, for a module that cannot be stacked, the module itself,
        with its weights.
    seed : initial weights (unless `start` has some), shuffling and dropout follow from
        it.
    train, validation : the rows; batches are drawn from `train`, `validation` is scored
        after each epoch.
    loss, optimizer : names in their registries; or a loss of the user's.
    schedule : of the learning rate.
    decay_mode : "decoupled", "l2", or None for what the optimizer is known with.
    decay_factors : for each parameter tensor a factor on the weight decay; None for
        ones.
    decay_everywhere : whether weight decay reaches biases and normalisations too, as in
        torch.
    lr_factors : for each parameter tensor a factor on the learning rate; None for ones.
    lr_factors_until, lr_factors_after : how many epochs they hold, None for all; and
        those that hold from then on.
    decay_schedule, dropout_schedule : of weight decay and of the rates of dropout, over
        the same horizon; the latter changes between epochs.
    averaging : of the weights, for validation and prediction; its numbers may differ
        within a cohort.
    max_epochs : train until this many epochs, those of `start` included.
    schedule_epochs : the horizon of schedules and averages; `max_epochs` if None.
    rates, loss_parameter, label_smoothing, input_noise, mixup_alpha, layer_rates :
        numbers that may differ within a cohort; the last in the order of the graph's
        nodes.
    init : how weights start.
    start : the state to go on from, or None.
    precision : of the products of hidden layers, "float32" or "bf16".
    metric : what early stopping follows instead of the validation loss: the outputs of
        the validation rows to a number, the higher the better. Picklable.
    judged_by : all that epochs are judged by, to be compared: the best of an earlier
        training is none where this has changed.
    observer : told of each epoch, in this process; None lets the job train in any.
    """

    graph: Graph | nn.Module
    n_outputs: int
    seed: int
    train: Rows
    validation: Rows | None = None
    loss: str | TorchLoss = "cross_entropy"
    optimizer: str = "adamw"
    schedule: Schedule = field(default_factory=Schedule)
    decay_mode: str | None = None
    decay_everywhere: bool = True
    decay_factors: tuple[float, ...] | None = None
    lr_factors: tuple[float, ...] | None = None
    lr_factors_until: int | None = None
    lr_factors_after: tuple[float, ...] | None = None
    decay_schedule: Schedule = field(default_factory=Schedule)
    dropout_schedule: Schedule = field(default_factory=Schedule)
    averaging: Averaging = field(default_factory=Averaging)
    batch_size: int = 128
    max_epochs: int = 10
    schedule_epochs: int | None = None
    shuffle: bool = True
    rates: Rates = field(default_factory=Rates)
    loss_parameter: float = 0.0
    label_smoothing: float = 0.0
    input_noise: float = 0.0
    mixup_alpha: float = 0.0
    layer_rates: tuple[float, ...] = ()
    init: Init = field(default_factory=Init)
    stopping: Stopping = field(default_factory=Stopping)
    metric: Callable[[np.ndarray], float] | None = None
    judged_by: Any = None
    start: State | None = None
    device: str = "cpu"
    precision: str = "float32"
    observer: "Observer | None" = None

    @property
    def n_heads(self) -> int:
        """Predictions for each row."""
        return self.graph.n_heads if isinstance(self.graph, Graph) else 1

    @property
    def batch_rows(self) -> int:
        return (
            self.rows_per_step
            if isinstance(self.loss, TorchLoss)
            else min(self.batch_size, _filled_up(len(self.train)))
        )

    @property
    def rows_per_step(self) -> int:
        return min(self.batch_size, len(self.train))

    @property
    def steps(self) -> int:
        return -(-len(self.train) // self.rows_per_step)

    @property
    def horizon(self) -> int:
        return self.schedule_epochs or self.max_epochs

    @property
    def first_epoch(self) -> int:
        return self.start.epoch if self.start is not None else 0

    @property
    def key(self) -> CohortKey:
        evaluation_rows, evaluation_steps = compute_evaluation_shape(self.validation)
        graph = self.graph if isinstance(self.graph, Graph) else id(self.graph)
        n_rows = len(self.train), 0 if self.validation is None else len(self.validation)
        return CohortKey(
            graph,
            self.loss,
            self.optimizer,
            self.decay_mode,
            self.decay_everywhere,
            self.averaging.kind,
            self.batch_rows,
            self.steps,
            evaluation_rows,
            evaluation_steps,
            n_rows if isinstance(self.loss, TorchLoss) else None,
            self.device,
            self.precision,
            self.observer is not None,
        )

    def replace_rows(self, train: Rows, validation: Rows | None) -> "TrainingJob":
        return replace(self, train=train, validation=validation)


def compute_evaluation_shape(rows: Rows | None) -> tuple[int, int]:
    """(rows of a batch, number of batches) in which these rows are scored; a function
    of their number alone.
    """
    if rows is None:
        return 0, 0
    size = min(_filled_up(len(rows)), MAX_EVALUATION_ROWS)
    return size, -(-len(rows) // size)


def _filled_up(n_rows: int) -> int:
    return -(-n_rows // ROW_QUANTUM) * ROW_QUANTUM


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
    """What an observer wants: to end the training, to go on at other rates, to go on
    from values of its own for some fields of the state.
    """

    stop: bool = False
    rates: Rates | None = None
    changes: Mapping[str, Any] = MappingProxyType({})


class Observer(Protocol):
    """Looks on while a network trains. What it raises ends this network's training, and
    is raised to who wanted it.
    """

    def on_epoch_begin(self) -> Reaction:
        """Before the first step; a network that is stopped here is as the last epoch
        left it.
        """
        ...

    def on_epoch_end(self, record: EpochRecord, state: State) -> Reaction:
        """`state` is complete, as if training ended here."""
        ...


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A trained network: the state it ended in, a record of each epoch trained now, and
    what its observer raised.
    """

    state: State
    history: list[EpochRecord]
    error: BaseException | None = None

    def weights(self, restore_best: bool) -> tuple[np.ndarray, np.ndarray]:
        """Parameters and buffers to predict with."""
        s = self.state
        if restore_best and s.best_parameters is not None and s.best_buffers is not None:
            return s.best_parameters, s.best_buffers
        return get_predicting_weights(s)
