"""skorch nets whose fit loop is a `TrainingJob`, so that they train in compiled loops,
and on CUDA in stacks.
"""

import copy
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import skorch
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from skorch.callbacks import EpochScoring, EpochTimer, ParamMapper, PassthroughScoring, PrintLog
from skorch.dataset import Dataset
from torch import nn
from torch.utils.data import DataLoader, Subset

from sknet_hp.estimators.building.architecture import warn_trained_alone
from sknet_hp.estimators.skorch_nets.callback_observer import CallbackObserver, find_batch_hooks, report
from sknet_hp.estimators.skorch_nets.state import NetState
from sknet_hp.estimators.skorch_nets.torch_optim import UnsupportedNetError
from sknet_hp.fusion.detection import TrainsNetworks
from sknet_hp.fusion.entry import train_job
from sknet_hp.nets.architectures.tracing import UnknownLayerError, trace
from sknet_hp.nets.defaults import use_float32_on_cpu
from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.graph import Graph
from sknet_hp.nets.inputs import Inputs
from sknet_hp.nets.random_bits import mix_keys
from sknet_hp.nets.stacked.networks import BATCH_COUNTER
from sknet_hp.training.job import EncodedTable, Rows, TrainingJob

# A net that changes one of these trains in its own way, so it takes skorch's own loop.
_LOOP_METHODS = (
    "_set_training",
    "_step_optimizer",
    "_zero_grad_optimizer",
    "evaluation_step",
    "fit_loop",
    "forward",
    "forward_iter",
    "get_dataset",
    "get_iterator",
    "get_loss",
    "get_train_step_accumulator",
    "infer",
    "on_batch_begin",
    "on_batch_end",
    "on_grad_computed",
    "run_single_epoch",
    "train_step",
    "train_step_single",
    "validation_step",
)

# A net that changes one of these wants it called at each epoch, so it can't be told of its epochs when they are over.
_EPOCH_METHODS = ("notify", "on_epoch_begin", "on_epoch_end", "predict", "predict_proba")

_ITERATOR_PARAMETERS = {"shuffle", "batch_size", "num_workers", "pin_memory"}


class FusedFitLoop(TrainsNetworks):
    """Gives a skorch net a fit loop that trains through the engine, and a
    `random_state`.
    """

    random_state: Any

    @contextmanager
    def _seeded(self, done: int = 0) -> Iterator[None]:
        if self.random_state is None:
            yield
            return
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with OwnGenerator(int(mix_keys(seed, done)) & 0x7FFFFFFF if done else seed):
            yield

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """As skorch's. For a table of float32 the module is made of float32 too,
        whatever torch's default is.
        """
        with _defaults_for(X):
            return super().fit(X, y, **fit_params)  # type: ignore[misc]

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any) -> Self:
        """As skorch's, and as `fit`."""
        with _defaults_for(X):
            return super().partial_fit(X, y, classes, **fit_params)  # type: ignore[misc]

    def predict_proba(self, X: Any) -> np.ndarray:
        """As skorch's, and as `fit`."""
        with _defaults_for(X):
            return super().predict_proba(X)  # type: ignore[misc]

    def initialize_module(self) -> Self:
        """As skorch's, with initial weights that follow from `random_state`."""
        with self._seeded():
            return super().initialize_module()  # type: ignore[misc]

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **fit_params: Any) -> Self:
        """As skorch's, through the engine where this net's loop is skorch's own;
        otherwise skorch's own.
        """
        net: Any = self
        if fit_params.keys() - {"_routing_method"}:
            return self._own_loop(X, y, epochs, fit_params)
        try:
            check_loop(net)
            net.check_data(X, y)
            net.check_training_readiness()
            job, datasets, tensors = make_job(net, X, y, net.max_epochs if epochs is None else epochs)
        except UnsupportedNetError:
            return self._own_loop(X, y, epochs, fit_params)
        if net.verbose or not only_reports(net):
            job = replace(job, observer=CallbackObserver(net, job, tensors, datasets))
        try:
            result = train_job(job)
        except KeyboardInterrupt:  # which skorch takes for the end of the training
            if job.observer is None:
                warnings.warn(
                    "a silent net was interrupted, and is as it was before; with verbose=1 it keeps its last epoch",
                    stacklevel=7,
                )
            raise
        tensors.write(result.state)
        net._set_training(job.validation is None)  # as skorch's loop leaves it
        if job.observer is None:
            for record in result.history:
                report(net, record, job)
        if result.error is not None:
            raise result.error
        if result.state.finished == "diverged":
            warnings.warn(
                f"training diverged in epoch {result.state.epoch}: loss or weights are no longer finite "
                f"(lr={job.rates.lr}); the weights from before that epoch are kept. A lower lr usually helps.",
                ConvergenceWarning,
                stacklevel=7,
            )
        return self

    def _own_loop(self, X: Any, y: Any, epochs: int | None, fit_params: dict[str, Any]) -> Self:
        net: Any = self
        with self._seeded(len(net.history)):  # more epochs are not to repeat the numbers of those before
            return super().fit_loop(X, y, epochs, **fit_params)  # type: ignore[misc]


