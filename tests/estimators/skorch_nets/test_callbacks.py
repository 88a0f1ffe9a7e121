"""skorch's callbacks in `callbacks=` of the estimators: what they see, what they
change, what is refused.
"""

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    Initializer,
    LoadInitState,
    LRScheduler,
    ProgressBar,
)
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor

SMALL = {"width": 16, "max_epochs": 4, "weight_averaging": "none", "random_state": 0}
generator = np.random.default_rng(0)
X = generator.normal(size=(200, 5))
y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


def fitted(Net=NetClassifier, **changes):
    return Net(**SMALL | changes).fit(X, y)


def same(a, b):
    pairs = [
        (a.parameters_, b.parameters_),
        *((getattr(a.state_, name), getattr(b.state_, name)) for name in ("parameters", "buffers", "slots")),
    ]
    return all(np.array_equal(one, other) for one, other in pairs)


class Seen(Callback):
    """Notes, at each event, what is true in the net."""

    def __init__(self):
        self.events = []

    def note(self, event, net):
        weights = [p.detach().numpy().tobytes() for p in net.module_.parameters()]
        rows = [{k: v for k, v in row.items() if k not in ("dur", "batches")} for row in net.history]
        self.events.append((event, net.optimizer_.param_groups[0]["lr"], weights, rows, torch.is_grad_enabled()))

    def on_train_begin(self, net, **kwargs):
        self.note("train begin", net)

    def on_epoch_begin(self, net, **kwargs):
        self.note("epoch begin", net)

    def on_epoch_end(self, net, **kwargs):
        self.note("epoch end", net)

    def on_train_end(self, net, **kwargs):
        self.note("train end", net)


class At(Callback):
    """Does something at one event of one epoch."""

    def __init__(self, event, what, epoch=2):
        self.event, self.what, self.epoch = event, what, epoch

    def on_epoch_begin(self, net, **kwargs):
        if self.event == "begin" and len(net.history) == self.epoch:
            self.what(net)

    def on_epoch_end(self, net, **kwargs):
        if self.event == "end" and len(net.history) == self.epoch:
            self.what(net)


# ---- looking on ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lr_scaling": "linear"},
        {"lr_schedule": "cosine"},
        {"optimizer": "lion"},
        {"weight_averaging": "ema"},
        {"n_members": 2},
        {"refit_full": True},
    ],
)
@pytest.mark.parametrize("how", ["callbacks", "verbose"])
def test_looking_on_changes_nothing(changes, how, capsys):
    assert same(
        fitted(**changes, **({"callbacks": [Seen()]} if how == "callbacks" else {"verbose": 1})), fitted(**changes)
    )


def test_what_is_seen_is_true():
    seen = Seen()
    net = fitted(callbacks=[seen], normalization="batch", restore_best=False)
    events = [event for event, *_ in seen.events]
    assert events == ["train begin", *["epoch begin", "epoch end"] * 4, "train end"]
    assert all(gradients for *_, gradients in seen.events)
    for epoch in range(1, 5):
        (_, _, at_begin, begun, _), (_, _, at_end, ended, _) = seen.events[2 * epoch - 1 : 2 * epoch + 1]
        assert at_begin == seen.events[2 * epoch - 2][2] != at_end
        assert begun[-1] == {"epoch": epoch}
        assert [row["train_loss"] for row in ended] == net.loss_curve_[:epoch]
        module = fitted(max_epochs=epoch, schedule_epochs=4, normalization="batch", restore_best=False).net_.module_
        assert at_end == [p.detach().numpy().tobytes() for p in module.parameters()]


def test_the_same_events_in_company():
    def watched(seed):
        seen = Seen()
        scheduler = LRScheduler("StepLR", step_size=1)
        stopping = EarlyStopping("train_loss", threshold=0.02, patience=1)
        net = NetClassifier(
            **SMALL | {"random_state": seed, "max_epochs": 9}, callbacks=[seen, scheduler, stopping]
        ).fit(X, y)
        return net, seen.events

    alone = [watched(seed) for seed in range(3)]
    with sknet_hp.fused(n_jobs=2):
        together = Parallel()(delayed(watched)(seed) for seed in range(3))
    for (net, events), (other, others) in zip(alone, together, strict=True):
        assert same(net, other)
        assert events == others


# ---- changes -------------------------------------------------------------------------------------------------------


def halve(net):
    with torch.no_grad():
        for p in net.module_.parameters():
            p.mul_(0.5)


