"""Scripts that are run with skorch's nets and with ours, and what is left of them."""

import numpy as np
import skorch
import torch
from torch import nn

import sknet_hp.skorch as ours

generator = np.random.default_rng(0)
X = generator.normal(size=(300, 5)).astype(np.float32)
y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(np.int64)


class Perceptron(nn.Module):
    def __init__(self, n_outputs=2, momentum=0.1):
        super().__init__()
        torch.manual_seed(0)
        self.hidden, self.norm, self.out = (
            nn.Linear(5, 8, bias=False),
            nn.BatchNorm1d(8, momentum=momentum),
            nn.Linear(8, n_outputs),
        )

    def forward(self, x):
        return self.out(torch.relu(self.norm(self.hidden(x))))


def make_classifier(kind, module=Perceptron, **changes):
    parameters = {"max_epochs": 3, "lr": 0.05, "batch_size": 32, "verbose": 0, "criterion": nn.CrossEntropyLoss}
    return kind.NeuralNetClassifier(module, **parameters | changes)


def make_regressor(kind, **changes):
    return kind.NeuralNetRegressor(
        Perceptron, **{"module__n_outputs": 1, "max_epochs": 3, "lr": 0.05, "verbose": 0} | changes
    )


def read_numbers(net):
    """What is left of a training: weights and buffers, the optimizer's memory, the
    history.
    """
    memory = net.optimizer_.state_dict()["state"]
    rows = [{k: v for k, v in row.items() if k not in ("batches", "dur", "valid_batch_count")} for row in net.history]
    tensors = {k: v.numpy().copy() for k, v in net.module_.state_dict().items()}
    return [
        tensors,
        {(i, k): np.asarray(v) for i, slots in memory.items() for k, v in slots.items() if v is not None},
        rows,
    ]


def assert_same(actual, expected):
    assert type(actual) is type(expected)
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for key in expected:
            assert_same(actual[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, (float, np.ndarray)):
        np.testing.assert_allclose(actual, expected, rtol=2e-3, atol=2e-3)
    else:
        assert actual == expected


def assert_as_skorch(script):
    assert_same(script(ours), script(skorch))
