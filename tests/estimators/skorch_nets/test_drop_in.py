"""The drop-in nets beside skorch's own: the same script, the same numbers."""

import copy
import pickle
from contextlib import nullcontext

import numpy as np
import pytest
import skorch
import torch
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    Initializer,
    LoadInitState,
    LRScheduler,
    Unfreezer,
)
from torch import nn

import sknet_hp
import sknet_hp.skorch as ours
from sknet_hp.training.compiled.training import Training

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


def classifier(kind, module=Perceptron, **changes):
    parameters = {"max_epochs": 3, "lr": 0.05, "batch_size": 32, "verbose": 0, "criterion": nn.CrossEntropyLoss}
    return kind.NeuralNetClassifier(module, **parameters | changes)


def regressor(kind, **changes):
    return kind.NeuralNetRegressor(
        Perceptron, **{"module__n_outputs": 1, "max_epochs": 3, "lr": 0.05, "verbose": 0} | changes
    )


def numbers(net):
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


# ---- what callbacks see, and what they change ----------------------------------------------------------------------


class Log(Callback):
    """Notes what is true in the net when it is called."""

    def initialize(self):
        self.events = []
        return self

    def note(self, event, net, **data):
        memory = [slots["exp_avg"].abs().sum().item() for slots in net.optimizer_.state.values()]
        weights = [p.detach().abs().sum().item() for p in net.module_.parameters()]
        lengths = {name: None if each is None else len(each) for name, each in data.items()}
        state = {
            "lr": net.optimizer_.param_groups[0]["lr"],
            "training": net.module_.training,
            "gradients": torch.is_grad_enabled(),
        }
        self.events.append([event, weights, memory, lengths, state, numbers(net)[2]])

    def on_train_begin(self, net, **data):
        self.note("train begin", net, **data)

    def on_epoch_begin(self, net, **data):
        self.note("epoch begin", net, **data)

    def on_epoch_end(self, net, **data):
        self.note("epoch end", net, **data)

    def on_train_end(self, net, **data):
        self.note("train end", net, **data)


@pytest.mark.parametrize("changes", [{}, {"train_split": None}])
def test_callbacks_see_what_is_true(changes):
    def script(kind):
        net = classifier(
            kind,
            optimizer=torch.optim.AdamW,
            lr=0.01,
            callbacks=[("log", Log()), ("lr", LRScheduler("StepLR", step_size=1))],
            **changes,
        )
        return dict(net.fit(X, y).callbacks_)["log"].events

    assert_as_skorch(script)


def test_the_timer_times_the_training():
    """Epochs began, for callbacks, when they were over."""

    class Slow(Callback):
        seen = ()

        def on_epoch_begin(self, net, **kwargs):
            self.seen += (net.module_.hidden.weight.detach().clone(),)

        def on_epoch_end(self, net, **kwargs):
            self.seen += (net.module_.hidden.weight.detach().clone(),)

    slow = Slow()
    classifier(ours, callbacks=[slow]).fit(X, y)
    begin, end, again, *_ = slow.seen
    assert not torch.equal(begin, end)
    assert torch.equal(end, again)


class Change(Callback):
    """Does something to the net at one event."""

    def __init__(self, event, what):
        self.event, self.what = event, what

    def on_epoch_begin(self, net, **kwargs):
        if self.event == "begin":
            self.what(net)

    def on_epoch_end(self, net, **kwargs):
        if self.event == "end":
            self.what(net)


def clamp(net):
    with torch.no_grad():
        for p in net.module_.parameters():
            p.clamp_(-0.1, 0.1)


def other_rates(net):
    net.set_params(lr=0.1 / len(net.history), optimizer__weight_decay=0.5, optimizer__momentum=0.5)


def forget(net):
    net.optimizer_.state.clear()


def reset_statistics(net):
    net.module_.norm.reset_running_stats()


def interrupt_second(net):
    if len(net.history) == 2:
        raise KeyboardInterrupt


def gradients(net):
    net.get_loss(net.infer(torch.from_numpy(X[:9])), torch.from_numpy(y[:9])).backward()


@pytest.mark.parametrize("event", ["begin", "end"])
@pytest.mark.parametrize("what", [clamp, other_rates, forget, reset_statistics, interrupt_second, gradients])
def test_callbacks_may_change_the_net(event, what):
    def script(kind):
        left = numbers(classifier(kind, optimizer__momentum=0.9, callbacks=[Change(event, what)]).fit(X, y))
        left[0].pop("norm.num_batches_tracked")  # torch's count is reset with the statistics
        left[1] = {key: memory for key, memory in left[1].items() if memory.any()}  # a memory of nothing is none
        return left

    assert_as_skorch(script)


