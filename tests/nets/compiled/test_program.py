"""Whole networks by their tapes against torch's autograd: every module and option, on
tables with every kind of cells.
"""

import numpy as np
import pytest
import torch
from torch import nn

from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.architectures.mlp import ACTIVATIONS, MLP, NORMALIZATIONS
from sknet_hp.nets.architectures.resnet import ResNet
from sknet_hp.nets.architectures.tabm import TabM
from tests.helpers.encoded_tables import draw_encoded_table
from tests.helpers.kernels import assert_close, draw_normal, has_same_bits
from tests.helpers.programs import Compiled, draw_weights, make_reference, widen

ALL = 50

TABLES = {
    "numbers": draw_encoded_table(ALL, n_floats=5),
    "one number": draw_encoded_table(ALL, n_floats=1),
    "bins": draw_encoded_table(ALL, n_floats=3, bins=(4, 4)),
    "categories": draw_encoded_table(ALL, n_floats=2, categories=(3, 5)),
    "nothing but categories": draw_encoded_table(ALL, categories=(3, 5)),
    "words": draw_encoded_table(ALL, words=9),
    "everything": draw_encoded_table(ALL, n_floats=3, bins=(4, 4), categories=(3, 5), words=9),
}
CODED = {
    "numbers and codes": draw_encoded_table(ALL, n_floats=3, codes=(4, 7)),
    "everything and codes": draw_encoded_table(ALL, n_floats=3, bins=(4, 4), categories=(3,), words=9, codes=(4, 7)),
}


def mlp(table, **options):
    return MLP(table.n_features, 3, **{"n_layers": 2, "width": 17} | options)


def resnet(table, **options):
    return ResNet(table.n_features, 5, **{"n_layers": 2, "width": 9} | options)


def tabm(table, **options):
    return TabM(table.n_features, 2, **{"n_layers": 2, "width": 9, "n_heads": 3} | options)


ARCHITECTURES = {"mlp": mlp, "resnet": resnet, "tabm": tabm}
CASES = [
    *[(f"mlp, {table}", mlp, table, {}) for table in TABLES],
    *[(f"resnet, {table}", resnet, table, {"dropout": 0.2, "residual_dropout": 0.1}) for table in TABLES],
    *[(f"tabm, {table}", tabm, table, {"dropout": 0.2}) for table in TABLES],
    *[(f"mlp, {name}", mlp, "numbers", {"activation": name, "dropout": 0.3}) for name in ACTIVATIONS],
    *[
        (f"mlp, parametric {name}", mlp, "bins", {"activation": name, "parametric_activation": True})
        for name in ("selu", "mish", "gelu", "none")
    ],
    *[
        (f"mlp, {name} normalisation", mlp, "everything", {"normalization": name, "dropout": 0.2, "activation": "silu"})
        for name in NORMALIZATIONS
    ],
    *[(f"resnet, {name} normalisation", resnet, "everything", {"normalization": name}) for name in NORMALIZATIONS],
    ("mlp, ntk", mlp, "everything", {"ntk": True, "activation": "tanh"}),
    ("mlp, no layers", mlp, "everything", {"n_layers": 0}),
    (
        "resnet, parametric",
        resnet,
        "numbers",
        {"parametric_activation": True, "activation": "tanh", "hidden_factor": 0.5},
    ),
    ("tabm, parametric", tabm, "words", {"parametric_activation": True, "activation": "elu"}),
    ("tabm, one head", tabm, "bins", {"n_heads": 1, "n_layers": 1}),
]


def front(table, **options):
    """Of a table whose columns begin with two numbers, and which has two columns of
    codes.
    """
    options = {
        "n_numeric": 2,
        "num_frequencies": 3,
        "first_bin": 3,
        "n_bins": 4,
        "n_codes": 2,
        "n_categories": 11,
        "cat_embedding_dim": 5,
    } | options
    return Front(**options) if table.codes.size else Front(**options | {"n_codes": 0})


FRONTS = {name: {"num_embedding": name, "num_embedding_dim": 3} for name in ("none", "plr", "pbld")}
FRONTS |= {"factors": {"feature_scale": True}, "dropout": {"input_dropout": 0.3}}
FRONTS |= {"pbld, factors, dropout": {"num_embedding": "pbld", "feature_scale": True, "input_dropout": 0.3}}
CASES += [
    (f"{name}, {kind}, {table}", make, table, {"front": front((TABLES | CODED)[table], **options)})
    for kind, options in FRONTS.items()
    for name, make in ARCHITECTURES.items()
    for table in ("numbers and codes", "everything and codes", "words")
    if name == "mlp" or table != "words"
]
CASES += [
    (
        f"{name}, embedded bins, {table}",
        make,
        table,
        {"front": front((TABLES | CODED)[table], num_embedding="bins", **options)},
    )
    for name, make in ARCHITECTURES.items()
    for table, options in (("bins", {}), ("everything and codes", {"feature_scale": True}))
]
every_case = pytest.mark.parametrize(
    ("make", "table", "options"), [pytest.param(*rest, id=name) for name, *rest in CASES]
)


