"""Reading modules as graphs, and running graphs as torch runs the modules."""

import pickle
import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sknet_hp.nets.graph import MODULES, UnknownLayerError, trace
from sknet_hp.nets.init import initial_buffers, initial_parameters
from sknet_hp.nets.mlp import ACTIVATIONS, MLP, NORMALIZATIONS
from sknet_hp.nets.program import STACKED, Program

MEMBERS, ROWS = 3, 32


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.a(x))
        x = torch.tanh(self.b(x)).sigmoid()
        return F.log_softmax(F.gelu(self.c(x)), dim=-1)


class EveryFunction(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in range(12))

    def forward(self, x):
        functions = [F.silu, F.mish, F.selu, F.elu, F.leaky_relu, torch.relu, torch.sigmoid, F.tanh, lambda h: h.relu()]
        functions += [lambda h: F.elu(h, 0.5), lambda h: F.leaky_relu(h, negative_slope=0.2), lambda h: F.gelu(h, approximate="tanh")]
        for layer, function in zip(self.layers, functions, strict=True):
            x = function(layer(x))
        return torch.softmax(x, 1)


class Residual(nn.Module):
    """Blocks with skip connections, one over two layers, one of a layer with itself, one from an activation that is used twice."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 3)
        self.block1 = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
        self.block2 = nn.Sequential(nn.Linear(8, 8), nn.Tanh())

    def forward(self, x):
        x = self.first(x)
        x = x + self.block1(x)
        x = x + x
        h = torch.relu(x)
        x = torch.add(h, self.block2(h))
        x = F.relu(x)
        return self.last(x)


class Shortcut(nn.Module):
    """A sum with the input itself, and a Linear read by two."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x):
        h = self.a(x)
        return self.c(x + h + torch.sigmoid(self.b(h)) + F.elu(h))


SEQUENTIALS = {
    "lone linear": lambda: nn.Linear(6, 3),
    "identities": lambda: nn.Sequential(nn.Identity(), nn.Linear(6, 4), nn.Identity(), nn.ReLU(), nn.Linear(4, 2), nn.Identity()),
    "softmax": lambda: nn.Sequential(nn.Linear(6, 4), nn.Mish(), nn.Linear(4, 3), nn.Softmax(dim=-1)),
    "log softmax": lambda: nn.Sequential(nn.Linear(6, 4), nn.ELU(), nn.Linear(4, 3), nn.LogSoftmax(dim=1)),
    "normalised input": lambda: nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 5), nn.SELU(), nn.BatchNorm1d(5), nn.Linear(5, 2)),
    "activated input": lambda: nn.Sequential(nn.Tanh(), nn.Linear(6, 5), nn.GELU(), nn.LayerNorm(5), nn.Linear(5, 2)),
    "activation last": lambda: nn.Sequential(nn.Linear(6, 5, bias=False), nn.SiLU(), nn.Linear(5, 1), nn.Sigmoid()),
    "two activations": lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Sigmoid(), nn.Tanh(), nn.LeakyReLU(), nn.Linear(5, 2)),
    "no dropout to speak of": lambda: nn.Sequential(
        nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.0), nn.Sigmoid(), nn.Dropout(0.0), nn.Tanh(), nn.Linear(5, 2)
    ),
    "dropout of dropout": lambda: nn.Sequential(
        nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.0), nn.Dropout(0.0), nn.ELU(), nn.Dropout(0.0), nn.Sigmoid(), nn.Linear(5, 2)
    ),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Linear(6, 4), nn.ReLU()), nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Tanh()))),
}
MLPS = {
    f"mlp {activation} {normalization}": lambda a=activation, n=normalization: MLP(
        6, 3, n_layers=2, width=8, activation=a, dropout=0.0, normalization=n
    )
    for activation in ACTIVATIONS
    for normalization in NORMALIZATIONS
}
NETWORKS = {**SEQUENTIALS, **MLPS, "functional": Functional, "every function": EveryFunction, "residual": Residual, "shortcut": Shortcut}


def bound(modules):
    """The program of a stack of modules of one graph, and its gradients and buffers by name."""
    graph, rates = trace(modules[0])
    assert all(trace(m)[0] == graph for m in modules[1:])
    states = [dict(m.state_dict()) for m in modules]
    parameters = {name: torch.stack([s[name] for s in states]) for name, _ in graph.parameters}
    buffers = {name: torch.stack([s[name] for s in states]).float() for name, _ in graph.buffers}
    gradients = {name: torch.zeros_like(p) for name, p in parameters.items()}
    program = Program(graph, parameters, gradients, buffers, torch.tensor([rates] * len(modules)).view(len(modules), -1))
    return program, gradients, buffers


