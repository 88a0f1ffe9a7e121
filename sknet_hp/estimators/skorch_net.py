"""skorch nets whose fit loop is a `TrainingJob`, so that they train in cohorts."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

import numpy as np
import skorch
import torch
from sklearn.utils import check_random_state
from skorch.callbacks import BatchScoring, Callback, EpochScoring, EpochTimer, LRScheduler, PassthroughScoring, PrintLog
from skorch.dataset import Dataset
from torch import nn
from torch.utils.data import DataLoader, Subset

from sknet_hp.estimators.architecture import warn_alone
from sknet_hp.estimators.torch_optim import read_optimizer, write_optimizer
from sknet_hp.fusion.backend import Network
from sknet_hp.fusion.entry import train_job
from sknet_hp.nets.generator import OwnGenerator
from sknet_hp.nets.graph import Graph, UnknownLayerError, trace
from sknet_hp.training.job import EpochRecord, Reaction, Rows, State, Table, TrainingJob, predicting

# A net that changes one of these trains in its own way, so it takes skorch's own loop.
_LOOP_METHODS = (
    "evaluation_step",
    "fit_loop",
    "forward",
    "forward_iter",
    "get_dataset",
    "get_iterator",
    "get_loss",
    "infer",
    "on_batch_begin",
    "on_batch_end",
    "on_grad_computed",
    "run_single_epoch",
    "train_step",
    "train_step_single",
    "validation_step",
)


class CannotJoin(Exception):
    """A net does not fit into a cohort; skorch's own loop trains it."""


class FusedFitLoop(Network):
    """Gives a skorch net a fit loop that trains through the engine, and a `random_state`."""

    random_state: Any

    @contextmanager
    def _seeded(self) -> Iterator[None]:
        if self.random_state is None:
            yield
            return
        with OwnGenerator(int(check_random_state(self.random_state).randint(2**31 - 1))):
            yield

    def initialize_module(self) -> Self:
        """As skorch's, with initial weights that follow from `random_state`."""
        with self._seeded():
            return super().initialize_module()  # type: ignore[misc]

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **fit_params: Any) -> Self:
        """As skorch's, through the engine where this net's loop is skorch's own; otherwise skorch's own."""
        net: Any = self
        if fit_params.keys() - {"_routing_method"}:
            return self._own_loop(X, y, epochs, fit_params)
        try:
            check_loop(net)
            net.check_data(X, y)
            net.check_training_readiness()
            train, validation = net.get_split_datasets(X, y)
            job = make_job(net, train, validation, net.max_epochs if epochs is None else epochs)
        except CannotJoin:
            return self._own_loop(X, y, epochs, fit_params)
        result = train_job(job)
        write_state(net, result.state)
        if job.observer is None:
            for record in result.history:
                tell(net, record, job, None)
        if result.error is not None:
            raise result.error
        return self

    def _own_loop(self, X: Any, y: Any, epochs: int | None, fit_params: dict[str, Any]) -> Self:
        with self._seeded():
            return super().fit_loop(X, y, epochs, **fit_params)  # type: ignore[misc]


class NeuralNetClassifier(FusedFitLoop, skorch.NeuralNetClassifier):
    """`skorch.NeuralNetClassifier`, training in cohorts.

    Parameters
    ----------
    module, *args, **kwargs : as in skorch.
    random_state : int, RandomState instance or None, default=None
        Initial weights, shuffling and dropout follow from an integer. None draws from torch's global generator, as skorch does.
    """

    def __init__(self, module: Any, *args: Any, random_state: Any = None, **kwargs: Any):
        super().__init__(module, *args, **kwargs)
        self.random_state = random_state


class NeuralNetRegressor(FusedFitLoop, skorch.NeuralNetRegressor):
    """`skorch.NeuralNetRegressor`, training in cohorts.

    Parameters
    ----------
    module, *args, **kwargs : as in skorch.
    random_state : int, RandomState instance or None, default=None
        Initial weights, shuffling and dropout follow from an integer. None draws from torch's global generator, as skorch does.
    """

    def __init__(self, module: Any, *args: Any, random_state: Any = None, **kwargs: Any):
        super().__init__(module, *args, **kwargs)
        self.random_state = random_state


# ---- from a net to a job -------------------------------------------------------------------------------------------


def check_loop(net: Any) -> None:
    """Raise `CannotJoin` unless the net trains as skorch's nets do."""
    plain = skorch.NeuralNetClassifier if isinstance(net, skorch.NeuralNetClassifier) else skorch.NeuralNetRegressor
    for name in _LOOP_METHODS:
        inherited = getattr(plain, name, None)
        ours = getattr(FusedFitLoop, name, None)
        if getattr(type(net), name, None) not in (inherited, ours):
            raise CannotJoin(f"{name} is overridden")
    if net.iterator_train is not DataLoader or net.iterator_valid is not DataLoader or net.dataset is not Dataset:
        raise CannotJoin("its own iterator or dataset")
    if net.get_params_for("iterator_train").keys() - {"shuffle", "batch_size", "num_workers", "pin_memory"} or net.get_params_for("dataset"):
        raise CannotJoin("iterator or dataset parameters")
    if net._modules != ["module"] or net._criteria != ["criterion"] or net._optimizers != ["optimizer"] or getattr(net, "compile", False):
        raise CannotJoin("more than one module, criterion or optimizer")
    if any(_acts_per_batch(callback) for _, callback in net.callbacks_):
        raise CannotJoin("a callback that acts per batch")


