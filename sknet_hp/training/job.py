"""A training job: all that training is told by the rooms above. Plain data."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import nn

from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.nets.layers.starts import Init
from sknet_hp.training.cohort_key import OWN, SHARED, CohortKey, make_cohort_key, mark_shared
from sknet_hp.training.rules.averaging import Averaging
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.rules.stopping import Stopping
from sknet_hp.training.rules.torch_loss import TorchLoss
from sknet_hp.training.state import Observer, Rates, State

MAX_EVALUATION_ROWS = 1024
"""Validation runs in batches of at most this many rows."""

ROW_QUANTUM = 32
"""Batches that hold all rows are filled up to a multiple of this many.

So splits that differ by a few rows can train in one cohort.
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


def _get_structure(job: "TrainingJob") -> Hashable:
    """Return what jobs share of a graph; a module that can not be stacked is alone."""
    return job.graph if isinstance(job.graph, Graph) else id(job.graph)


def _get_loss(job: "TrainingJob") -> Hashable:
    """Return the loss, and for one of the user's the numbers of rows.

    It may be one of whole batches, and must see no rows that fill them up.
    """
    if isinstance(job.loss, str):
        return job.loss
    return job.loss, len(job.train), 0 if job.validation is None else len(job.validation)


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

    graph: Graph | nn.Module = field(metadata=mark_shared(_get_structure))
    n_outputs: int = field(metadata=OWN)  # the graph has it
    seed: int = field(metadata=OWN)
    train: Rows = field(metadata=mark_shared(lambda job: (job.batch_rows, job.steps)))
    validation: Rows | None = field(
        default=None, metadata=mark_shared(lambda job: compute_evaluation_shape(job.validation))
    )
    loss: str | TorchLoss = field(default="cross_entropy", metadata=mark_shared(_get_loss))
    optimizer: str = field(default="adamw", metadata=SHARED)
    schedule: Schedule = field(default_factory=Schedule, metadata=OWN)
    decay_mode: str | None = field(default=None, metadata=SHARED)
    decay_everywhere: bool = field(default=True, metadata=SHARED)
    decay_factors: tuple[float, ...] | None = field(default=None, metadata=OWN)
    lr_factors: tuple[float, ...] | None = field(default=None, metadata=OWN)
    lr_factors_until: int | None = field(default=None, metadata=OWN)
    lr_factors_after: tuple[float, ...] | None = field(default=None, metadata=OWN)
    decay_schedule: Schedule = field(default_factory=Schedule, metadata=OWN)
    dropout_schedule: Schedule = field(default_factory=Schedule, metadata=OWN)
    averaging: Averaging = field(default_factory=Averaging, metadata=mark_shared(lambda job: job.averaging.kind))
    batch_size: int = field(default=128, metadata=OWN)  # `train` has the size that comes of it
    max_epochs: int = field(default=10, metadata=OWN)
    schedule_epochs: int | None = field(default=None, metadata=OWN)
    shuffle: bool = field(default=True, metadata=OWN)
    rates: Rates = field(default_factory=Rates, metadata=OWN)
    loss_parameter: float = field(default=0.0, metadata=OWN)
    label_smoothing: float = field(default=0.0, metadata=OWN)
    input_noise: float = field(default=0.0, metadata=OWN)
    mixup_alpha: float = field(default=0.0, metadata=OWN)
    layer_rates: tuple[float, ...] = field(default=(), metadata=OWN)
    init: Init = field(default_factory=Init, metadata=OWN)
    stopping: Stopping = field(default_factory=Stopping, metadata=OWN)
    metric: Callable[[np.ndarray], float] | None = field(default=None, metadata=OWN)
    judged_by: Any = field(default=None, metadata=OWN)
    start: State | None = field(default=None, metadata=OWN)
    device: str = field(default="cpu", metadata=SHARED)
    precision: str = field(default="float32", metadata=SHARED)
    observer: Observer | None = field(default=None, metadata=mark_shared(lambda job: job.observer is not None))

    @property
    def n_heads(self) -> int:
        """Predictions for each row."""
        return self.graph.n_heads if isinstance(self.graph, Graph) else 1

    @property
    def batch_rows(self) -> int:
        """Rows of a batch in a cohort, those included that only fill it up."""
        return (
            self.rows_per_step if isinstance(self.loss, TorchLoss) else min(self.batch_size, _round_up(len(self.train)))
        )

    @property
    def rows_per_step(self) -> int:
        """Rows of a batch."""
        return min(self.batch_size, len(self.train))

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-len(self.train) // self.rows_per_step)

    @property
    def horizon(self) -> int:
        """Epochs over which schedules and averages run."""
        return self.schedule_epochs or self.max_epochs

    @property
    def first_epoch(self) -> int:
        """Epochs that were trained before."""
        return self.start.epoch if self.start is not None else 0

    @property
    def key(self) -> CohortKey:
        """What others must have in common with this job to train with it."""
        return make_cohort_key(self)

    def replace_rows(self, train: Rows, validation: Rows | None) -> "TrainingJob":
        """Return a copy of the job with other rows."""
        return replace(self, train=train, validation=validation)


def compute_evaluation_shape(rows: Rows | None) -> tuple[int, int]:
    """Return (rows of a batch, batches) in which these rows are scored.

    A function of their number alone.
    """
    if rows is None:
        return 0, 0
    size = min(_round_up(len(rows)), MAX_EVALUATION_ROWS)
    return size, -(-len(rows) // size)


def _round_up(n_rows: int) -> int:
    return -(-n_rows // ROW_QUANTUM) * ROW_QUANTUM
