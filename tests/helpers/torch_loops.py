"""The plain loop in torch that a compiled training must agree with: same start, same
batches, torch's own optimizer in float64.
"""

import numpy as np
import torch
import torch.nn.functional as F

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.compiled import training
from sknet_hp.training.compiled.kernels.epochs import write_order
from sknet_hp.training.start import make_initial_state

LOSSES = {"cross_entropy": F.cross_entropy, "mse": F.mse_loss}


def train_compiled(job, cores=1, cancellation=None):
    return training.train_compiled(job, cancellation or Cancellation(), lambda: cores)


def draw_order(job, epoch):
    """Row numbers of an epoch, in the order in which they are trained on."""
    drawn = np.zeros(len(job.train), np.int32)
    index = 0 if job.train.index is None else np.ascontiguousarray(job.train.index, np.int64)
    write_order(n=len(drawn), seed=job.seed, epoch=epoch, shuffled=job.shuffle, index=index, order=drawn)
    return drawn


def make_module(job, **mlp):
    """A module in float64 with the weights that a job begins with."""
    module = MLP(
        job.train.table.X.width, job.n_outputs, **{"n_layers": 1, "width": 8, "activation": "tanh"} | mlp
    ).double()
    load_parameters(module, (job.start or make_initial_state(job)).parameters)
    return module


def load_parameters(module, vector):
    ends = np.cumsum([parameter.numel() for parameter in module.parameters()])
    for parameter, own in zip(module.parameters(), np.split(vector, ends[:-1]), strict=True):
        parameter.data = torch.tensor(own.reshape(parameter.shape), dtype=torch.float64)


def flatten_parameters(module):
    return np.concatenate([parameter.detach().numpy().ravel() for parameter in module.parameters()])


def compute_loss(job, module, rows, smoothing=0.0):
    """The weighted mean loss of some rows."""
    table = job.train.table
    X, y = torch.tensor(table.X.widen(rows), dtype=torch.float64), torch.from_numpy(table.y)[rows]
    weight = np.ones(len(table.X)) if table.weight is None else table.weight
    weight = torch.tensor(weight, dtype=torch.float64)[rows]
    own = {"label_smoothing": smoothing} if smoothing else {}
    each = LOSSES[job.loss](module(X), y if job.loss == "cross_entropy" else y.double(), reduction="none", **own)
    each = each if each.dim() == 1 else each.mean(1)
    return (each * weight).sum() / weight.sum()


def train_in_torch(job, module, optimizer, before_step=None, after_step=None, after_epoch=None):
    """Train the module; the mean losses of its epochs. Hooks are told epoch and step."""
    means = []
    for epoch in range(job.first_epoch, job.max_epochs):
        rows, total, counted = draw_order(job, epoch), 0.0, 0.0
        for step, begin in enumerate(range(0, len(rows), job.rows_per_step)):
            batch = rows[begin : begin + job.rows_per_step]
            if before_step is not None:
                before_step(epoch, step)
            loss = compute_loss(job, module, batch, job.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            if np.isfinite(job.rates.clip):
                torch.nn.utils.clip_grad_norm_(module.parameters(), job.rates.clip)
            optimizer.step()
            if after_step is not None:
                after_step(epoch, step)
            weight = len(batch) if job.train.table.weight is None else job.train.table.weight[batch].sum()
            total, counted = total + loss.item() * weight, counted + weight
        means.append(total / counted)
        if after_epoch is not None:
            after_epoch(epoch)
    return means
