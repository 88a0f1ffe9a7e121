"""The memory of one network in training, and the tapes of its steps and validation."""

from typing import Any

import numpy as np

from sknet_hp.nets.compiled.kernels import cells, pointwise
from sknet_hp.nets.compiled.program import BINS, ORDER, SPARSE, Program, compile_program, get_batch_place
from sknet_hp.nets.compiled.tape import LINE, NOTHING, Place, Rows, Space, Tape, allocate_lines
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.compiled import augment, losses, updates
from sknet_hp.training.compiled.checks import check_inputs, checked
from sknet_hp.training.compiled.choose_loss import find_compiled_loss
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.reach import decay_reach
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.torch_loss import get_loss_class

EVALUATION_ROWS = 512
"""Rows that are validated or predicted at a time: few enough for their activations to
stay in cache. What comes out does not depend on it.
"""

_NOISE = 1 << 20  # where dropouts have their number, for the key of the noise


def make_rate_cells(graph: Graph, rates: tuple[float, ...], factor: float = 1.0) -> np.ndarray:
    """Two cells for each rate of a graph, (n, 2) float32; `factor` is on those of
    dropouts.
    """
    kinds = [node.kind for node in graph.nodes for _ in range(node.n_rates)]
    both = [
        pointwise.encode_dropout_rate(rate * factor) if kind == "dropout" else np.array([rate, 0])
        for kind, rate in zip(kinds, rates, strict=True)
    ]
    return np.array(both, np.float32).reshape(-1, 2)


def get_table_addresses(inputs: Inputs) -> dict[Space, int]:
    """Where the arrays of a table are."""
    arrays = {
        Space.FLOATS: inputs.floats,
        Space.BINS: inputs.bins,
        Space.SHARES: inputs.shares,
        Space.STARTS: inputs.starts,
        Space.HOT: inputs.hot,
        Space.SPARSE_STARTS: inputs.sparse_starts,
        Space.SPARSE_COLUMNS: inputs.sparse_columns,
        Space.SPARSE_VALUES: inputs.sparse_values,
        Space.CODES: inputs.codes,
    }
    return {space: array.ctypes.data for space, array in arrays.items()}


def add_wide_batch(tape: Tape, inputs: Inputs) -> None:
    """Write a batch out as wide rows, where programs with `dense` find it."""
    form, out = inputs.form, get_batch_place()
    tape.add(pointwise.fill, n=Rows(form.width), x=out, value=0.0)
    wide: dict[str, Any] = {"rows": Rows(), **ORDER, "out_width": form.width}
    if form.n_floats:
        tape.add(cells.gather, width=form.n_floats, table=Place(Space.FLOATS), **wide, out=out)
    if form.n_binned:
        tape.add(cells.widen_bins, n=form.n_binned, **BINS, **wide, out=out.skip(form.n_floats))
    if form.n_hot:
        tape.add(cells.widen_rows, n=form.n_hot, codes=Place(Space.HOT), **wide, out=out)
    if form.sparse:
        tape.add(cells.widen_sparse, **SPARSE, **wide, out=out)