CALLBACKS = {
    "freezer": lambda: [("a", Freezer("hidden.*"))],
    "freezer later": lambda: [("a", Freezer("hidden.*", at=2))],
    "unfreezer": lambda: [("a", Freezer(["hidden.*", "norm.*"])), ("b", Unfreezer("*", at=3))],
    "initializer": lambda: [("a", Initializer("out.*", fn=lambda p: nn.init.constant_(p, 0.1)))],
    "cyclic with momentum": lambda: [("a", LRScheduler("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=2))],
    "plateau": lambda: [("a", LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=0, threshold=10))],
    "early stopping": lambda: [("a", EarlyStopping("valid_acc", lower_is_better=False, patience=1, load_best=True))],
    "roc auc": lambda: [("a", EpochScoring("roc_auc", lower_is_better=False))],
    "train acc": lambda: [("a", EpochScoring("accuracy", lower_is_better=False, on_train=True, name="acc"))],
    "train acc afresh": lambda: [
        ("a", EpochScoring("accuracy", lower_is_better=False, on_train=True, name="acc", use_caching=False))
    ],
}


@pytest.mark.parametrize("which", CALLBACKS)
def test_callbacks_of_skorchs(which):
    assert_as_skorch(
        lambda kind: numbers(
            classifier(kind, max_epochs=4, optimizer__momentum=0.9, callbacks=CALLBACKS[which]()).fit(X, y)
        )
    )


def test_what_the_engine_can_not_follow_is_refused():
    def freeze(net):
        net.module_.hidden.weight.requires_grad_(False)

    with pytest.raises(ValueError, match=r"changed requires_grad of parameters.*skorch's Freezer"):
        classifier(ours, callbacks=[Change("end", freeze)]).fit(X, y)

    def another_optimizer(net):
        net.optimizer_ = torch.optim.Adam(net.module_.parameters())

    with pytest.raises(ValueError, match="replaced the module or the optimizer"):
        classifier(ours, callbacks=[Change("begin", another_optimizer)]).fit(X, y)


def test_checkpoints(tmp_path):
    def script(kind):
        place = tmp_path / kind.__name__
        checkpoint = Checkpoint(monitor="valid_loss_best", dirname=str(place), load_best=True)
        net = classifier(kind, optimizer__momentum=0.9, lr=0.3, max_epochs=8, callbacks=[checkpoint]).fit(X, y)
        again = classifier(kind, optimizer__momentum=0.9, callbacks=[LoadInitState(checkpoint)]).fit(X, y)
        return [numbers(net), numbers(again)]

    assert_as_skorch(script)


# ---- nets that score, or act, in their own way ---------------------------------------------------------------------


def inverted(outputs):
    return torch.softmax(-outputs, -1)


@pytest.mark.parametrize(
    "changes",
    [
        {"predict_nonlinearity": inverted},
        {"criterion__weight": torch.tensor([1.0, 5.0])},
        {"iterator_valid__drop_last": True},
        {"criterion": nn.CrossEntropyLoss(label_smoothing=0.3)},
        {"criterion": nn.CrossEntropyLoss(ignore_index=1)},
        {"criterion": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0]))},
    ],
)
def test_settings(changes):
    assert_as_skorch(lambda kind: numbers(classifier(kind, **changes).fit(X, y)))


def test_weights_of_classes_in_company(bundles):
    """Their accuracy is not weighted; they train in stacks all the same."""
    module = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))

    def fit(kind, lr):
        net = classifier(kind, copy.deepcopy(module), lr=lr, criterion__weight=torch.tensor([1.0, 5.0])).fit(X, y)
        return [
            numbers(net)[0],
            net.history[:, "valid_acc"],
        ]  # losses are means by weight, in skorch means of the batches'

    with sknet_hp.fused(n_jobs=1):
        together = Parallel()(delayed(fit)(ours, lr) for lr in (0.01, 0.05))
    assert sum(bundles) == 2
    assert_same(together, [fit(skorch, lr) for lr in (0.01, 0.05)])


def test_silent_nets_keep_their_own_methods():
    """Told of epochs when training had ended, a net's own hooks were left out."""

    def script(kind):
        class Own(kind.NeuralNetClassifier):
            epochs = 0

            def on_epoch_end(self, net, **kwargs):
                self.epochs += 1
                return super().on_epoch_end(net, **kwargs)

            def predict(self, X):
                return 1 - super().predict(X)

        net = Own(Perceptron, criterion=nn.CrossEntropyLoss, max_epochs=3, lr=0.05, verbose=0).fit(X, y)
        return [net.epochs, numbers(net)]

    assert_as_skorch(script)


@pytest.mark.parametrize(
    "changes",
    [{"criterion__weight": torch.tensor([2.0])}, {"criterion": nn.BCEWithLogitsLoss(weight=torch.tensor([2.0]))}],
)
def test_weights_of_other_criteria(changes):
    """They were taken for weights of classes: an IndexError."""
    parameters = {"criterion": nn.BCEWithLogitsLoss, **changes}
    assert_as_skorch(lambda kind: numbers(regressor(kind, **parameters).fit(X, (X[:, :1] > 0).astype(np.float32))))


