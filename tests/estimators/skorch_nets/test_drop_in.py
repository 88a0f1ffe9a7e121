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
)
from torch import nn

import sknet_hp
import sknet_hp.skorch as ours
from sknet_hp.training.compiled.training import Training
from tests.helpers.skorch_scripts import (
    Perceptron,
    X,
    assert_as_skorch,
    assert_same,
    make_classifier,
    make_regressor,
    read_numbers,
    y,
)

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
    assert_as_skorch(lambda kind: read_numbers(make_classifier(kind, **changes).fit(X, y)))


def test_weights_of_classes_in_company(bundles):
    """Their accuracy is not weighted; they train in stacks all the same."""
    module = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))

    def fit(kind, lr):
        net = make_classifier(kind, copy.deepcopy(module), lr=lr, criterion__weight=torch.tensor([1.0, 5.0])).fit(X, y)
        # Losses are means by weight, in skorch means of the batches'.
        return [read_numbers(net)[0], net.history[:, "valid_acc"]]

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
        return [net.epochs, read_numbers(net)]

    assert_as_skorch(script)


@pytest.mark.parametrize(
    "changes",
    [{"criterion__weight": torch.tensor([2.0])}, {"criterion": nn.BCEWithLogitsLoss(weight=torch.tensor([2.0]))}],
)
def test_weights_of_other_criteria(changes):
    """They were taken for weights of classes: an IndexError."""
    parameters = {"criterion": nn.BCEWithLogitsLoss, **changes}
    assert_as_skorch(
        lambda kind: read_numbers(make_regressor(kind, **parameters).fit(X, (X[:, :1] > 0).astype(np.float32)))
    )


def test_weights_of_too_few_classes():
    with pytest.raises(RuntimeError, match="weight tensor should be defined"):
        make_classifier(ours, module__n_outputs=3, criterion__weight=torch.tensor([1.0, 2.0])).fit(X, y)


def test_divergence_warns():
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch 1.*lr=1e\+30"):
        net = make_classifier(ours, lr=1e30).fit(X, y)
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
        net = make_classifier(ours, verbose=verbose).fit(X, y)
    assert int(net.module_.norm.num_batches_tracked) == (16 if verbose else 0)


# ---- from one fit to the next --------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"optimizer__momentum": 0.9}, {"optimizer": torch.optim.RAdam, "lr": 0.01}])
@pytest.mark.parametrize("between", ["", "pickle", "deepcopy", "save", "set_params", "warm_start"])
def test_trained_on(settings, between, tmp_path):
    def script(kind):
        net = make_classifier(kind, **settings).fit(X, y)
        if between == "pickle":
            net = pickle.loads(pickle.dumps(net))
        elif between == "deepcopy":
            net = copy.deepcopy(net)
        elif between == "save":
            files = {f"f_{name}": str(tmp_path / name) for name in ("params", "optimizer", "history")}
            net.save_params(**files)
            net = make_classifier(kind, **settings).initialize()
            net.load_params(**files)
        elif between == "set_params":
            net.set_params(lr=0.02, batch_size=16, optimizer__weight_decay=0.1)
        elif between == "warm_start":
            return read_numbers(net.set_params(warm_start=True).fit(X, y))
        return read_numbers(net.partial_fit(X, y))

    assert_as_skorch(script)


def test_counts_of_a_pretrained_module_go_on():
    module = Perceptron()
    module.norm.num_batches_tracked += 100
    assert int(make_classifier(ours, module).fit(X, y).module_.norm.num_batches_tracked) == 124


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
        left = read_numbers(make_classifier(kind, module).fit(X, y).partial_fit(X, y))
        if module is HalfFrozen:
            left[0].pop("norm.num_batches_tracked")  # counts nothing there
        return left

    assert_as_skorch(script)


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
def test_a_module_that_can_not_be_copied():
    def script(kind):
        torch.manual_seed(0)
        module = nn.Sequential(nn.utils.weight_norm(nn.Linear(5, 8)), nn.ReLU(), nn.Linear(8, 2))
        return read_numbers(make_classifier(kind, module).fit(X, y))

    assert_as_skorch(script)


def test_rows_in_reverse():
    """As views, whose strides are negative."""
    views, copies = (
        make_classifier(sknet_hp.skorch).fit(*data) for data in ((X[::-1], y[::-1]), (X[::-1].copy(), y[::-1].copy()))
    )
    assert_same(read_numbers(views), read_numbers(copies))


def test_no_random_numbers_are_drawn_twice():
    """A net that takes skorch's own loop split its rows a second time, by other random
    numbers.
    """

    def script(kind):
        np.random.seed(0)  # noqa: NPY002  (what skorch's split draws from)
        return read_numbers(
            make_classifier(kind, train_split=skorch.dataset.ValidSplit(0.3), criterion__label_smoothing=0.1).fit(X, y)
        )

    assert_as_skorch(script)


def test_more_epochs_of_skorchs_own_loop_do_not_repeat_the_same_numbers():
    orders = []

    class Watch(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            if training:
                orders.append(batch[0][:, 0].tolist())

    net = make_classifier(
        ours, max_epochs=1, batch_size=-1, iterator_train__shuffle=True, random_state=0, callbacks=[Watch()]
    ).fit(X, y)
    net.partial_fit(X, y)
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]