def _acts_per_batch(callback: Any) -> bool:
    if isinstance(callback, EpochScoring) and not callback.on_train:
        return False
    if isinstance(callback, LRScheduler):
        return callback.step_every != "epoch"
    names = ("on_batch_begin", "on_batch_end", "on_grad_computed")
    return isinstance(callback, (BatchScoring, EpochScoring)) or any(getattr(type(callback), n, None) is not getattr(Callback, n) for n in names)


def _only_reports(callback: Any) -> bool:
    """Whether a callback is one of those that every default net carries, and can be told of epochs afterwards."""
    if type(callback) is EpochScoring:
        return callback.scoring == "accuracy" and not callback.on_train and not callback.lower_is_better
    return type(callback) in (EpochTimer, PassthroughScoring, PrintLog)


def make_job(net: Any, train: Any, validation: Any, epochs: int) -> TrainingJob:
    """The job that trains a net for so many more epochs, from the weights and the optimizer state it has."""
    graph, layer_rates = _structure(net.module_)
    n_outputs = _n_outputs(net, graph, train)
    source, train_index = _rows(train)
    table = _table(source, net)
    valid_index = None
    if validation is not None:
        valid_source, valid_index = _rows(validation)
        if valid_source is not source or valid_index is None:
            raise CannotJoin("validation data of its own")
    loss = _loss(net, table.y, n_outputs)
    optimizer, rates, slots, step = read_optimizer(net.optimizer_, net.module_, _parameter_names(graph))
    done = len(net.history)
    random_state = net.random_state
    seed = int(torch.randint(2**31 - 1, ())) if random_state is None else int(check_random_state(random_state).randint(2**31 - 1))
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
        start=State(*read_module(net.module_, graph), slots, epoch=done, step=step),
        device=str(net.device or "cpu"),
    )
    looked_on = net.verbose or not all(_only_reports(c) for _, c in net.callbacks_)
    return replace(job, observer=Live(net, job)) if looked_on else job


def _structure(module: nn.Module) -> tuple[Graph | nn.Module, tuple[float, ...]]:
    try:
        return trace(module)
    except UnknownLayerError as error:
        warn_alone(error)
        parameters = list(module.parameters())
        if any(p.dtype != torch.float32 for p in parameters) or not any(p.requires_grad for p in parameters):
            raise CannotJoin("parameters that are not float32, or none to train") from error
        return copy.deepcopy(module), ()


def _n_outputs(net: Any, graph: Graph | nn.Module, train: Any) -> int:
    if isinstance(graph, Graph):
        return next(shape[0] for node in reversed(graph.nodes) for role, _, shape in node.parameters if node.kind == "linear" and role == "weight")
    X = _array(_rows(train)[0].X)
    if X is None:
        raise CannotJoin("data that is not a matrix")
    was_training = net.module_.training
    try:
        with torch.no_grad(), OwnGenerator(0):
            outputs = net.module_.eval()(torch.from_numpy(X[:2]))
    except Exception as error:  # skorch's own loop will say what is wrong
        raise CannotJoin("the module does not take a matrix") from error
    finally:
        net.module_.train(was_training)
    if not isinstance(outputs, torch.Tensor) or outputs.dim() != 2:
        raise CannotJoin("the module does not give a matrix")
    return outputs.shape[1]


def _rows(dataset: Any) -> tuple[Any, np.ndarray | None]:
    """The skorch dataset behind a subset, and which rows of it; None stands for all."""
    index = None
    while isinstance(dataset, Subset):
        rows = np.asarray(dataset.indices)
        index = rows if index is None else rows[index]
        dataset = dataset.dataset
    if type(dataset) is not Dataset:
        raise CannotJoin("its own dataset")
    return dataset, index


def _table(source: Any, net: Any) -> Table:
    X, y = _array(source.X), _array(source.y)
    if X is None or y is None or X.ndim != 2 or X.dtype != np.float32:
        raise CannotJoin("data that is not a float32 matrix")
    weight = getattr(net.criterion_, "weight", None)
    return Table(np.ascontiguousarray(X), y, None if weight is None else weight.detach().cpu().numpy()[y])


def _array(values: Any) -> np.ndarray | None:
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().numpy()
    return values if isinstance(values, np.ndarray) else None


def _loss(net: Any, y: np.ndarray, n_outputs: int) -> str:
    criterion = net.criterion_
    if getattr(criterion, "reduction", None) != "mean" or net.get_params_for("criterion").keys() - {"weight"}:
        raise CannotJoin("a criterion with settings")
    if type(criterion) in (nn.CrossEntropyLoss, nn.NLLLoss):
        if isinstance(net, skorch.NeuralNetRegressor) or y.dtype != np.int64 or y.ndim != 1 or y.min(initial=0) < 0 or y.max(initial=0) >= n_outputs:
            raise CannotJoin("labels that are not class numbers")
        return "cross_entropy" if type(criterion) is nn.CrossEntropyLoss else "log_probability"
    if type(criterion) is nn.MSELoss and y.dtype == np.float32 and y.shape == (len(y), n_outputs):
        return "mse"
    raise CannotJoin("another criterion")


