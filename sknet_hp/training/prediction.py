"""A trained network's outputs, with the same care for bits as its training."""

import copy
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn

from sknet_hp.nets import kernels
from sknet_hp.nets.defaults import own_defaults
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.nets.program import Alone, Program, Runnable, trained_shapes
from sknet_hp.nets.slices import Sliced, rows_per_slice
from sknet_hp.training.environment import training_environment
from sknet_hp.training.layout import Layout
from sknet_hp.training.losses import together
from sknet_hp.training.torch_loss import TorchLoss, meaning

BATCH_ROWS = 1024
"""Predictions are made for so many rows at a time: few enough for their activations to stay in cache."""


def predict(
    graph: Graph | nn.Module,
    parameters: np.ndarray,
    buffers: np.ndarray,
    rates: tuple[float, ...],
    inputs: Inputs,
    loss: str | TorchLoss,
    n_outputs: int,
    precision: str = "float32",
    cores: int = 1,
) -> np.ndarray:
    """Outputs of one network.

    A function of the arguments alone, the number of cores apart, which does not show in the result. Safe to call from several threads.

    Parameters
    ----------
    graph : the network's structure; or a module that can not be stacked, whose own weights do not matter.
    parameters, buffers : its weights, flat.
    rates : the numbers of its layers, in the order of the graph's nodes.
    inputs : encoded rows.
    loss, n_outputs : what the network was trained for: they say what several predictions for one row mean together.

    precision : in which hidden layers multiply.
    cores : how many may be used.

    Returns
    -------
    outputs : (rows, n_outputs) float32, finite
    """
    if isinstance(graph, Graph) and precision == "float32":
        from sknet_hp.training.compiled.prediction import predict_compiled

        name = loss.like if isinstance(loss, TorchLoss) else loss
        outputs = predict_compiled(graph, parameters, buffers, rates, inputs, name, n_outputs, cores)
    else:
        outputs = _predict_by_torch(graph, parameters, buffers, rates, inputs, loss, n_outputs, precision)
    # Huge weights that were finite on the training rows can overflow on others.
    return np.nan_to_num(outputs, copy=False)


def _predict_by_torch(
    graph: Graph | nn.Module,
    parameters: np.ndarray,
    buffers: np.ndarray,
    rates: tuple[float, ...],
    inputs: Inputs,
    loss: str | TorchLoss,
    n_outputs: int,
    precision: str,
) -> np.ndarray:
    rows = min(BATCH_ROWS, kernels.padded_rows(len(inputs)))
    parts = []
    with training_environment(), nullcontext() if isinstance(graph, Graph) else own_defaults():
        program = _program(graph, parameters, buffers, rates, precision, rows)
        batch = torch.zeros(1, rows, inputs.n_features, dtype=torch.float32)
        for begin in range(0, len(inputs), rows):
            part = torch.from_numpy(inputs.wide(slice(begin, begin + rows)))
            batch[0, : len(part)] = part
            parts.append(together(meaning(loss), program.evaluate(batch, len(part)), n_outputs)[0, : len(part)].clone())
        return torch.cat(parts).numpy()


def _program(graph: Graph | nn.Module, parameters: np.ndarray, buffers: np.ndarray, rates: tuple[float, ...], precision: str, rows: int) -> Runnable:
    cpu = torch.device("cpu")
    if isinstance(graph, Graph):
        shapes = graph.parameters, graph.buffers
    else:
        graph = copy.deepcopy(graph)  # two threads may predict at once
        shapes = trained_shapes(graph)
    layout, buffer_layout = Layout(shapes[0], 1, cpu), Layout(shapes[1], 1, cpu)
    flat, flat_buffers = layout.zeros(), buffer_layout.zeros()
    layout.assign(flat, parameters[None])
    buffer_layout.assign(flat_buffers, buffers[None])
    views, buffer_views = layout.views(flat), buffer_layout.views(flat_buffers)
    if isinstance(graph, Graph):
        each = rows_per_slice(graph, rows, cpu)
        numbers = torch.tensor([rates], dtype=torch.float32)
        programs = [Program(graph, views, views, buffer_views, numbers, precision) for _ in range(0, rows, each)]
        return programs[0] if len(programs) == 1 else Sliced(programs, [flat] * len(programs), each)
    return Alone(graph, views, views, buffer_views)