def run(program, x, g, n_keys=0):
    weight = torch.full(x.shape[:2], 1 / x.shape[1])
    with torch.no_grad():
        out = program.forward(x, weight, torch.zeros(len(x), max(n_keys, len(program.dropouts)), dtype=torch.int64)).clone()
        program.backward(g.clone())
    return out


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in NETWORKS.items()])
def test_program_equals_autograd(make):
    torch.manual_seed(0)
    modules = [make() for _ in range(MEMBERS)]
    program, gradients, buffers = bound(modules)
    for _ in range(2):
        x = torch.randn(MEMBERS, ROWS, 6)
        expected = [m.train()(x[k]) for k, m in enumerate(modules)]
        g = torch.randn(MEMBERS, *expected[0].shape)
        out = run(program, x, g)
        for k, module in enumerate(modules):
            module.zero_grad()
            expected[k].backward(g[k])
            torch.testing.assert_close(out[k], expected[k].detach(), rtol=1e-4, atol=1e-5)
            for name, p in module.named_parameters():
                torch.testing.assert_close(gradients[name][k], p.grad, rtol=1e-4, atol=2e-5, msg=lambda m, name=name: f"{name}: {m}")
            for name, buffer in module.named_buffers():
                if name in buffers:
                    torch.testing.assert_close(buffers[name][k], buffer, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        predicted = program.evaluate(x)
        for k, module in enumerate(modules):
            torch.testing.assert_close(predicted[k], module.eval()(x[k]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in NETWORKS.items()])
def test_program_does_not_touch_its_input(make):
    torch.manual_seed(0)
    program, _, _ = bound([make()])
    x = torch.randn(1, ROWS, 6)
    before = x.clone()
    out = run(program, x, torch.zeros(1, ROWS, 1).expand(1, ROWS, make()(x[0]).shape[-1]))
    assert torch.equal(x, before)
    assert torch.isfinite(out).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("second", ["relu", "sigmoid", "tanh"])
def test_dropout_between_activations(activation, second):
    """Dropout overwrites where it may: the derivatives of its neighbours must not notice. Checked against torch with the same mask."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 8), ACTIVATIONS[activation](), nn.Dropout(0.5), ACTIVATIONS[second](), nn.Linear(8, 3))
    program, gradients, _ = bound([module])
    x, g = torch.randn(1, ROWS, 6), torch.randn(1, ROWS, 3)
    out = run(program, x, g)
    mask = program.dropouts[0].mask.view(ROWS, 8)
    hidden = module[3](module[1](module[0](x[0])) * mask)
    expected = module[4](hidden)
    expected.backward(g[0])
    torch.testing.assert_close(out[0], expected.detach(), rtol=1e-4, atol=1e-5)
    for name, p in module.named_parameters():
        torch.testing.assert_close(gradients[name][0], p.grad, rtol=1e-4, atol=1e-5)


# ---- what a graph is -----------------------------------------------------------------------------------------------


def test_graph_of_an_mlp():
    graph, rates = trace(MLP(6, 3, n_layers=2, width=8, activation="relu", dropout=0.3, normalization="batch"))
    assert [n.kind for n in graph.nodes] == ["linear", "batch_norm", "relu", "dropout"] * 2 + ["linear"]
    assert rates == (1e-5, 0.1, 0.3) * 2
    assert graph.n_parameters == (6 * 8 + 8) + (8 * 8 + 8) + 2 * 16 + 8 * 3 + 3
    assert graph.parameters[0] == ("layers.0.weight", (8, 6))
    assert [name.split(".")[-1] for name, _ in graph.buffers] == ["running_mean", "running_var"] * 2


def test_graphs_are_equal_whatever_the_weights_and_rates():
    def graph(**changes):
        parameters = {"n_layers": 1, "width": 8, "activation": "relu", "dropout": 0.3, "normalization": "none"} | changes
        return trace(MLP(6, 3, **parameters))[0]

    assert graph() == graph()
    assert hash(graph()) == hash(graph(dropout=0.7))
    assert graph() == graph(dropout=0.7)
    assert pickle.loads(pickle.dumps(graph())) == graph()
    for change in ({"width": 9}, {"n_layers": 2}, {"activation": "tanh"}, {"normalization": "layer"}, {"dropout": 0.0}):
        assert graph() != graph(**change), change


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (nn.LeakyReLU(0.1), nn.LeakyReLU(0.2)),
        (nn.ELU(1.0), nn.ELU(0.5)),
        (nn.GELU(), nn.GELU(approximate="tanh")),
        (nn.Linear(4, 4), nn.Linear(4, 4, bias=False)),
    ],
)
def test_graphs_differ_where_layers_do(one, other):
    assert trace(nn.Sequential(one, nn.Linear(4, 2)))[0] != trace(nn.Sequential(other, nn.Linear(4, 2)))[0]


def test_lone_linear_keeps_its_names():
    graph, rates = trace(nn.Linear(4, 2))
    assert graph.parameters == [("weight", (2, 4)), ("bias", (2,))]
    assert rates == ()


def test_every_module_that_is_read_has_a_layer():
    assert {reading.kind for reading in MODULES.values()} - {"identity"} == set(STACKED)


def test_initial_parameters_follow_from_the_seed():
    graph, _ = trace(MLP(50, 3, n_layers=1, width=40, activation="relu", dropout=0.0, normalization="batch"))
    torch.manual_seed(0)
    state = torch.get_rng_state()
    one, again, other = (initial_parameters(graph, seed) for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), state)
    assert set(one) == {name for name, _ in graph.parameters}
    for name, shape in graph.parameters:
        assert one[name].shape == shape
        assert torch.equal(one[name], again[name])
    first = one["layers.0.weight"]
    assert not torch.equal(first, other["layers.0.weight"])
    assert first.abs().max() <= 50**-0.5
    np.testing.assert_allclose(first.std(), 50**-0.5 / 3**0.5, rtol=0.05)
    assert torch.equal(one["layers.1.weight"], torch.ones(40))
    assert not one["layers.1.bias"].any()
    buffers = initial_buffers(graph)
    assert torch.equal(buffers["layers.1.running_var"], torch.ones(40))
    assert not buffers["layers.1.running_mean"].any()


# ---- what cannot be vouched for ------------------------------------------------------------------------------------


class Subclassed(nn.Linear):
    def forward(self, x):
        return super().forward(x) * 2


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 6)

    def forward(self, x):
        return self.a(F.relu(self.a(x)))


class TiedUnderTwoNames(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 6)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.b(F.relu(self.a(x)))


class LooksAtItsBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 2)

    def forward(self, x):
        return self.a(x - x.mean(0))


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 2)

    def forward(self, x):
        return self.a(x) if x.sum() > 0 else F.relu(self.a(x))


class OtherInTraining(nn.Module):
    """Logits in training, probabilities in prediction: a common habit."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 2)

    def forward(self, x):
        x = self.a(x)
        return x if self.training else torch.softmax(x, -1)


class OwnParameter(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.scale = nn.Linear(6, 2), nn.Parameter(torch.ones(2))

    def forward(self, x):
        return self.a(x) * self.scale


class Constant(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 2)

    def forward(self, x):
        return self.a(x) + 1.0


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 2)

    def forward(self, x, z):
        return self.a(x) + z


class TwoOutputs(Constant):
    def forward(self, x):
        x = self.a(x)
        return x, F.relu(x)


class With(nn.Module):
    """One Linear and some function of its output."""

    def __init__(self, function):
        super().__init__()
        self.a, self.function = nn.Linear(6, 2), function

    def forward(self, x):
        return self.function(self.a(x))


def hooked(which, where="layer"):
    module = nn.Sequential(nn.Linear(6, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU()), nn.Linear(4, 2))
    target = {"layer": module[0], "container": module[1], "root": module}[where]
    hooks = {
        "forward": lambda: target.register_forward_hook(lambda m, args, out: None),
        "forward_pre": lambda: target.register_forward_pre_hook(lambda m, args: None),
        "backward": lambda: target.register_full_backward_hook(lambda m, g, h: None),
        "backward_pre": lambda: target.register_full_backward_pre_hook(lambda m, g: None),
        "parameter": lambda: next(target.parameters()).register_hook(lambda g: 2 * g),
    }
    hooks[which]()
    return module


def frozen():
    module = nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 2))
    module[1].weight.requires_grad_(False)
    return module


