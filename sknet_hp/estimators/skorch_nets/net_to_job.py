"""The training job of a skorch net, from its module, loss, optimizer and data."""

import copy
from functools import partial
from typing import Any

import numpy as np
import skorch
import torch
from sklearn.utils import check_random_state
from skorch.dataset import Dataset
from torch import nn
from torch.utils.data import Subset

from sknet_hp.estimators.building.architecture import warn_trained_alone
from sknet_hp.estimators.skorch_nets.net_state import NetState
from sknet_hp.estimators.skorch_nets.torch_optim import UnsupportedNetError
from sknet_hp.nets.architectures.tracing import UnknownLayerError, trace
from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.nets.stacked.networks import BATCH_COUNTER
from sknet_hp.training.job import EncodedTable, Rows, TrainingJob


def make_job(net: skorch.NeuralNet, X: Any, y: Any, epochs: int) -> tuple[TrainingJob, tuple[Any, Any], NetState]:
    """Make the job that trains a net from where it stands.

    Parameters
    ----------
    net : an initialized net, with the weights and the optimizer's state to start from.
    X, y : what it is fitted to.
    epochs : how many more to train.

    Returns
    -------
    job : TrainingJob
    datasets : the ones that skorch splits X and y into, to train and to validate on.
    tensors : NetState
        The net's tensors.

    Raises
    ------
    UnsupportedNetError
        If the engine can not train it.
    """
    graph, layer_rates = _read_module(net.module_)
    everything = net.get_dataset(X, y)
    n_outputs = _count_outputs(net, graph, everything)
    loss = _read_loss(net, everything, n_outputs)
    _check_class_weights(net, graph)
    done = len(net.history)
    tensors = NetState(net, graph)
    start, optimizer, rates = tensors.read(done)
    tensors = NetState(net, graph, start.step)
    # Splitting comes last: it may draw random numbers, which must not be drawn twice if skorch's own loop takes over.
    datasets = net.get_split_datasets(X, y)
    train, validation = _read_rows(net, datasets, graph.n_codes if isinstance(graph, Graph) else 0)
    seed = _draw_seed(net.random_state)
    iterator = net.get_params_for("iterator_train")
    batch_size = iterator.get("batch_size", net.batch_size)
    job = TrainingJob(
        graph=graph,
        n_outputs=n_outputs,
        seed=seed,
        train=train,
        validation=validation,
        loss=loss,
        optimizer=optimizer,
        batch_size=len(train) if batch_size == -1 else batch_size,
        max_epochs=done + epochs,
        shuffle=bool(iterator.get("shuffle", False)),
        rates=rates,
        layer_rates=layer_rates,
        metric=_make_metric(validation),
        start=start,
        device=str(net.device or "cpu"),
    )
    return job, datasets, tensors


def _make_metric(validation: Rows | None) -> "partial[float] | None":
    """Return skorch's accuracy where the loss weights classes, else None."""
    if validation is None or validation.table.weight is None:
        return None
    return partial(compute_accuracy, y=validation.table.y[validation.index])


def compute_accuracy(outputs: np.ndarray, y: np.ndarray) -> float:
    """Compute the accuracy as skorch does, without weights of classes."""
    return float((outputs.argmax(1) == y).mean())


def _draw_seed(random_state: Any) -> int:
    if random_state is None:
        return int(torch.randint(2**31 - 1, ()))
    return int(check_random_state(random_state).randint(2**31 - 1))


def _read_module(module: nn.Module) -> tuple[Graph | nn.Module, tuple[float, ...]]:
    """Return a module as a graph with its rates of dropout, or else a copy of it."""
    try:
        return trace(module)
    except UnknownLayerError as error:
        parameters = list(module.parameters())
        if any(p.dtype != torch.float32 for p in parameters) or not any(p.requires_grad for p in parameters):
            raise UnsupportedNetError("parameters that are not float32, or none to train") from error
        if any(b.dtype != torch.float32 and not name.endswith(BATCH_COUNTER) for name, b in module.named_buffers()):
            raise UnsupportedNetError("buffers that are not float32") from error
        try:
            alone = copy.deepcopy(module)
        except Exception as uncopied:  # whatever a user's own code raises
            raise UnsupportedNetError("a module that can not be copied") from uncopied
        warn_trained_alone(error)
        return alone, ()


