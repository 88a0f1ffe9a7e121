"""A network's graph as the kernels of a training step, or of a prediction."""

from dataclasses import dataclass
from functools import lru_cache

from sknet_hp.nets.compiled.arrangement import Arrangement
from sknet_hp.nets.compiled.builder import ProgramBuilder
from sknet_hp.nets.compiled.tape import Place, Tape
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Form


@dataclass(frozen=True)
class Program:
    """The tapes of a network.

    Attributes
    ----------
    forward, backward : tapes; the latter begins with the gradient of the output and is
        empty for prediction.
    output, gradient : where the output lies, (rows, width), and where its gradient is
        to be.
    width : of the output.
    floats : how much memory it works in.
    parameters, buffers : where the network's tensors lie.
    """

    forward: Tape
    backward: Tape
    output: Place
    gradient: Place
    width: int
    floats: int
    parameters: Arrangement
    buffers: Arrangement


@lru_cache(maxsize=256)
def compile_program(
    graph: Graph, form: Form, rows: int, parts: int, *, training: bool, dense: bool = False, half: bool = False
) -> Program:
    """Make the program of a graph.

    Parameters
    ----------
    graph, form : of the network, and of the table.
    rows, parts : how many rows a batch has at most, and on how many cores it is
        computed.
    training : whether there is a way back.
    dense : whether the batch is taken as wide rows that lie where `get_batch_place`
        says: those who change inputs write there.
    half : whether hidden layers multiply in bfloat16.
    """
    builder = ProgramBuilder(graph, form, rows, parts, training, dense, half)
    if training:  # weights lie as they do in prediction, by which training is validated
        predicting = compile_program(graph, form, rows, parts, training=False, half=half)
        builder.transposed |= predicting.parameters.transposed
    forward, output, place = builder.build_forward()
    backward, gradient = builder.build_backward(output) if training else (Tape(), place)
    parameters = Arrangement(graph.parameters, frozenset(builder.transposed))
    buffers = Arrangement(graph.buffers)
    return Program(forward, backward, place, gradient, output.width, builder.memory.floats, parameters, buffers)
