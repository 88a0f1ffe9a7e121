"""A trained network's outputs, with the same care for bits as its training."""

import copy
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn

from sknet_hp.nets import kernels
from sknet_hp.nets.defaults import own_defaults
from sknet_hp.nets.graph import Graph
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
    X: np.ndarray,
    loss: str | TorchLoss,
    n_outputs: int,
    precision: str = "float32",
) -> np.ndarray:
    """Outputs of one network.

    A function of the arguments alone: rows are copied into batches of a fixed shape, so neither the number of threads nor where X lies in
    memory shows in the result. Safe to call from several threads.

    Parameters
    ----------
    graph : the network's structure; or a module that can not be stacked, whose own weights do not matter.
    parameters, buffers : its weights, flat.
    rates : the numbers of its layers, in the order of the graph's nodes.
    X : (rows, n_features) float32.
    loss, n_outputs : what the network was trained for: they say what several predictions for one row mean together.

    precision : in which hidden layers multiply.

    Returns
    -------
    outputs : (rows, n_outputs) float32, finite
    """
    rows = min(BATCH_ROWS, kernels.padded_rows(len(X)))
    parts = []
    with training_environment(), nullcontext() if isinstance(graph, Graph) else own_defaults():
        program = _program(graph, parameters, buffers, rates, precision, rows)
        batch = torch.zeros(1, rows, X.shape[1], dtype=torch.float32)
        for part in torch.from_numpy(X).split(rows):
            batch[0, : len(part)] = part
            parts.append(together(meaning(loss), program.evaluate(batch, len(part)), n_outputs)[0, : len(part)].clone())
        # Huge weights that were finite on the training rows can overflow on others.
        return torch.cat(parts).nan_to_num_().numpy()


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
