"""A trained network's outputs, with the same care for bits as its training."""

import numpy as np
import torch

from sknet_hp.nets import kernels
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.program import Program
from sknet_hp.training.environment import training_environment
from sknet_hp.training.layout import Layout

BATCH_ROWS = 1024
"""Predictions are made for so many rows at a time: few enough for their activations to stay in cache."""


def predict(graph: Graph, parameters: np.ndarray, buffers: np.ndarray, rates: tuple[float, ...], X: np.ndarray) -> np.ndarray:
    """Outputs of one network.

    A function of the arguments alone: rows are copied into batches of a fixed shape, so neither the number of threads nor where X lies in
    memory shows in the result. Safe to call from several threads.

    Parameters
    ----------
    graph : the network's structure.
    parameters, buffers : its weights, flat.
    rates : the numbers of its layers, in the order of the graph's nodes.
    X : (rows, n_features) float32.

    Returns
    -------
    outputs : (rows, n_outputs) float32, finite
    """
    cpu = torch.device("cpu")
    layout, buffer_layout = Layout(graph.parameters, 1, cpu), Layout(graph.buffers, 1, cpu)
    flat, flat_buffers = layout.zeros(), buffer_layout.zeros()
    layout.assign(flat, parameters[None])
    buffer_layout.assign(flat_buffers, buffers[None])
    views = layout.views(flat)
    program = Program(graph, views, views, buffer_layout.views(flat_buffers), torch.tensor([rates], dtype=torch.float32))
    source = torch.from_numpy(X)
    rows = min(BATCH_ROWS, kernels.padded_rows(len(X)))
    batch = torch.zeros(1, rows, X.shape[1], dtype=torch.float32)
    parts = []
    with training_environment():
        for part in source.split(rows):
            batch[0, : len(part)] = part
            parts.append(program.evaluate(batch)[0, : len(part)].clone())
        # Huge weights that were finite on the training rows can overflow on others.
        return torch.cat(parts).nan_to_num_().numpy()