@pytest.mark.parametrize("event", ["begin", "end"])
def test_weights_that_a_callback_changes(event):
    """They were written over."""
    net = fitted(callbacks=[At(event, halve, 4)], restore_best=False)
    plain = fitted(max_epochs=3 if event == "begin" else 4, schedule_epochs=4, restore_best=False)
    if event == "end":
        assert np.array_equal(net.parameters_, plain.parameters_ * 0.5)
    assert not same(net, fitted(restore_best=False))
    np.testing.assert_allclose(net.net_.predict_proba(net.encoder_.transform(X)), net.predict_proba(X), atol=1e-5)


def test_initial_weights():
    net = fitted(callbacks=[Initializer("*", fn=lambda p: nn.init.constant_(p, 0.0))], lr=1e-30, weight_decay=0)
    assert np.abs(net.parameters_).max() < 1e-6


@pytest.mark.parametrize("stopping", ["EarlyStopping", "Checkpoint"])
def test_load_best(stopping, tmp_path):
    """`net_` had the best weights, and `predict` the last."""
    callback = (
        EarlyStopping(patience=3, load_best=True)
        if stopping == "EarlyStopping"
        else Checkpoint(dirname=str(tmp_path), load_best=True)
    )
    net = fitted(callbacks=[callback], restore_best=False, lr=0.05, max_epochs=12, patience=4)
    best = fitted(
        restore_best=False, lr=0.05, max_epochs=1 + int(np.argmin([row["valid_loss"] for row in net.history_]))
    )
    assert best.n_iter_ < net.n_iter_
    assert np.array_equal(net.parameters_, best.parameters_)
    assert np.array_equal(net.predict_proba(X), best.predict_proba(X))


def test_load_best_of_averages():
    stopping = EarlyStopping(patience=3, load_best=True)
    net = fitted(
        callbacks=[stopping], restore_best=False, lr=0.05, max_epochs=20, weight_averaging="ema", ema_decay=0.5
    )
    assert stopping.best_epoch_ < net.n_iter_
    np.testing.assert_allclose(net.net_.predict_proba(net.encoder_.transform(X)), net.predict_proba(X), atol=1e-5)


def test_a_loaded_start(tmp_path):
    first = fitted(callbacks=[checkpoint := Checkpoint(monitor=None, dirname=str(tmp_path))], early_stopping=False)
    second = fitted(callbacks=[LoadInitState(checkpoint)], early_stopping=False)
    assert second.loss_curve_[0] < first.loss_curve_[-1]


def test_rates_that_a_callback_changes():
    def change(net):
        net.set_params(optimizer__lr=1e-9, optimizer__weight_decay=0.0)

    net = fitted(callbacks=[At("begin", change, 3)], restore_best=False, lr_scaling="linear")
    np.testing.assert_allclose(
        net.parameters_,
        fitted(max_epochs=2, schedule_epochs=4, restore_best=False, lr_scaling="linear").parameters_,
        atol=1e-5,
    )


@pytest.mark.parametrize("event", ["begin", "end"])
def test_a_callback_may_end_the_training(event):
    def stop(net):
        raise KeyboardInterrupt

    net = fitted(callbacks=[At(event, stop, 3)], restore_best=False)
    assert same(net, fitted(max_epochs=net.n_iter_, schedule_epochs=4, restore_best=False))
    assert net.n_iter_ == (2 if event == "begin" else 3)


# ---- from one fit to the next --------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{}, {"lr": 0.05}, {"weight_decay": 0.5}, {"beta1": 0.1}, {"lr_scaling": "linear"}])
@pytest.mark.parametrize("first", [None, "callbacks"])
def test_warm_start_under_callbacks(changes, first):
    """The rates of the first fit came back after an epoch of the second."""
    plain = fitted(warm_start=True, schedule_epochs=8)
    watched = fitted(warm_start=True, schedule_epochs=8, callbacks=[Seen()] if first else None)
    seen = watched.callbacks or [Seen()]
    plain.set_params(max_epochs=8, **changes).fit(X, y)
    watched.set_params(max_epochs=8, callbacks=seen, **changes).fit(X, y)
    assert same(plain, watched)
    assert [row["epoch"] for row in watched.net_.history] == list(range(1, 9))


def test_dropouts_that_come_and_go_under_callbacks():
    """The net kept the layers of the first fit."""
    plain, watched = (
        fitted(warm_start=True, normalization="batch"),
        fitted(warm_start=True, normalization="batch", callbacks=[Seen()]),
    )
    for epochs, dropout in ((6, 0.3), (8, 0.0), (10, 0.2)):
        for net in (plain, watched):
            net.set_params(max_epochs=epochs, dropout=dropout).fit(X, y)
        assert same(plain, watched)
        modules = [net.net_.module_ for net in (plain, watched)]
        assert repr(modules[0]) == repr(modules[1])
        assert all(
            torch.equal(a, b) for a, b in zip(*(module.state_dict().values() for module in modules), strict=True)
        )
        np.testing.assert_allclose(
            watched.net_.predict_proba(watched.encoder_.transform(X)), watched.predict_proba(X), atol=1e-5
        )