def test_weights_of_too_few_classes():
    with pytest.raises(RuntimeError, match="weight tensor should be defined"):
        classifier(ours, module__n_outputs=3, criterion__weight=torch.tensor([1.0, 2.0])).fit(X, y)


def test_divergence_warns():
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch 1.*lr=1e\+30"):
        net = classifier(ours, lr=1e30).fit(X, y)
    assert all(torch.isfinite(p).all() for p in net.module_.parameters())


@pytest.mark.parametrize("verbose", [0, 1])
def test_interrupted(verbose, monkeypatch, capsys):
    """skorch returns the net as it then is, without a word; a silent net of ours has no
    epochs to show yet.
    """
    original, calls = Training._run, []

    def interrupted(training, until):
        calls.append(None)
        if not verbose or len(calls) == 3:
            raise KeyboardInterrupt
        return original(training, until)

    monkeypatch.setattr(Training, "_run", interrupted)
    with (
        nullcontext()
        if verbose
        else pytest.warns(UserWarning, match="a silent net was interrupted, and is as it was before")
    ):
        net = classifier(ours, verbose=verbose).fit(X, y)
    assert int(net.module_.norm.num_batches_tracked) == (16 if verbose else 0)


# ---- from one fit to the next --------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"optimizer__momentum": 0.9}, {"optimizer": torch.optim.RAdam, "lr": 0.01}])
@pytest.mark.parametrize("between", ["", "pickle", "deepcopy", "save", "set_params", "warm_start"])
def test_trained_on(settings, between, tmp_path):
    def script(kind):
        net = classifier(kind, **settings).fit(X, y)
        if between == "pickle":
            net = pickle.loads(pickle.dumps(net))
        elif between == "deepcopy":
            net = copy.deepcopy(net)
        elif between == "save":
            files = {f"f_{name}": str(tmp_path / name) for name in ("params", "optimizer", "history")}
            net.save_params(**files)
            net = classifier(kind, **settings).initialize()
            net.load_params(**files)
        elif between == "set_params":
            net.set_params(lr=0.02, batch_size=16, optimizer__weight_decay=0.1)
        elif between == "warm_start":
            return numbers(net.set_params(warm_start=True).fit(X, y))
        return numbers(net.partial_fit(X, y))

    assert_as_skorch(script)


def test_counts_of_a_pretrained_module_go_on():
    module = Perceptron()
    module.norm.num_batches_tracked += 100
    assert int(classifier(ours, module).fit(X, y).module_.norm.num_batches_tracked) == 124


class Counting(nn.Module):
    """Its integers matter: outputs grow with the rows it has seen."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.out = nn.Linear(5, 2)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        if self.training:
            self.seen += len(x)
        return self.out(x) * torch.sigmoid(self.seen / 100)


class HalfFrozen(Perceptron):
    """As in fine-tuning: its statistics stay as they are in training too."""

    def train(self, mode=True):
        super().train(mode)
        self.norm.eval()
        return self


class Cumulative(Perceptron):
    def __init__(self):
        super().__init__(momentum=None)


@pytest.mark.filterwarnings("ignore:.*train through torch")
@pytest.mark.parametrize("module", [Counting, HalfFrozen, Cumulative])
def test_modules_with_a_state_of_their_own(module):
    def script(kind):
        left = numbers(classifier(kind, module).fit(X, y).partial_fit(X, y))
        if module is HalfFrozen:
            left[0].pop("norm.num_batches_tracked")  # counts nothing there
        return left

    assert_as_skorch(script)


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
def test_a_module_that_can_not_be_copied():
    def script(kind):
        torch.manual_seed(0)
        module = nn.Sequential(nn.utils.weight_norm(nn.Linear(5, 8)), nn.ReLU(), nn.Linear(8, 2))
        return numbers(classifier(kind, module).fit(X, y))

    assert_as_skorch(script)


def test_rows_in_reverse():
    """As views, whose strides are negative."""
    views, copies = (
        classifier(sknet_hp.skorch).fit(*data) for data in ((X[::-1], y[::-1]), (X[::-1].copy(), y[::-1].copy()))
    )
    assert_same(numbers(views), numbers(copies))


def test_no_random_numbers_are_drawn_twice():
    """A net that takes skorch's own loop split its rows a second time, by other random
    numbers.
    """

    def script(kind):
        np.random.seed(0)  # noqa: NPY002  (what skorch's split draws from)
        return numbers(
            classifier(kind, train_split=skorch.dataset.ValidSplit(0.3), criterion__label_smoothing=0.1).fit(X, y)
        )

    assert_as_skorch(script)


def test_more_epochs_of_skorchs_own_loop_do_not_repeat_the_same_numbers():
    orders = []

    class Watch(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            if training:
                orders.append(batch[0][:, 0].tolist())

    net = classifier(
        ours, max_epochs=1, batch_size=-1, iterator_train__shuffle=True, random_state=0, callbacks=[Watch()]
    ).fit(X, y)
    net.partial_fit(X, y)
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]