def _defaults_for(X: Any) -> AbstractContextManager[None]:
    """Ours for float32. Else the process's: who has made float64 the default may want
    to train in it, in skorch's own loop.
    """
    parts = X.values() if isinstance(X, dict) else X if isinstance(X, (list, tuple)) else [X]
    return (
        use_float32_on_cpu()
        if any(str(getattr(part, "dtype", "")).removeprefix("torch.") == "float32" for part in parts)
        else nullcontext()
    )


class NeuralNetClassifier(FusedFitLoop, skorch.NeuralNetClassifier):
    """`skorch.NeuralNetClassifier`, training in compiled loops where its own loop would
    do the same.

    Parameters
    ----------
    module, *args, **kwargs : as in skorch.
    random_state : int, RandomState instance or None, default=None
        Initial weights, shuffling and dropout follow from an integer. None draws from
        torch's global generator, as skorch does.
    """

    def __init__(self, module: Any, *args: Any, random_state: Any = None, **kwargs: Any):
        super().__init__(module, *args, **kwargs)
        self.random_state = random_state


class NeuralNetRegressor(FusedFitLoop, skorch.NeuralNetRegressor):
    """`skorch.NeuralNetRegressor`, training in compiled loops where its own loop would
    do the same.

    Parameters
    ----------
    module, *args, **kwargs : as in skorch.
    random_state : int, RandomState instance or None, default=None
        Initial weights, shuffling and dropout follow from an integer. None draws from
        torch's global generator, as skorch does.
    """

    def __init__(self, module: Any, *args: Any, random_state: Any = None, **kwargs: Any):
        super().__init__(module, *args, **kwargs)
        self.random_state = random_state


# ---- from a net to a job -------------------------------------------------------------------------------------------


def check_loop(net: Any) -> None:
    """Raise `UnsupportedNetError` unless the net trains as skorch's nets do."""
    if (name := _changed(net, _LOOP_METHODS)) is not None:
        raise UnsupportedNetError(f"{name} is overridden")
    if net.iterator_train is not DataLoader or net.iterator_valid is not DataLoader or net.dataset is not Dataset:
        raise UnsupportedNetError("its own iterator or dataset")
    iterators = net.get_params_for("iterator_train") | net.get_params_for("iterator_valid")
    if iterators.keys() - _ITERATOR_PARAMETERS or net.get_params_for("dataset"):
        raise UnsupportedNetError("iterator or dataset parameters")
    if (
        net._modules != ["module"]
        or net._criteria != ["criterion"]
        or net._optimizers != ["optimizer"]
        or getattr(net, "compile", False)
    ):
        raise UnsupportedNetError("more than one module, criterion or optimizer")
    # Parameter mappers (Freezer, Unfreezer) change what is trained.
    if any(find_batch_hooks(callback, net) or isinstance(callback, ParamMapper) for _, callback in net.callbacks_):
        raise UnsupportedNetError("a callback that acts per batch, or on what is trained")


def only_reports(net: Any) -> bool:
    """Whether nothing in a net has to be told of an epoch before the next one begins,
    nor scores in its own way.
    """
    if _changed(net, _EPOCH_METHODS) is not None:
        return False
    return net.predict_nonlinearity == "auto" and all(_only_reports(callback) for _, callback in net.callbacks_)


def _changed(net: Any, names: tuple[str, ...]) -> str | None:
    """The first of these methods that is neither skorch's nor ours, or None."""
    plain = skorch.NeuralNetClassifier if isinstance(net, skorch.NeuralNetClassifier) else skorch.NeuralNetRegressor
    for name in names:
        if name in vars(net) or getattr(type(net), name, None) not in (
            getattr(plain, name, None),
            getattr(FusedFitLoop, name, None),
        ):
            return name
    return None


def _only_reports(callback: Any) -> bool:
    if type(callback) is EpochScoring:
        return callback.scoring == "accuracy" and not callback.on_train and not callback.lower_is_better
    return type(callback) in (EpochTimer, PassthroughScoring, PrintLog)