# ---- weights -------------------------------------------------------------------------------------------------------


def _parameter_names(graph: Graph | nn.Module) -> list[str]:
    if isinstance(graph, Graph):
        return [name for name, _ in graph.parameters]
    return [name for name, p in graph.named_parameters() if p.requires_grad]


def _buffer_names(graph: Graph | nn.Module) -> list[str]:
    if isinstance(graph, Graph):
        return [name for name, _ in graph.buffers]
    return [name for name, b in graph.named_buffers() if b.is_floating_point()]


def read_module(module: nn.Module, graph: Graph | nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """Flat parameters and buffers of a module, in a graph's order."""
    tensors = dict(module.named_parameters()) | dict(module.named_buffers())
    parts = ([tensors[name].detach().cpu().numpy().ravel() for name in names] for names in (_parameter_names(graph), _buffer_names(graph)))
    parameters, buffers = (np.concatenate([np.zeros(0, np.float32), *part]) for part in parts)
    return parameters, buffers


def write_state(net: Any, state: State) -> None:
    """Put weights, buffers and optimizer state into a net."""
    module = net.module_
    graph, _ = _structure(module)
    tensors = dict(module.named_parameters()) | dict(module.named_buffers())
    with torch.no_grad():
        for names, vector in ((_parameter_names(graph), state.parameters), (_buffer_names(graph), state.buffers)):
            offset = 0
            for name in names:
                target = tensors[name]
                target.copy_(torch.from_numpy(vector[offset : offset + target.numel()]).view_as(target))
                offset += target.numel()
        for name, buffer in module.named_buffers():
            if name.endswith("num_batches_tracked"):
                buffer.fill_(state.step)
    if state.step:
        write_optimizer(net.optimizer_, module, _parameter_names(graph), state)


# ---- callbacks -----------------------------------------------------------------------------------------------------


class Live:
    """Tells a net's callbacks of each epoch while it trains, with the weights of that epoch in the net."""

    def __init__(self, net: Any, job: TrainingJob):
        self.net, self.job = net, job

    def on_epoch_end(self, record: EpochRecord, state: State) -> Reaction:
        """Put the epoch's weights into the net, and notify its callbacks."""
        net = self.net
        parameters, buffers = predicting(state)
        write_state(net, replace(state, parameters=parameters, buffers=buffers))
        try:
            tell(net, record, self.job, state)
        except KeyboardInterrupt:  # how skorch's callbacks end a training
            return Reaction(stop=True)
        lr = net.optimizer_.param_groups[0]["lr"]
        return Reaction(lr=lr)


def tell(net: Any, record: EpochRecord, job: TrainingJob, live: State | None) -> None:
    """Write an epoch into a net's history and notify its callbacks; afterwards (`live` is None), only those that report."""
    history = net.history
    if live is not None:
        pair = [None if rows is None else Subset(Dataset(rows.table.X, rows.table.y), _index(rows)) for rows in (job.train, job.validation)]
        datasets = dict(zip(("dataset_train", "dataset_valid"), pair, strict=True))
        net.notify("on_epoch_begin", **datasets)
    else:
        history.new_epoch()
        history.record("epoch", record.epoch)
    history.new_batch()
    history.record_batch("train_loss", record.train_loss)
    history.record_batch("train_batch_size", len(job.train))
    history.record("train_batch_count", job.steps)
    if record.valid_loss is not None and job.validation is not None:
        history.record_batch("valid_loss", record.valid_loss)
        history.record_batch("valid_batch_size", len(job.validation))
        history.record("valid_batch_count", 1)
        if live is not None:
            _serve_scoring(net, job.validation)
    if live is not None:
        net.notify("on_epoch_end", **datasets)
        return
    for _, callback in net.callbacks_:
        if isinstance(callback, EpochTimer):
            history.record("dur", record.duration)
        elif isinstance(callback, EpochScoring):
            if record.valid_acc is not None:
                callback._record_score(history, record.valid_acc)
        else:
            callback.on_epoch_end(net)


def _serve_scoring(net: Any, rows: Rows) -> None:
    """Hand the validation rows' predictions to the callbacks that score epochs by them."""
    scoring = [callback for _, callback in net.callbacks_ if isinstance(callback, EpochScoring)]
    if scoring:
        index = _index(rows)
        batch = torch.from_numpy(rows.table.X[index]), torch.from_numpy(rows.table.y[index])
        y_pred = net.evaluation_step(batch, training=False)
        for callback in scoring:
            callback.on_batch_end(net, batch=batch, y_pred=y_pred, training=False)


def _index(rows: Rows) -> Any:
    return np.arange(len(rows)) if rows.index is None else rows.index