def _count_outputs(net: skorch.NeuralNet, graph: Graph | nn.Module, dataset: Any) -> int:
    if isinstance(graph, Graph):
        return next(
            shape[0]
            for node in reversed(graph.nodes)
            for role, _, shape in node.parameters
            if node.kind == "linear" and role == "weight"
        )
    X, _ = _read_arrays(_find_source(dataset)[0])
    was_training = net.module_.training
    try:
        with torch.no_grad(), OwnGenerator(0):
            outputs = net.module_.eval()(torch.from_numpy(X[:2]))
    except Exception as error:  # skorch's own loop will say what is wrong
        raise UnsupportedNetError("the module does not take a matrix") from error
    finally:
        net.module_.train(was_training)
    if not isinstance(outputs, torch.Tensor) or outputs.dim() != 2:
        raise UnsupportedNetError("the module does not give a matrix")
    return outputs.shape[1]


def _read_loss(net: skorch.NeuralNet, dataset: Any, n_outputs: int) -> str:
    """Return the name of the loss that a net's criterion is."""
    criterion = net.criterion_
    _, y = _read_arrays(_find_source(dataset)[0])
    settings = {"reduction": "mean", "label_smoothing": 0, "ignore_index": -100}
    if any(getattr(criterion, name, value) != value for name, value in settings.items()):
        raise UnsupportedNetError("a criterion with settings")
    if type(criterion) in (nn.CrossEntropyLoss, nn.NLLLoss):
        if (
            isinstance(net, skorch.NeuralNetRegressor)
            or y.dtype != np.int64
            or y.ndim != 1
            or y.min(initial=0) < 0
            or y.max(initial=0) >= n_outputs
        ):
            raise UnsupportedNetError("labels that are not class numbers")
        if criterion.weight is not None and (
            criterion.weight.shape != (n_outputs,) or criterion.weight.dtype != torch.float32
        ):
            raise UnsupportedNetError("weights that are not one for each class")
        return "cross_entropy" if type(criterion) is nn.CrossEntropyLoss else "log_probability"
    if type(criterion) is nn.MSELoss and y.dtype == np.float32 and y.shape == (len(y), n_outputs):
        return "mse"
    raise UnsupportedNetError("another criterion")


def _check_class_weights(net: skorch.NeuralNet, graph: Graph | nn.Module) -> None:
    if (
        getattr(net.criterion_, "weight", None) is not None
        and isinstance(graph, Graph)
        and any(node.kind == "batch_norm" for node in graph.nodes)
    ):
        raise UnsupportedNetError("weights of classes, which would enter the statistics of batches too")


def _read_rows(net: skorch.NeuralNet, datasets: tuple[Any, Any], n_codes: int) -> tuple[Rows, Rows | None]:
    """Return the rows of skorch's two datasets, which must be subsets of one."""
    train, validation = datasets
    source, train_index = _find_source(train)
    valid_index = None
    if validation is not None:
        valid_source, valid_index = _find_source(validation)
        if valid_source is not source or valid_index is None:
            raise UnsupportedNetError("validation data of its own")
    X, y = _read_arrays(source)
    weight = getattr(net.criterion_, "weight", None)
    weights = None if weight is None else weight.detach().cpu().numpy()[y]
    table = EncodedTable(Inputs.from_wide(X, n_codes), np.ascontiguousarray(y), weights)
    return Rows(table, train_index), None if valid_index is None else Rows(table, valid_index)


def _find_source(dataset: Any) -> tuple[Dataset, np.ndarray | None]:
    """Return the dataset behind a subset and the numbers of its rows, None for all."""
    index = None
    while isinstance(dataset, Subset):
        rows = np.asarray(dataset.indices)
        index = rows if index is None else rows[index]
        dataset = dataset.dataset
    if type(dataset) is not Dataset:
        raise UnsupportedNetError("its own dataset")
    return dataset, index


def _read_arrays(source: Dataset) -> tuple[np.ndarray, np.ndarray]:
    X, y = _convert_to_array(source.X), _convert_to_array(source.y)
    if X is None or y is None or X.ndim != 2 or X.dtype != np.float32:
        raise UnsupportedNetError("data that is not a float32 matrix")
    return X, y


def _convert_to_array(values: Any) -> np.ndarray | None:
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().numpy()
    return values if isinstance(values, np.ndarray) else None