UNKNOWN = {
    "Conv1d": lambda: nn.Sequential(nn.Conv1d(6, 2, 1)),
    "Subclassed": lambda: nn.Sequential(nn.Linear(6, 4), Subclassed(4, 2)),
    "'a.weight' is used more than once": Shared,
    "'0' (Linear) has hooks": lambda: hooked("forward"),
    "'0' (Linear) has hooks ": lambda: hooked("forward_pre"),
    "'0' (Linear) has hooks  ": lambda: hooked("backward"),
    "'0' (Linear) has hooks   ": lambda: hooked("backward_pre"),
    "frozen": frozen,
    "'1' (BatchNorm1d)": lambda: nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4, track_running_stats=False)),
    "'1' (BatchNorm1d) ": lambda: nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4, affine=False)),
    "'1' (BatchNorm1d)  ": lambda: nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4, momentum=None)),
    "'1' (LayerNorm)": lambda: nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4, elementwise_affine=False)),
    "'1' (Softmax)": lambda: nn.Sequential(nn.Linear(6, 4), nn.Softmax(0)),
    "'1' (LeakyReLU)": lambda: nn.Sequential(nn.Linear(6, 4), nn.LeakyReLU(-0.1)),
    "'1' (PReLU)": lambda: nn.Sequential(nn.Linear(6, 4), nn.PReLU()),
    "not float32": lambda: nn.Sequential(nn.Linear(6, 4).double()),
    "mean": LooksAtItsBatch,
    "cannot be traced": Branches,
    "scale": OwnParameter,
    "addition of something else": Constant,
    "second input, 'z'": TwoInputs,
    "its output is not that of one last layer": TwoOutputs,
    "softmax": lambda: With(lambda h: F.softmax(h, 0)),
    "dropout": lambda: With(lambda h: F.dropout(h, 0.5)),
    "cat": lambda: With(lambda h: torch.cat([h, h], 1)),
    "elu ": lambda: With(lambda h: F.elu(h, alpha=0.0)),
    "elu  ": lambda: With(lambda h: F.elu(h, alpha=-1.0)),
    "leaky_relu": lambda: With(lambda h: F.leaky_relu(h, negative_slope=0.0)),
    "addition": lambda: With(lambda h: torch.add(h, h, alpha=0)),
    "addition ": lambda: With(lambda h: torch.add(h, h, alpha=2)),
    "": lambda: nn.Identity(),
}