class Workspace:
    """The arrays of one network in training, and the tapes that work on them.

    Parameters
    ----------
    job : what is to be trained.
    parts : cores that may work on it at a time.
    """

    def __init__(self, job: TrainingJob, parts: int):
        assert isinstance(job.graph, Graph)
        self.job, self.graph, self.parts = job, job.graph, parts
        inputs = job.train.table.X
        self.train = checked(job.train, job)
        check_inputs(self.graph, inputs)
        self.rows, self.dense = job.rows_per_step, job.input_noise > 0 or job.mixup_alpha > 0
        half = job.precision == "bf16"
        self.program = compile_program(
            self.graph, inputs.form, self.rows, parts, training=True, dense=self.dense, half=half
        )
        self.of_parameters, self.of_buffers = self.program.parameters, self.program.buffers
        self.n_parameters, self.n_buffers = self.of_parameters.size, self.of_buffers.size
        self.n_slots = OPTIMIZERS[job.optimizer].slots
        n_weights = self.n_parameters + self.n_buffers
        averages = n_weights if job.averaging.kind != "none" else 0
        self.state = allocate_lines(n_weights + self.n_slots * self.n_parameters + averages)
        self.weights = self.state[:n_weights]
        self.slots = self.state[n_weights : n_weights + self.n_slots * self.n_parameters].reshape(
            self.n_slots, self.n_parameters
        )
        self.average = self.state[-averages:] if averages else None
        self.shown = self.weights if self.average is None else self.average
        self.sound, self.best = allocate_lines(len(self.state)), allocate_lines(n_weights)
        self.gradient = allocate_lines(self.n_parameters)
        self.now, self.cursor, self.key = np.zeros(16, np.float32), np.zeros(1, np.int64), np.zeros(1, np.int64)
        loss = find_compiled_loss(job)
        assert loss is not None
        self.totals, self.loss = np.zeros(3), loss
        self.rates = make_rate_cells(self.graph, job.layer_rates)
        self.order = np.zeros(len(job.train), np.int32)
        self.limit = np.array([job.rates.clip])
        self.factors, self.factors_after = self._factors(job.lr_factors), self._factors(job.lr_factors_after)
        self.bind()

    def _factors(self, lr_factors: tuple[float, ...] | None) -> np.ndarray:
        """(tensors, 2) factors on the learning rate and the weight decay of each."""
        lr = np.ones(len(self.graph.parameters)) if lr_factors is None else np.array(lr_factors)
        return np.column_stack([lr, decay_reach(self.job)]).astype(np.float32)

    # ---- tapes -----------------------------------------------------------------------------------------------------

    def bind(self) -> None:
        """Make the tapes: of a step, of an epoch's last one, and the same of
        validation.
        """
        job, n = self.job, self.job.n_outputs
        width = self.program.width
        spare = {"targets": self.rows * n, "raw": self.rows, "shares": self.rows, "losses": self.rows}
        spare |= {"of_inputs": self.rows, "of_targets": self.rows, "last": max(n, job.train.table.X.width)}
        places, floats = _placed(self.program, spare)
        chunks = [-(-(here.stop - here.start) // updates.CHUNK) for _, here, _ in self.of_parameters.places]
        places["squares"], floats = Place(Space.WORK, 4 * floats), floats + 2 * sum(chunks)
        self.work = allocate_lines(floats)
        tape = self._batch(places) + self.program.forward
        loss = {"heads": job.n_heads, "n": n, "outputs": self.program.output, "gradient": self.program.gradient}
        loss |= {
            "targets": places["targets"],
            "weight": places["shares"],
            "losses": places["losses"],
            "parameter": self.loss.own,
        }
        tape.add(losses.trained(self.loss.row), rows=Rows(), **loss)
        tape.add(
            losses.tally, rows=Rows(), losses=places["losses"], hits=NOTHING, raw=places["raw"], totals=self.totals
        )
        tape = tape + self.program.backward
        self._update(tape, places["squares"], chunks)
        assert width == n * job.n_heads
        bases = self._bases(job.train.table.X, self.order, self.weights, self.work) | {
            Space.WEIGHT: self.work.ctypes.data + places["shares"].offset
        }
        rest = len(job.train) - (job.steps - 1) * self.rows
        self.step, self.last_step = tape.bind(bases, self.rows), tape.bind(bases, rest)
        self._bind_validation()

    def _bases(self, inputs: Inputs, order: np.ndarray, weights: np.ndarray, work: np.ndarray) -> dict[Space, int]:
        bases = {
            Space.PARAMETERS: weights,
            Space.BUFFERS: weights[self.n_parameters :],
            Space.GRADIENTS: self.gradient,
            Space.WORK: work,
        }
        bases |= {Space.RATES: self.rates, Space.KEY: self.key, Space.ORDER: order, Space.CURSOR: self.cursor}
        return {space: array.ctypes.data for space, array in bases.items()} | get_table_addresses(inputs)

    def _batch(self, places: dict[str, Place]) -> Tape:
        """A batch's targets and weights, and, where they are changed, its inputs."""
        job, tape, table = self.job, Tape(), self.job.train.table
        tape.add(
            losses.gather_weights,
            rows=Rows(),
            weight=_or_nothing(self.train.weight),
            **ORDER,
            raw=places["raw"],
            shares=places["shares"],
        )
        _gather_targets(tape, job, self.train.y, places["targets"], job.label_smoothing)
        if not self.dense:
            return tape
        inputs = table.X
        add_wide_batch(tape, inputs)
        if job.input_noise:
            tape.add(
                augment.add_noise,
                rows=Rows(),
                width=inputs.width,
                x=get_batch_place(),
                sigma=float(job.input_noise),
                key=Place(Space.KEY),
                layer=_NOISE,
            )
        if job.mixup_alpha:
            shares = {"of_inputs": places["of_inputs"], "of_targets": places["of_targets"]}
            tape.add(
                augment.mix_weights, rows=Rows(), raw=places["raw"], shares=places["shares"], now=self.now, **shares
            )
            for x, width, own in (
                (get_batch_place(), inputs.width, "of_inputs"),
                (places["targets"], job.n_outputs, "of_targets"),
            ):
                tape.add(augment.mix_rows, rows=Rows(), width=width, x=x, shares=places[own], last=places["last"])
        return tape

    def _update(self, tape: Tape, squares: Place, chunks: list[int]) -> None:
        """The optimizer's step."""
        own = [here for _, here, _ in self.of_parameters.places]
        clips, at = np.isfinite(self.limit[0]), 0
        for j, count in enumerate(chunks if clips else ()):
            gradient = self.gradient[own[j]]
            tape.add(updates.squares, n=len(gradient), g=gradient, factors=self.factors[j], sums=squares.skip(2 * at))
            at += count
        if clips:
            tape.add(updates.clip, n=at, sums=squares, limit=self.limit, now=self.now)
        average = self.average if self.job.averaging.kind == "ema" else None
        arrays = {
            "g": self.gradient,
            "first": self.slots[0],
            "second": self.slots[-1],
            "factors": self.factors,
            "now": self.now,
        }
        begins = {"p": self.weights.ctypes.data} | {name: array.ctypes.data for name, array in arrays.items()}
        begins["average"] = NOTHING if average is None else average.ctypes.data
        for j, here in enumerate(own):
            fields = {name: begin + 4 * here.start if begin else NOTHING for name, begin in begins.items()}
            fields |= {"now": begins["now"], "factors": begins["factors"] + j * self.factors.strides[0]}
            tape.add(updates.UPDATES[self.job.optimizer], n=here.stop - here.start, **fields)
        if average is not None and self.n_buffers:
            n = self.n_parameters
            tape.add(updates.mix, n=self.n_buffers, x=self.weights[n:], average=average[n:], now=self.now)

    def _bind_validation(self) -> None:
        rows = self.job.validation
        if rows is None:
            return
        job, n, inputs = self.job, self.job.n_outputs, rows.table.X
        self.validation_rows = min(EVALUATION_ROWS, len(rows))
        self.valid = checked(rows, job)
        check_inputs(self.graph, inputs)
        self.validation_order = (
            np.arange(len(rows), dtype=np.int32) if self.valid.numbers is None else self.valid.numbers.astype(np.int32)
        )
        evaluated = compile_program(
            self.graph, inputs.form, self.validation_rows, self.parts, training=False, half=job.precision == "bf16"
        )
        sizes = {"targets": self.validation_rows * n, "raw": self.validation_rows, "shares": self.validation_rows}
        sizes |= {
            "losses": self.validation_rows,
            "hits": self.validation_rows,
            "spare": n * self.parts,
            "together": self.validation_rows * n,
        }
        places, floats = _placed(evaluated, sizes)
        self.validation_work = allocate_lines(floats)
        self.outputs = np.empty((len(rows), n), np.float32) if job.metric is not None else None
        tape = Tape()
        tape.add(
            losses.gather_weights,
            rows=Rows(),
            weight=_or_nothing(self.valid.weight),
            **ORDER,
            raw=places["raw"],
            shares=places["shares"],
        )
        _gather_targets(tape, job, self.valid.y, places["targets"], 0.0)
        tape = tape + evaluated.forward
        loss = {
            "heads": job.n_heads,
            "n": n,
            "outputs": evaluated.output,
            "targets": places["targets"],
            "parameter": self.loss.own,
        }
        loss |= {"losses": places["losses"], "hits": places["hits"], "spare": places["spare"], "cursor": self.cursor}
        loss |= {
            "together": places["together"] if self.outputs is None else self.outputs,
            "kept": self.outputs is not None,
        }
        tape.add(losses.evaluated(self.loss.row, self.loss.like), rows=Rows(), **loss)
        tape.add(
            losses.tally,
            rows=Rows(),
            losses=places["losses"],
            hits=places["hits"],
            raw=places["raw"],
            totals=self.totals,
        )
        bases = self._bases(inputs, self.validation_order, self.shown, self.validation_work)
        rest = len(rows) - (len(rows) - 1) // self.validation_rows * self.validation_rows
        self.validate, self.validate_last = tape.bind(bases, self.validation_rows), tape.bind(bases, rest)


def _placed(own: Program, sizes: dict[str, int]) -> tuple[dict[str, Place], int]:
    """(places behind a program's memory for so many floats each, how many floats there
    are then).
    """
    places, floats = {}, own.floats
    for name, size in sizes.items():
        places[name] = Place(Space.WORK, 4 * floats)
        floats += -(-size // LINE) * LINE
    return places, floats


def _or_nothing(array: np.ndarray | None) -> Any:
    return NOTHING if array is None else array


def _gather_targets(tape: Tape, job: TrainingJob, y: np.ndarray, out: Place, smoothing: float) -> None:
    fields: dict[str, Any] = {
        "rows": Rows(),
        "n": job.n_outputs,
        "y": y,
        **ORDER,
        "smoothing": float(smoothing),
        "out": out,
    }
    loss = get_loss_class(job.loss)
    if loss.has_accuracy:
        tape.add(losses.gather_classes, **fields)
    else:
        tape.add(losses.gather_targets, **fields, even=float(loss().even(job.n_outputs)))
