"""A trained network's outputs, with the same care for bits as its training."""

import copy

import numpy as np
import torch
from torch import nn

from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.nets.stacked.networks import SingleModule, get_trained_shapes
from sknet_hp.training.environment import use_training_environment
from sknet_hp.training.layout import Layout
from sknet_hp.training.rules.losses import combine_outputs
from sknet_hp.training.rules.torch_loss import TorchLoss, get_loss_class

BATCH_ROWS = 1024
"""Rows that are predicted at a time: few enough for activations to stay in cache."""


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
    """Return the outputs of one network.

    A function of the arguments alone, the number of cores apart, which does not show in
    the result. Safe to call from several threads.

    Parameters
    ----------
    graph : the network's structure; or a module that can not be stacked, whose own
        weights do not matter.
    parameters, buffers : its weights, flat.
    rates : the numbers of its layers, in the order of the graph's nodes.
    inputs : encoded rows.
    loss, n_outputs : what the network was trained for: they say what several
        predictions for one row mean together.
    precision : in which hidden layers multiply.
    cores : how many may be used.

    Returns
    -------
    outputs : (rows, n_outputs) float32, finite
    """
    if isinstance(graph, Graph):
        from sknet_hp.training.compiled.prediction import predict_compiled

        name = loss.like if isinstance(loss, TorchLoss) else loss
        outputs = predict_compiled(graph, parameters, buffers, rates, inputs, name, n_outputs, precision, cores)
    else:
        outputs = _predict_by_torch(graph, parameters, buffers, inputs, loss, n_outputs)
    # Huge weights that were finite on the training rows can overflow on others.
    return np.nan_to_num(outputs, copy=False)


def _predict_by_torch(
    module: nn.Module,
    parameters: np.ndarray,
    buffers: np.ndarray,
    inputs: Inputs,
    loss: str | TorchLoss,
    n_outputs: int,
) -> np.ndarray:
    parts = []
    with use_training_environment(), use_float32_on_cpu():
        layout = Layout(*get_trained_shapes(module))
        tensors = layout.make_views(layout.stack([(parameters, buffers)], torch.device("cpu")))
        program = SingleModule(copy.deepcopy(module), tensors)  # two threads may predict at once
        for begin in range(0, len(inputs), BATCH_ROWS):
            batch = torch.tensor(inputs.widen(slice(begin, begin + BATCH_ROWS)))
            parts.append(combine_outputs(get_loss_class(loss), program.evaluate(batch.unsqueeze(0)), n_outputs)[0])
        return torch.cat(parts).numpy()
