"""Training jobs on made-up tables, and what of their results must be equal."""

from dataclasses import replace

import numpy as np

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.job import EncodedTable, Rows, TrainingJob

MLP_DEFAULTS = {"n_layers": 1, "width": 8, "activation": "tanh", "dropout": 0.0, "normalization": "none"}


def make_table(n=120, n_features=5, n_outputs=3, loss="cross_entropy", seed=0, weight=None):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, n_features)).astype(np.float32)
    if loss == "mse":
        y = (X @ rng.standard_normal((n_features, n_outputs)) + 0.1 * rng.standard_normal((n, n_outputs))).astype(
            np.float32
        )
    else:
        y = (X @ rng.standard_normal((n_features, n_outputs))).argmax(1).astype(np.int64)
    return EncodedTable(Inputs.from_wide(X), y, weight)


def make_job(
    n=120, n_valid=0, n_features=5, n_outputs=3, loss="cross_entropy", seed=0, table=None, graph=None, **changes
):
    """A job on a table of n + n_valid rows; changes go to the MLP or to the job."""
    mlp = MLP_DEFAULTS | {name: changes.pop(name) for name in MLP_DEFAULTS if name in changes}
    if table is None:
        table = make_table(n + n_valid, n_features, n_outputs, loss)
    rates = ()
    if graph is None:
        graph, rates = trace(MLP(table.X.width, n_outputs, **mlp))
    rows = np.arange(len(table.X))
    valid = Rows(table, rows[-n_valid:]) if n_valid else None
    train = Rows(table, rows[:-n_valid] if n_valid else None)
    defaults = {"batch_size": 32, "max_epochs": 3, "layer_rates": rates}
    return replace(TrainingJob(graph, n_outputs, seed, train, valid, loss), **(defaults | changes))


def is_same_result(a, b):
    """Equal bit for bit: state, history and what predicts."""
    for name in ("parameters", "buffers", "slots", "best_parameters", "best_buffers"):
        x, y = getattr(a.state, name), getattr(b.state, name)
        if (x is None) != (y is None) or (x is not None and not np.array_equal(x, y, equal_nan=True)):
            return False
    one, other = (None if result.state.average is None else vars(result.state.average) for result in (a, b))
    if (one is None) != (other is None) or (
        one is not None and not all(np.array_equal(one[name], other[name]) for name in one)
    ):
        return False
    for name in ("epoch", "step", "best_epoch", "best_loss", "finished"):
        if getattr(a.state, name) != getattr(b.state, name):
            return False
    return np.array_equal(list_losses(a), list_losses(b), equal_nan=True)


def is_close_result(a, b):
    """Equal within rounding, as a network is alone and in a stack."""
    for name in ("parameters", "buffers", "slots", "best_parameters", "best_buffers"):
        x, y = getattr(a.state, name), getattr(b.state, name)
        if (x is None) != (y is None) or (x is not None and not np.allclose(x, y, rtol=2e-3, atol=2e-4)):
            return False
    one, other = a.state.average, b.state.average
    if (one is None) != (other is None) or (
        one is not None and not np.allclose(one.parameters, other.parameters, rtol=2e-3, atol=2e-4)
    ):
        return False
    for name in ("epoch", "step", "best_epoch", "finished"):
        if getattr(a.state, name) != getattr(b.state, name):
            return False
    return np.allclose(list_losses(a)[:, :3], list_losses(b)[:, :3], rtol=1e-3, atol=1e-4, equal_nan=True)


def list_losses(result):
    rows = [[r.epoch, r.train_loss, r.valid_loss, r.valid_acc] for r in result.history]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 4)
