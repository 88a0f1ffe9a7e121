"""Modules with something that is not known are not read as graphs."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.architectures.tracing import UnknownLayerError, trace
from tests.helpers.modules import ROWS, Residual, bind_modules


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


class Gated(nn.Module):
    """A sum of a wide and a narrow output, or of the input and a narrow one: torch
    repeats the narrow one.
    """

    def __init__(self, *, of_input, turned=False):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 6), nn.Linear(6, 1), nn.Linear(6, 2)
        self.of_input, self.turned = of_input, turned

    def forward(self, x):
        h = torch.relu(x + x if self.of_input else self.a(x))
        return self.c(self.b(h) + h if self.turned else h + self.b(h))


def with_bias(layer, *shape):
    layer.bias = nn.Parameter(torch.zeros(shape))
    return layer


UNKNOWN = {
    "different widths": lambda: Gated(of_input=False),
    "different widths ": lambda: Gated(of_input=False, turned=True),
    "different widths  ": lambda: Gated(of_input=True),
    "different widths   ": lambda: Gated(of_input=True, turned=True),
    "'1' (Linear) has parameters of unusual shapes": lambda: nn.Sequential(
        nn.Linear(6, 4), with_bias(nn.Linear(4, 2), 1)
    ),
    "'1' (Linear) has parameters of unusual shapes ": lambda: nn.Sequential(
        nn.Linear(6, 4), with_bias(nn.Linear(4, 2), 1, 2)
    ),
    "'1' (LayerNorm) has parameters of unusual shapes": lambda: nn.Sequential(
        nn.Linear(6, 4), with_bias(nn.LayerNorm(4), 1)
    ),
    "'1' (BatchNorm1d) has parameters of unusual shapes": lambda: nn.Sequential(
        nn.Linear(6, 4), with_bias(nn.BatchNorm1d(4), 3)
    ),
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


@pytest.mark.parametrize(
    ("named", "make"), [pytest.param(named.strip(), make, id=named) for named, make in UNKNOWN.items()]
)
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


@pytest.mark.parametrize(
    "activation", [nn.ReLU(inplace=True), nn.ELU(inplace=True), lambda h: F.relu(h, inplace=True), lambda h: h.relu_()]
)
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
        _, program, _ = bind_modules([module])
    except UnknownLayerError:
        return
    x = torch.randn(1, ROWS, 6)
    with torch.no_grad():
        torch.testing.assert_close(program.evaluate(x)[0], module(x[0]), rtol=1e-4, atol=1e-5)


def test_tracing_leaves_other_threads_alone():
    """torch.fx replaces `nn.Module.__call__` in the whole process while it traces: a
    prediction in another thread must not notice.
    """
    errors, done = [], threading.Event()

    def predict():
        module, x = (
            MLP(6, 3, n_layers=2, width=8, activation="relu", dropout=0.0, normalization="none"),
            torch.randn(32, 6),
        )
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
