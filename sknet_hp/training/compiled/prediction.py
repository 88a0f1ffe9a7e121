"""Outputs of a trained network on the CPU, some rows at a time, on several cores."""

import numpy as np

from sknet_hp.nets.compiled.program import Program, compile_program
from sknet_hp.nets.compiled.tape import Place, RowCount, Space, Tape, allocate_lines
from sknet_hp.nets.compiled.tape_walk import BARRIER, run_tape
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.compiled.checks import check_inputs
from sknet_hp.training.compiled.inputs import EVALUATION_ROWS, get_table_addresses, make_rate_cells
from sknet_hp.training.compiled.kernels.losses import make_prediction_kernel
from sknet_hp.training.threads import run_in_threads

_WORTH_SHARING = 4 * EVALUATION_ROWS  # rows from which on another thread is worth its start


def predict_compiled(
    graph: Graph,
    parameters: np.ndarray,
    buffers: np.ndarray,
    rates: tuple[float, ...],
    inputs: Inputs,
    loss: str,
    n_outputs: int,
    precision: str,
    cores: int,
) -> np.ndarray:
    """Return outputs, (rows, n_outputs) float32, as `training.prediction.predict`."""
    check_inputs(graph, inputs)
    rows = min(EVALUATION_ROWS, len(inputs))
    made = compile_program(graph, inputs.form, rows, 1, training=False, half=precision == "bf16")
    out = np.empty((len(inputs), n_outputs), np.float32)
    here = {
        Space.PARAMETERS: made.parameters.arrange(parameters),
        Space.BUFFERS: made.buffers.arrange(buffers),
        Space.RATES: make_rate_cells(graph, rates),
        Space.ORDER: np.arange(len(inputs), dtype=np.int32),
    }
    bases = {space: array.ctypes.data for space, array in here.items()} | get_table_addresses(inputs)
    tape = Tape()
    fields = {"heads": graph.n_heads, "n": n_outputs, "outputs": made.output, "cursor": Place(Space.CURSOR), "out": out}
    tape.add(make_prediction_kernel(loss), rows=RowCount(), **fields)
    tape = made.forward + tape
    begins = list(range(0, len(inputs), rows))

    def work(part: int, parts: int) -> None:
        _predict(
            made,
            tape,
            bases,
            rows,
            len(inputs),
            begins[len(begins) * part // parts : len(begins) * (part + 1) // parts],
        )

    run_in_threads(min(cores, max(1, len(inputs) // _WORTH_SHARING)), work)
    return out


def _predict(made: Program, tape: Tape, bases: dict[Space, int], rows: int, n: int, begins: list[int]) -> None:
    """Predict batches that begin at these rows."""
    work, cursor, barrier = allocate_lines(made.floats), np.zeros(1, np.int64), np.zeros(BARRIER, np.int64)
    own = bases | {Space.WORK: work.ctypes.data, Space.CURSOR: cursor.ctypes.data}
    bound = {count: tape.bind(own, count) for count in {min(rows, n - begin) for begin in begins}}
    for begin in begins:
        cursor[0] = begin
        run = bound[min(rows, n - begin)]
        run_tape(tape=run, n=len(run), barrier=barrier)
