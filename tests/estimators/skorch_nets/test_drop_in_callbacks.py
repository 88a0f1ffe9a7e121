"""What callbacks of the drop-in nets see and change, as with skorch's own."""

import pytest
import torch
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

import sknet_hp.skorch as ours
from tests.helpers.skorch_scripts import X, assert_as_skorch, make_classifier, read_numbers, y

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
        self.events.append([event, weights, memory, lengths, state, read_numbers(net)[2]])

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
        net = make_classifier(
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
    make_classifier(ours, callbacks=[slow]).fit(X, y)
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
        left = read_numbers(make_classifier(kind, optimizer__momentum=0.9, callbacks=[Change(event, what)]).fit(X, y))
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
        lambda kind: read_numbers(
            make_classifier(kind, max_epochs=4, optimizer__momentum=0.9, callbacks=CALLBACKS[which]()).fit(X, y)
        )
    )


def test_what_the_engine_can_not_follow_is_refused():
    def freeze(net):
        net.module_.hidden.weight.requires_grad_(False)

    with pytest.raises(ValueError, match=r"changed requires_grad of parameters.*skorch's Freezer"):
        make_classifier(ours, callbacks=[Change("end", freeze)]).fit(X, y)

    def another_optimizer(net):
        net.optimizer_ = torch.optim.Adam(net.module_.parameters())

    with pytest.raises(ValueError, match="replaced the module or the optimizer"):
        make_classifier(ours, callbacks=[Change("begin", another_optimizer)]).fit(X, y)


def test_checkpoints(tmp_path):
    def script(kind):
        place = tmp_path / kind.__name__
        checkpoint = Checkpoint(monitor="valid_loss_best", dirname=str(place), load_best=True)
        net = make_classifier(kind, optimizer__momentum=0.9, lr=0.3, max_epochs=8, callbacks=[checkpoint]).fit(X, y)
        again = make_classifier(kind, optimizer__momentum=0.9, callbacks=[LoadInitState(checkpoint)]).fit(X, y)
        return [read_numbers(net), read_numbers(again)]

    assert_as_skorch(script)
