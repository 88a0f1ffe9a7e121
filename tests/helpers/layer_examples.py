"""A module of every kind of layer."""

from torch import nn

from sknet_hp.nets.layers.modules import (
    BinEmbedding,
    CategoryEmbedding,
    EnsembleLinear,
    EnsembleOutput,
    FeatureScale,
    NTKLinear,
    ParametricActivation,
    PeriodicEmbedding,
)

WIDTH, CODES = 7, 6

EXAMPLES = {
    "linear": [lambda: nn.Linear(WIDTH, 5), lambda: nn.Linear(WIDTH, 1), lambda: nn.Linear(WIDTH, 16, bias=False)],
    "relu": [nn.ReLU],
    "leaky_relu": [nn.LeakyReLU, lambda: nn.LeakyReLU(0.3)],
    "elu": [nn.ELU, lambda: nn.ELU(0.5)],
    "selu": [nn.SELU],
    "gelu": [nn.GELU, lambda: nn.GELU(approximate="tanh")],
    "silu": [nn.SiLU],
    "mish": [nn.Mish],
    "tanh": [nn.Tanh],
    "sigmoid": [nn.Sigmoid],
    "softmax": [lambda: nn.Softmax(-1)],
    "log_softmax": [lambda: nn.LogSoftmax(1)],
    "dropout": [lambda: nn.Dropout(0.0)],  # what it drops is tested in nets/stacked/test_dropout.py
    "batch_norm": [lambda: nn.BatchNorm1d(WIDTH), lambda: nn.BatchNorm1d(WIDTH, eps=1e-2, momentum=0.3)],
    "layer_norm": [lambda: nn.LayerNorm(WIDTH), lambda: nn.LayerNorm(WIDTH, eps=1e-2)],
    "ntk_linear": [lambda: NTKLinear(WIDTH, 5)],
    "parametric": [lambda: ParametricActivation(nn.SELU(), WIDTH), lambda: ParametricActivation(nn.ReLU(), WIDTH)],
    "feature_scale": [lambda: FeatureScale(WIDTH)],
    "periodic": [
        lambda: PeriodicEmbedding(3, "plr", 4, 5),
        lambda: PeriodicEmbedding(3, "pbld", 4, 5),
        lambda: PeriodicEmbedding(WIDTH, "pbld", 2, 2),
    ],
    "bins": [lambda: BinEmbedding(2, 3, 2, 4), lambda: BinEmbedding(1, 1, 3, 2), lambda: BinEmbedding(1, 4, 3, 1)],
    "categories": [lambda: CategoryEmbedding(2, CODES, 3), lambda: CategoryEmbedding(WIDTH, CODES, 1)],
    "ensemble_linear": [
        lambda: EnsembleLinear(WIDTH, 5, 4),
        lambda: EnsembleLinear(WIDTH, 5, 4, first=True),
        lambda: EnsembleLinear(WIDTH, 3, 1),
    ],
    "ensemble_output": [lambda: EnsembleOutput(WIDTH, 3, 4), lambda: EnsembleOutput(WIDTH, 1, 1)],
}
"""By kind, what makes modules that take `WIDTH` columns; codes are below `CODES`. Every
kind that a module reads as is here: a new one is tested the moment it is registered.
"""
