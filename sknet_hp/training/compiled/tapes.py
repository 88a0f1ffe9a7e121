"""The tapes of a network in training: a batch, its loss, the update; and validation."""

from typing import Any

import numpy as np

from sknet_hp.nets.compiled.builder import get_batch_place
from sknet_hp.nets.compiled.program import Program, compile_program
from sknet_hp.nets.compiled.tape import LINE, NOTHING, ORDER, Place, RowCount, Space, Tape, allocate_lines
from sknet_hp.training.compiled.checks import CheckedRows, check_inputs, check_rows
from sknet_hp.training.compiled.inputs import EVALUATION_ROWS, add_wide_batch
from sknet_hp.training.compiled.kernels import augment, losses, updates
from sknet_hp.training.compiled.workspace import Workspace
from sknet_hp.training.job import Rows, TrainingJob
from sknet_hp.training.rules.torch_loss import get_loss_class

_NOISE = 1 << 20  # in the key of the noise, where dropouts have their number


class TrainingTapes:
    """The tapes of a training step.

    Attributes
    ----------
    step, last_step : of a full batch, and of an epoch's last one.
    """

    def __init__(self, workspace: Workspace):
        self.workspace, self.job = workspace, workspace.job
        job, program, rows = self.job, workspace.program, workspace.rows
        self.places = self._place_arrays()
        tape = Tape()
        _add_batch(tape, job, workspace.train, self.places, job.label_smoothing)
        if workspace.dense:
            self._add_changed_inputs(tape)
        tape = tape + program.forward
        self._add_loss(tape)
        tape = tape + program.backward
        self._add_update(tape)
        addresses = workspace.get_addresses(job.train.table.X, workspace.order, workspace.weights, self.work)
        addresses[Space.WEIGHT] = self.work.ctypes.data + self.places["shares"].offset
        rest = len(job.train) - (job.steps - 1) * rows
        self.step, self.last_step = tape.bind(addresses, rows), tape.bind(addresses, rest)

    def _place_arrays(self) -> dict[str, Place]:
        """Allocate the step's memory and return where its arrays lie in it."""
        rows, n, width = self.workspace.rows, self.job.n_outputs, self.job.train.table.X.width
        sizes = {"targets": rows * n, "raw": rows, "shares": rows, "losses": rows}
        sizes |= {"of_inputs": rows, "of_targets": rows, "last": max(n, width)}
        places, floats = _place_behind(self.workspace.program, sizes)
        self.tensors = [here for _, here, _ in self.workspace.program.parameters.places]
        self.chunks = [-(-(here.stop - here.start) // updates.CHUNK) for here in self.tensors]
        places["squares"] = Place(Space.WORK, 4 * floats)
        self.work = allocate_lines(floats + 2 * sum(self.chunks))
        return places

    def _add_changed_inputs(self, tape: Tape) -> None:
        """Write the batch out as wide rows; add noise to them, or mix them."""
        job, places, width = self.job, self.places, self.job.train.table.X.width
        add_wide_batch(tape, job.train.table.X)
        x, targets = get_batch_place(), places["targets"]
        if job.input_noise:
            noise = {"sigma": float(job.input_noise), "key": Place(Space.KEY), "layer": _NOISE}
            tape.add(augment.add_noise, rows=RowCount(), width=width, x=x, **noise)
        if job.mixup_alpha:
            weights = {name: places[name] for name in ("raw", "shares", "of_inputs", "of_targets")}
            tape.add(augment.mix_weights, rows=RowCount(), numbers=self.workspace.numbers, **weights)
            for mixed, n, shares in ((x, width, "of_inputs"), (targets, job.n_outputs, "of_targets")):
                tape.add(
                    augment.mix_rows, rows=RowCount(), width=n, x=mixed, shares=places[shares], last=places["last"]
                )

    def _add_loss(self, tape: Tape) -> None:
        """Compute the loss of each row and the gradient by the outputs."""
        job, workspace, places, program = self.job, self.workspace, self.places, self.workspace.program
        assert program.width == job.n_outputs * job.n_heads
        tape.add(
            losses.make_training_kernel(workspace.loss.row),
            rows=RowCount(),
            heads=job.n_heads,
            n=job.n_outputs,
            outputs=program.output,
            gradient=program.gradient,
            targets=places["targets"],
            weight=places["shares"],
            losses=places["losses"],
            parameter=workspace.loss.own,
        )
        _add_tally(tape, workspace, places, NOTHING)

    def _add_update(self, tape: Tape) -> None:
        """Clip the gradient, and step the optimizer and the moving average."""
        workspace, job = self.workspace, self.job
        if np.isfinite(workspace.limit[0]):
            self._add_clipping(tape)
        average = workspace.average if job.averaging.kind == "ema" else None
        arrays = {
            "p": workspace.weights,
            "g": workspace.gradient,
            "first": workspace.slots[0],
            "second": workspace.slots[-1],
            "average": average,
        }
        begins = {name: NOTHING if array is None else array.ctypes.data for name, array in arrays.items()}
        for j, here in enumerate(self.tensors):
            fields = {name: begin + 4 * here.start if begin else NOTHING for name, begin in begins.items()}
            tape.add(
                updates.UPDATES[job.optimizer],
                n=here.stop - here.start,
                numbers=workspace.numbers,
                factors=workspace.factors[j],
                **fields,
            )
        if average is not None and workspace.n_buffers:
            n = workspace.n_parameters
            x, numbers = workspace.weights[n:], workspace.numbers
            tape.add(updates.mix, n=workspace.n_buffers, x=x, average=average[n:], numbers=numbers)

    def _add_clipping(self, tape: Tape) -> None:
        workspace, squares, at = self.workspace, self.places["squares"], 0
        for j, (here, count) in enumerate(zip(self.tensors, self.chunks, strict=True)):
            g, sums = workspace.gradient[here], squares.skip(2 * at)
            tape.add(updates.sum_squares, n=len(g), g=g, factors=workspace.factors[j], sums=sums)
            at += count
        tape.add(updates.clip, n=at, sums=squares, limit=workspace.limit, numbers=workspace.numbers)


class ValidationTapes:
    """The tapes that score the validation rows of a job, some at a time.

    Attributes
    ----------
    step, last_step : of a full batch of `rows` rows, and of the last one.
    outputs : (all rows, n_outputs) float32 for the job's metric; None without one.
    """

    def __init__(self, workspace: Workspace, validation: Rows):
        job, inputs, n_rows = workspace.job, validation.table.X, len(validation)
        self.workspace = workspace
        self.rows = min(EVALUATION_ROWS, n_rows)
        self.checked = check_rows(validation, job)
        check_inputs(workspace.graph, inputs)
        numbers = self.checked.numbers
        self.order = np.arange(n_rows, dtype=np.int32) if numbers is None else numbers.astype(np.int32)
        self.program = compile_program(
            workspace.graph, inputs.form, self.rows, workspace.parts, training=False, half=workspace.half
        )
        self.outputs = np.empty((n_rows, job.n_outputs), np.float32) if job.metric is not None else None
        tape, places = Tape(), self._place_arrays()
        _add_batch(tape, job, self.checked, places, 0.0)
        tape = tape + self.program.forward
        self._add_loss(tape, places)
        addresses = workspace.get_addresses(inputs, self.order, workspace.validated, self.work)
        rest = n_rows - (n_rows - 1) // self.rows * self.rows
        self.step, self.last_step = tape.bind(addresses, self.rows), tape.bind(addresses, rest)

    def _place_arrays(self) -> dict[str, Place]:
        """Allocate the memory of a batch and return where its arrays lie in it."""
        rows, n = self.rows, self.workspace.job.n_outputs
        sizes = {"targets": rows * n, "raw": rows, "shares": rows, "losses": rows, "hits": rows}
        sizes |= {"spare": n * self.workspace.parts, "combined": rows * n}
        places, floats = _place_behind(self.program, sizes)
        self.work = allocate_lines(floats)
        return places

    def _add_loss(self, tape: Tape, places: dict[str, Place]) -> None:
        """Combine the heads of each row; compute its loss and whether it is right."""
        workspace = self.workspace
        tape.add(
            losses.make_evaluation_kernel(workspace.loss.row, workspace.loss.like),
            rows=RowCount(),
            heads=workspace.job.n_heads,
            n=workspace.job.n_outputs,
            outputs=self.program.output,
            parameter=workspace.loss.own,
            cursor=workspace.cursor,
            combined=places["combined"] if self.outputs is None else self.outputs,
            kept=self.outputs is not None,
            **{name: places[name] for name in ("targets", "losses", "hits", "spare")},
        )
        _add_tally(tape, workspace, places, places["hits"])


def _place_behind(program: Program, sizes: dict[str, int]) -> tuple[dict[str, Place], int]:
    """Return places behind a program's memory, by name, and the floats of all."""
    places, floats = {}, program.floats
    for name, size in sizes.items():
        places[name] = Place(Space.WORK, 4 * floats)
        floats += -(-size // LINE) * LINE
    return places, floats


def _add_batch(tape: Tape, job: TrainingJob, rows: CheckedRows, places: dict[str, Place], smoothing: float) -> None:
    """Gather the weights and the targets of a batch."""
    weight = NOTHING if rows.weight is None else rows.weight
    tape.add(losses.gather_weights, rows=RowCount(), weight=weight, **ORDER, raw=places["raw"], shares=places["shares"])
    fields: dict[str, Any] = {"rows": RowCount(), "n": job.n_outputs, "y": rows.y, **ORDER}
    fields |= {"smoothing": float(smoothing), "out": places["targets"]}
    loss = get_loss_class(job.loss)
    if loss.has_accuracy:
        tape.add(losses.gather_classes, **fields)
    else:
        tape.add(losses.gather_targets, **fields, even=float(loss().compute_even_target(job.n_outputs)))


def _add_tally(tape: Tape, workspace: Workspace, places: dict[str, Place], hits: Place | int) -> None:
    """Add a batch's losses and hits to the totals."""
    raw, totals = places["raw"], workspace.totals
    tape.add(losses.tally, rows=RowCount(), losses=places["losses"], hits=hits, raw=raw, totals=totals)