class Skipping(nn.Module):
    """Layers in unusual places: something is added to the table itself, an activation
    follows a sum, a dropout nothing.
    """

    def __init__(self, width):
        super().__init__()
        self.norm, self.inner, self.last = nn.LayerNorm(width), nn.Linear(width, width, bias=False), nn.Linear(width, 1)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x):
        x = x + self.inner(self.norm(x))
        x = torch.relu(x)
        return self.last(self.dropout(x) + x)


ODD = {
    "skipping": Skipping,
    "activation first": lambda n: nn.Sequential(nn.Tanh(), nn.Linear(n, 3)),
    "dropout first and last": lambda n: nn.Sequential(nn.Dropout(0.2), nn.Linear(n, 3), nn.Dropout(0.4)),
    "normalised table": lambda n: nn.Sequential(nn.BatchNorm1d(n), nn.Linear(n, 3), nn.Softmax(-1)),
    "layers twice": lambda n: nn.Sequential(
        nn.Linear(n, 17), nn.LayerNorm(17), nn.BatchNorm1d(17), nn.GELU(approximate="tanh"), nn.Linear(17, 5)
    ),
    "dropout before activation": lambda n: nn.Sequential(
        nn.Linear(n, 17), nn.Dropout(0.3), nn.LeakyReLU(0.3), nn.Linear(17, 2), nn.LogSoftmax(-1)
    ),
    "nothing between": lambda n: nn.Sequential(
        nn.Linear(n, 4, bias=False), nn.Linear(4, 33), nn.Linear(33, 2, bias=False)
    ),
}


def check(module, table, rows, dense=False, tolerance=3e-5):
    """Compare outputs, gradients and running statistics of a batch."""
    compiled, module = Compiled(module, table, max(rows, 20), dense=dense), make_reference(module)
    batch = np.random.default_rng(rows).integers(0, ALL, rows)
    for _ in range(2):  # memory is used again in the next step, and running statistics go on
        out = compiled.forward(batch)
        expected = module.train()(widen(table, batch))
        assert_close(out, expected, tolerance)
        g = draw_normal(*out.shape, seed=3) / rows
        module.zero_grad()
        expected.backward(torch.tensor(g, dtype=torch.float64))
        gradients = compiled.backward(batch, g)
        assert set(gradients) == {name for name, _ in module.named_parameters()}
        for name, parameter in module.named_parameters():
            assert_close(gradients[name], parameter.grad, tolerance)
        for name, found in compiled.buffers().items():
            assert_close(found, dict(module.named_buffers())[name], tolerance)


@every_case
def test_training_step(make, table, options):
    table = (TABLES | CODED)[table]
    module = draw_weights(make(table, **options))
    # Over few rows normalisation makes much of roundings, and torch has none over one.
    has_batch_norm = any(isinstance(layer, nn.BatchNorm1d) for layer in module.modules())
    for rows in (17, 33) if has_batch_norm else (1, 3, 33):
        check(module, table, rows)


@every_case
def test_prediction(make, table, options):
    table = (TABLES | CODED)[table]
    module = draw_weights(make(table, **options))
    compiled = Compiled(module, table, 33, training=False)
    for rows in (33, 1):
        batch = np.random.default_rng(rows).integers(0, ALL, rows)
        assert_close(compiled.forward(batch), module.double().eval()(widen(table, batch)), 3e-5)


@pytest.mark.parametrize("table", ["numbers", "everything", "words"])
@pytest.mark.parametrize("name", list(ODD))
def test_odd_modules(name, table):
    check(draw_weights(ODD[name](TABLES[table].width)), TABLES[table], 17, tolerance=3e-4 if "twice" in name else 3e-5)


@every_case
def test_parts_do_not_show(make, table, options):
    """Threads that meet after each kernel; rows enough for each to have some."""
    table = (TABLES | CODED)[table]
    module = draw_weights(make(table, **options))
    batch = np.random.default_rng(0).integers(0, ALL, 85)
    found = []
    for parts in (1, 2, 3, 5):
        compiled = Compiled(module, table, 85, parts)
        out = compiled.forward(batch)
        found.append(
            [out, *compiled.backward(batch, draw_normal(*out.shape, seed=3)).values(), *compiled.buffers().values()]
        )
    for parts in found[1:]:
        assert all(has_same_bits(a, b) for a, b in zip(parts, found[0], strict=True))


@pytest.mark.parametrize(
    ("make", "options"), [(mlp, {}), (resnet, {}), (tabm, {"dropout": 0.2}), (mlp, {"normalization": "batch"})]
)
@pytest.mark.parametrize("table", list(TABLES))
def test_wide_rows(make, options, table):
    """For those who change inputs: the same network on rows that are written out."""
    check(draw_weights(make(TABLES[table], **options)), TABLES[table], 19, dense=True)


@pytest.mark.parametrize("embedding", ["plr", "pbld", "bins"])
def test_wide_rows_of_embeddings(embedding):
    table = TABLES["bins"]
    options = {"front": front(table, num_embedding=embedding, num_embedding_dim=4)}
    check(draw_weights(mlp(table, **options)), table, 19, dense=True)