@pytest.mark.parametrize(("named", "make"), [pytest.param(named.strip(), make, id=named) for named, make in UNKNOWN.items()])
def test_unknown_layers_are_named(named, make):
    with pytest.raises(UnknownLayerError) as caught:
        trace(make())
    assert named in str(caught.value)


@pytest.mark.parametrize("where", ["container", "root"])
@pytest.mark.parametrize("which", ["forward", "forward_pre", "backward", "backward_pre"])
def test_hooks_on_containers_are_seen(which, where):
    with pytest.raises(UnknownLayerError, match="hooks"):
        trace(hooked(which, where))


def test_hooks_on_parameters_are_seen():
    with pytest.raises(UnknownLayerError, match="hooks"):
        trace(hooked("parameter"))


def test_tied_weights_under_two_names_are_seen():
    with pytest.raises(UnknownLayerError, match="more than once"):
        trace(TiedUnderTwoNames())


def test_behaviour_that_differs_in_training_is_seen():
    with pytest.raises(UnknownLayerError):
        trace(OtherInTraining())


@pytest.mark.parametrize("activation", [nn.ReLU(inplace=True), nn.ELU(inplace=True), lambda h: F.relu(h, inplace=True), lambda h: h.relu_()])
def test_writing_in_place_over_what_is_read_again(activation):
    """`h + relu_(h)` is 2 relu(h) in torch: either we compute that, or we refuse."""

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.act = nn.Linear(6, 2), activation

        def forward(self, x):
            h = self.a(x)
            return h + self.act(h)

    module = Twice()
    try:
        program, _, _ = bound([module])
    except UnknownLayerError:
        return
    x = torch.randn(1, ROWS, 6)
    with torch.no_grad():
        torch.testing.assert_close(program.evaluate(x)[0], module(x[0]), rtol=1e-4, atol=1e-5)


def test_tracing_leaves_other_threads_alone():
    """torch.fx replaces `nn.Module.__call__` in the whole process while it traces: a prediction in another thread must not notice."""
    errors, done = [], threading.Event()

    def predict():
        module, x = MLP(6, 3, n_layers=2, width=8, activation="relu", dropout=0.0, normalization="none"), torch.randn(32, 6)
        expected = module(x)
        while not done.is_set():
            try:
                assert torch.equal(module(x), expected)
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=predict)
    thread.start()
    for _ in range(50):
        trace(Residual())
    done.set()
    thread.join()
    assert not errors, errors[0]