def test_callbacks_that_come_later_are_told():
    net = fitted(warm_start=True)
    assert net.net_ is not None  # asked for, and kept
    for epochs in (6, 8):
        seen = Seen()
        net.set_params(callbacks=[seen, ("lr", LRScheduler("StepLR", step_size=3))], max_epochs=epochs).fit(X, y)
        assert [event for event, *_ in seen.events].count("epoch end") == 2
        assert len(seen.events[-1][3]) == epochs


def test_what_callbacks_have_made_of_the_rate_stays():
    """As in skorch, the optimizer goes on at the rate it has come to."""
    net = fitted(
        warm_start=True,
        callbacks=[At("end", lambda net: net.set_params(lr=1e-9))],
        optimizer="sgd",
        restore_best=False,
        weight_decay=0,
    )
    before = net.parameters_.copy()
    net.set_params(max_epochs=8).fit(X, y)
    np.testing.assert_allclose(net.parameters_, before, atol=1e-6)
    net.set_params(max_epochs=12, lr=0.1).fit(X, y)
    assert np.abs(net.parameters_ - before).max() > 1e-3


@pytest.mark.parametrize(
    "follows",
    [
        lambda place: EarlyStopping(patience=2),
        lambda place: EarlyStopping("valid_acc", lower_is_better=False),
        lambda place: Checkpoint(dirname=place, load_best=True),
        lambda place: LRScheduler("ReduceLROnPlateau", monitor="valid_loss"),
        lambda place: EarlyStopping("mine", lower_is_better=False),
    ],
)
def test_refit_full_with_callbacks_that_follow_validation(follows, tmp_path):
    """Their score was missing when all rows were trained on."""
    seen, score = Seen(), EpochScoring("roc_auc", lower_is_better=False, name="mine")
    net = fitted(callbacks=[seen, score, follows(str(tmp_path))], refit_full=True, max_epochs=12)
    assert [event for event, *_ in seen.events].count("train begin") == 2
    assert net.n_iter_ <= len(net.stopping_history_)


# ---- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (
            GradientNormClipping(1.0),
            r"'GradientNormClipping' \(GradientNormClipping\) has on_grad_computed.*grad_clip_norm",
        ),
        (("score", BatchScoring("accuracy")), r"'score' \(BatchScoring\) has on_batch_end"),
        (ProgressBar, "ProgressBar.*has on_batch_end.*verbose=1"),
        (
            LRScheduler("CyclicLR", base_lr=0.01, max_lr=0.1, step_every="batch"),
            "LRScheduler.*has on_batch_end.*lr_schedule",
        ),
        (EpochScoring("accuracy", on_train=True), "EpochScoring.*has on_batch_end.*use_caching=False"),
        (Freezer("*"), "changed requires_grad of parameters.*use freeze="),
    ],
)
@pytest.mark.parametrize("Net", [NetClassifier, NetRegressor])
def test_hooks_that_would_never_be_called(callback, message, Net):
    """They were left out, without a word."""
    with pytest.raises(ValueError, match=message):
        fitted(Net, callbacks=[callback])


def test_scores_of_training_rows_without_a_cache():
    net = fitted(
        callbacks=[EpochScoring("accuracy", on_train=True, lower_is_better=False, name="here", use_caching=False)],
        early_stopping=False,
    )
    assert net.net_.history[-1, "here"] == pytest.approx(net.score(X, y))


@pytest.mark.parametrize("what", [halve, lambda net: net.set_params(lr=0.5), "stop"])
def test_a_change_of_one_member_of_several_is_refused(what):
    def stop(net):
        raise KeyboardInterrupt

    with pytest.raises(ValueError, match=r"of the first of n_members=2 networks.*set n_members=1"):
        fitted(n_members=2, callbacks=[At("end", stop if what == "stop" else what)])


def test_weights_that_are_loaded_into_one_member_of_several_are_refused():
    with pytest.raises(ValueError, match=r"changed the weights of the first of n_members=2 networks.*set n_members=1"):
        fitted(
            n_members=2,
            callbacks=[EarlyStopping(patience=50, load_best=True)],
            restore_best=False,
            lr=0.05,
            max_epochs=30,
        )


def test_a_change_of_averaged_weights_is_refused():
    with pytest.raises(ValueError, match=r"of which they see the average.*weight_averaging='none'"):
        fitted(weight_averaging="ema", callbacks=[At("end", halve)])
    begun = fitted(weight_averaging="ema", callbacks=[Initializer("*", fn=nn.init.zeros_)])  # there is no average yet
    assert len(np.unique(begun.parameters_)) < np.unique(fitted().parameters_).size