def make_job(net: Any, X: Any, y: Any, epochs: int) -> tuple[TrainingJob, tuple[Any, Any], NetState]:
    """The job that trains a net for so many more epochs, from the weights and the
    optimizer state it has; its datasets; and the net's tensors.
    """
    graph, layer_rates = _structure(net.module_)
    everything = net.get_dataset(X, y)
    n_outputs = _n_outputs(net, graph, everything)
    loss = _loss(net, everything, n_outputs)
    if (
        getattr(net.criterion_, "weight", None) is not None
        and isinstance(graph, Graph)
        and any(node.kind == "batch_norm" for node in graph.nodes)
    ):
        raise UnsupportedNetError("weights of classes, which would enter the statistics of batches too")
    done = len(net.history)
    tensors = NetState(net, graph)
    start, optimizer, rates = tensors.read(done)
    tensors = NetState(net, graph, start.step)
    # Splitting comes last: it may draw random numbers, which must not be drawn twice if skorch's own loop takes over.
    datasets = train, validation = net.get_split_datasets(X, y)
    source, train_index = _rows(train)
    valid_index = None
    if validation is not None:
        valid_source, valid_index = _rows(validation)
        if valid_source is not source or valid_index is None:
            raise UnsupportedNetError("validation data of its own")
    table = _table(source, net, graph.n_codes if isinstance(graph, Graph) else 0)
    random_state = net.random_state
    seed = (
        int(torch.randint(2**31 - 1, ()))
        if random_state is None
        else int(check_random_state(random_state).randint(2**31 - 1))
    )
    batch_size = net.get_params_for("iterator_train").get("batch_size", net.batch_size)
    rows = len(table.X) if train_index is None else len(train_index)
    job = TrainingJob(
        graph=graph,
        n_outputs=n_outputs,
        seed=seed,
        train=Rows(table, train_index),
        validation=None if valid_index is None else Rows(table, valid_index),
        loss=loss,
        optimizer=optimizer,
        batch_size=rows if batch_size == -1 else batch_size,
        max_epochs=done + epochs,
        shuffle=bool(net.get_params_for("iterator_train").get("shuffle", False)),
        rates=rates,
        layer_rates=layer_rates,
        metric=None
        if table.weight is None or valid_index is None
        else partial(unweighted_accuracy, y=table.y[valid_index]),
        start=start,
        device=str(net.device or "cpu"),
    )
    return job, datasets, tensors


def unweighted_accuracy(outputs: np.ndarray, y: np.ndarray) -> float:
    """What skorch records as accuracy, whatever the weights of classes in the loss."""
    return float((outputs.argmax(1) == y).mean())


def _structure(module: nn.Module) -> tuple[Graph | nn.Module, tuple[float, ...]]:
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


def _n_outputs(net: Any, graph: Graph | nn.Module, dataset: Any) -> int:
    if isinstance(graph, Graph):
        return next(
            shape[0]
            for node in reversed(graph.nodes)
            for role, _, shape in node.parameters
            if node.kind == "linear" and role == "weight"
        )
    X, _ = _arrays(_rows(dataset)[0])
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


def _rows(dataset: Any) -> tuple[Any, np.ndarray | None]:
    """The skorch dataset behind a subset, and which rows of it; None stands for all."""
    index = None
    while isinstance(dataset, Subset):
        rows = np.asarray(dataset.indices)
        index = rows if index is None else rows[index]
        dataset = dataset.dataset
    if type(dataset) is not Dataset:
        raise UnsupportedNetError("its own dataset")
    return dataset, index


def _table(source: Any, net: Any, n_codes: int) -> EncodedTable:
    X, y = _arrays(source)
    weight = getattr(net.criterion_, "weight", None)
    return EncodedTable(
        Inputs.from_wide(X, n_codes),
        np.ascontiguousarray(y),
        None if weight is None else weight.detach().cpu().numpy()[y],
    )


def _arrays(source: Any) -> tuple[np.ndarray, np.ndarray]:
    X, y = _array(source.X), _array(source.y)
    if X is None or y is None or X.ndim != 2 or X.dtype != np.float32:
        raise UnsupportedNetError("data that is not a float32 matrix")
    return X, y


def _array(values: Any) -> np.ndarray | None:
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().numpy()
    return values if isinstance(values, np.ndarray) else None


def _loss(net: Any, dataset: Any, n_outputs: int) -> str:
    criterion = net.criterion_
    _, y = _arrays(_rows(dataset)[0])
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
