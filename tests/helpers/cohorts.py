"""Plain loops and jobs that tests of cohorts share."""

import numpy as np
import torch
import torch.nn.functional as F

from sknet_hp.training.rules.losses import LOSSES
from sknet_hp.training.stacked.batches import Epochs, Pool

CPU = torch.device("cpu")


def train_plainly(module, job, optimizer, epochs):
    """The same batches through torch's own modules, losses and optimizers; the mean
    losses of the epochs.
    """
    pool = Pool([job], LOSSES[job.loss](), CPU)
    X, y = torch.from_numpy(job.train.table.X.floats), torch.from_numpy(job.train.table.y)
    means = []
    for epoch in range(epochs):
        order, weight, _ = Epochs(pool, [job], CPU).draw([epoch])
        total = 0.0
        for s in range(job.steps):
            rows = order[s, 0][torch.from_numpy(weight[0, s] > 0)]
            outputs = module.train()(X[rows])
            if job.loss == "mse":
                loss = F.mse_loss(outputs, y[rows])
            else:
                loss = F.cross_entropy(outputs, y[rows], label_smoothing=job.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        means.append(total / len(job.train))
    return means


def flatten_parameters(module, names=None):
    tensors = dict(module.named_parameters())
    return np.concatenate([tensors[name].detach().numpy().ravel() for name in names or tensors])
