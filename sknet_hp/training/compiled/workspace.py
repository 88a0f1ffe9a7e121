"""The arrays of one network in training, on which tapes and the compiled loop work."""

import numpy as np

from sknet_hp.nets.compiled.program import compile_program
from sknet_hp.nets.compiled.tape import Space, allocate_lines
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.compiled.checks import check_inputs, check_rows
from sknet_hp.training.compiled.choose_loss import find_compiled_loss
from sknet_hp.training.compiled.inputs import get_table_addresses, make_rate_cells
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.reach import compute_decay_reach
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.state import State


class Workspace:
    """The arrays of one network in training.

    Parameters
    ----------
    job : what is to be trained.
    parts : cores that may work on it at a time.

    Attributes
    ----------
    program : the graph's tapes, for batches of at most `rows` rows.
    state : all that a diverged epoch must not touch: `weights` (parameters, then
        buffers), `slots` (the optimizer's memory) and `average` (None without one).
    sound : a copy of `state` from before the epoch.
    best : parameters and buffers of the best epoch.
    validated : what is validated: `average` or else `weights`.
    numbers : those of a step, by `updates.StepNumber`.
    factors, factors_after : (tensors, 2) factors on the learning rate and the weight
        decay of each tensor; the latter hold from `lr_factors_until` on.
    """

    def __init__(self, job: TrainingJob, parts: int):
        assert isinstance(job.graph, Graph)
        self.job, self.graph, self.parts = job, job.graph, parts
        inputs = job.train.table.X
        self.train = check_rows(job.train, job)
        check_inputs(self.graph, inputs)
        self.rows, self.dense = job.rows_per_step, job.input_noise > 0 or job.mixup_alpha > 0
        self.half = job.precision == "bf16"
        self.program = compile_program(
            self.graph, inputs.form, self.rows, parts, training=True, dense=self.dense, half=self.half
        )
        self.n_parameters, self.n_buffers = self.program.parameters.size, self.program.buffers.size
        self._allocate_state()
        self.gradient = allocate_lines(self.n_parameters)
        self.numbers, self.cursor, self.key = np.zeros(16, np.float32), np.zeros(1, np.int64), np.zeros(1, np.int64)
        loss = find_compiled_loss(job)
        assert loss is not None
        self.totals, self.loss = np.zeros(3), loss
        self.rates = make_rate_cells(self.graph, job.layer_rates)
        self.order = np.zeros(len(job.train), np.int32)
        self.limit = np.array([job.rates.clip])
        self.factors, self.factors_after = (
            self._make_factors(job.lr_factors),
            self._make_factors(job.lr_factors_after),
        )

    def _allocate_state(self) -> None:
        n_weights, n_slots = self.n_parameters + self.n_buffers, OPTIMIZERS[self.job.optimizer].slots
        n_averages = n_weights if self.job.averaging.kind != "none" else 0
        self.state = allocate_lines(n_weights + n_slots * self.n_parameters + n_averages)
        self.weights = self.state[:n_weights]
        self.slots = self.state[n_weights : n_weights + n_slots * self.n_parameters].reshape(n_slots, self.n_parameters)
        self.average = self.state[-n_averages:] if n_averages else None
        self.validated = self.weights if self.average is None else self.average
        self.sound, self.best = allocate_lines(len(self.state)), allocate_lines(n_weights)

    def _make_factors(self, lr_factors: tuple[float, ...] | None) -> np.ndarray:
        lr = np.ones(len(self.graph.parameters)) if lr_factors is None else np.array(lr_factors)
        return np.column_stack([lr, compute_decay_reach(self.job)]).astype(np.float32)

    def get_addresses(
        self, inputs: Inputs, order: np.ndarray, weights: np.ndarray, work: np.ndarray
    ) -> dict[Space, int]:
        """Return where a tape over these rows, weights and memory finds its spaces."""
        arrays = {
            Space.PARAMETERS: weights,
            Space.BUFFERS: weights[self.n_parameters :],
            Space.GRADIENTS: self.gradient,
            Space.WORK: work,
            Space.RATES: self.rates,
            Space.KEY: self.key,
            Space.ORDER: order,
            Space.CURSOR: self.cursor,
        }
        return {space: array.ctypes.data for space, array in arrays.items()} | get_table_addresses(inputs)

    # ---- states ----------------------------------------------------------------------------------------------------

    def load(self, state: State) -> int:
        """Copy a state in; return how many weights its average has seen."""
        self._write_weights(self.weights, state.parameters, state.buffers)
        for own, slot in zip(self.slots, state.slots, strict=True):
            own[:] = self.program.parameters.arrange(slot)
        if state.best_parameters is not None and state.best_buffers is not None:
            self._write_weights(self.best, state.best_parameters, state.best_buffers)
        if self.average is None:
            return 0
        average = state.average
        if average is None or average.kind != self.job.averaging.kind:
            self._write_weights(self.average, state.parameters, state.buffers)
            return 0
        self._write_weights(self.average, average.parameters, average.buffers)
        return average.count

    def _write_weights(self, target: np.ndarray, parameters: np.ndarray, buffers: np.ndarray) -> None:
        n = self.n_parameters
        target[:n] = self.program.parameters.arrange(parameters)
        target[n:] = self.program.buffers.arrange(buffers)

    def copy_weights(self, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the (parameters, buffers) of an array, in the order of states."""
        n = self.n_parameters
        return self.program.parameters.undo(source[:n]), self.program.buffers.undo(source[n:])

    def copy_slots(self) -> np.ndarray:
        """Return the optimizer's memory, (slots, parameters), as states have it."""
        slots = [self.program.parameters.undo(slot) for slot in self.slots]
        return np.array(slots, np.float32).reshape(len(slots), self.program.parameters.n_floats)
