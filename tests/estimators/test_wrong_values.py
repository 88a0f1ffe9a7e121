"""Errors that help."""

import numpy as np
import pandas as pd
import pytest

from sknet_hp import NetClassifier, NetRegressor
from tests.helpers.small_nets import ESTIMATORS, SMALL, predict_outputs

WRONG = {
    "n_layers": -1,
    "width": 0,
    "activation": "softplus",
    "dropout": 1.0,
    "normalization": "group",
    "optimizer": "adamx",
    "lr": 0.0,
    "lr_schedule": "steps",
    "weight_decay": -1e-3,
    "momentum": 1.0,
    "beta1": 1.0,
    "beta2": -0.1,
    "eps": 0.0,
    "batch_size": 0,
    "max_epochs": 0,
    "schedule_epochs": 0,
    "early_stopping": "yes",
    "patience": 0,
    "validation_fraction": 1.0,
    "restore_best": "no",
    "label_smoothing": 1.0,
    "class_weight": "equal",
    "warm_start": 2.5,
    "random_state": -1,
    "device": 3,
    "callbacks": "print",
    "verbose": "loud",
    "hidden_layer_sizes": 3,
    "init": "uniform",
    "input_dropout": 1.0,
    "norm_momentum": 1.5,
    "norm_eps": 0.0,
    "loss": "hinge",
    "focal_gamma": -1,
    "huber_delta": 0.0,
    "quantile": 1.0,
    "clip_prediction": "yes",
    "lr_warmup": -1,
    "lr_min_factor": 2.0,
    "lr_gamma": 0.0,
    "lr_step_epochs": 0,
    "lr_cycles": 0,
    "lr_cycle_mult": 0.5,
    "lr_patience": -1,
    "lr_scaling": "log",
    "base_batch_size": 0,
    "weight_decay_mode": "L2",
    "l1": -1e-3,
    "alpha": 1.0,
    "grad_clip_norm": 0.0,
    "min_delta": -1.0,
    "stopping_metric": 3,
    "validation_split": 3,
    "refit_full": "yes",
    "n_members": 0,
    "numeric_transform": "minmax",
    "max_one_hot": 0,
    "text_encoding": "chars",
    "num_embedding": "fourier",
    "num_embedding_dim": 0,
    "num_frequencies": 0,
    "num_sigma": 0.0,
    "num_bins": 1,
    "cat_embedding_dim": -1,
    "module": "transformer",
    "module_params": [1],
    "parametric_activation": "yes",
    "hidden_factor": 0.0,
    "residual_dropout": 1.0,
    "n_heads": 0,
    "feature_scale": "yes",
    "zero_output": "yes",
    "dropout_schedule": "step",
    "weight_decay_schedule": "step",
    "lr_factor_bias": 0.0,
    "lr_factor_scale": 0.0,
    "lr_factor_activation": 0.0,
    "lr_factor_num_embedding": 0.0,
    "input_noise": -1.0,
    "mixup_alpha": -0.5,
    "init_from": 3,
    "freeze": "all",
    "unfreeze_epoch": 0,
    "lr_layer_decay": 0.0,
    "weight_averaging": "sma",
    "ema_decay": 1.0,
    "swa_start": 1.0,
    "precision": "float16",
}


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_every_parameter_is_checked(problem, Net):
    X, y = problem(Net)
    assert set(Net().get_params()) <= set(WRONG)
    for name in Net().get_params():
        with pytest.raises(ValueError, match=f"The '{name}' parameter of {Net.__name__} must be") as caught:
            Net(**{name: WRONG[name]}).fit(X, y)
        assert repr(WRONG[name]) in str(caught.value)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_predictions_are_finite_whatever_the_weights(problem, Net):
    """Weights that are finite, and whose losses were, can overflow on other rows."""
    X, y = problem(Net)
    net = Net(**SMALL).fit(X, y)
    net.parameters_ *= 1e30
    assert np.isfinite(predict_outputs(net, X)).all()


def test_the_skorch_net_follows_a_longer_training(classes):
    """Asked for once, it was kept although training had gone on."""
    X, y = classes
    net = NetClassifier(**SMALL, warm_start=True).fit(X, y)
    before = net.net_.module_.layers[0].weight.detach().clone()
    net.set_params(max_epochs=9).fit(X, y)
    assert not np.array_equal(net.net_.module_.layers[0].weight.detach(), before)
    assert len(net.net_.history) == 9


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_no_such_parameter(Net):
    with pytest.raises(TypeError):
        Net(n_layer=2)
    with pytest.raises(TypeError):
        Net(3)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_unusable_targets(problem, Net):
    X, y = problem(Net)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        Net(**SMALL).fit(X, None)
    holes = y.astype(float)
    holes[3] = np.nan
    with pytest.raises(ValueError, match="y contains NaN"):
        Net(**SMALL).fit(X, holes)
    with pytest.raises(ValueError, match="y contains infinity"):
        Net(**SMALL).fit(X, np.where(np.isnan(holes), np.inf, holes))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        Net(**SMALL).fit(X, y[:-1])


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_a_table_and_its_target_in_the_wrong_order(Net):
    X = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0) ** 2})
    for table in (X, X.to_numpy()):
        with pytest.raises(ValueError, match=r"y has 2 columns: they may be swapped\. Call fit\(X, y\)"):
            Net().fit(X["a"], table)


def test_targets_that_are_no_classes(classes):
    X, _ = classes
    with pytest.raises(ValueError, match="continuous"):
        NetClassifier(**SMALL).fit(X, X[:, 0])
    with pytest.raises(ValueError):
        NetClassifier(**SMALL).fit(X, np.c_[classes[1], classes[1]])
    for missing in (None, np.nan, pd.NA):
        with pytest.raises(ValueError, match=rf"y holds {missing} at position 2, which is not a label; leave it out"):
            NetClassifier(**SMALL).fit(X, np.array(["a", "b", missing] * 66 + ["a", "b"], dtype=object))
    with pytest.raises(ValueError, match="classes holds None at position 1"):
        NetClassifier(**SMALL).partial_fit(X, classes[1], classes=["a", None])
    for labels in ([0, 1], ["a", 1]):
        with pytest.raises(
            ValueError,
            match=r"y is an array of objects, of which \d at position \d is not a string; make all of them numbers",
        ):
            NetClassifier(**SMALL).fit(X, np.array(labels * 100, dtype=object))


def test_too_few_rows_to_hold_some_out():
    X, y = np.ones((1, 2)), [1.0]
    with pytest.raises(ValueError, match=r"early_stopping=True holds out validation_fraction='auto'"):
        NetRegressor(early_stopping=True).fit(X, y)


def test_infinite_features(classes):
    X, y = classes
    X = X.copy()
    X[5, 2] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        NetClassifier(**SMALL).fit(X, y)


@pytest.mark.parametrize("Net", ESTIMATORS)
def test_prediction_asks_for_the_same_columns(problem, Net):
    X, y = problem(Net)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    net = Net(**SMALL).fit(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        net.predict(frame[["a", "b"]])
    with pytest.raises(ValueError, match="feature names should match"):
        net.predict(frame.rename(columns={"a": "z"}))


def test_no_such_device(classes):
    for device in ("nowhere", "CPU", "meta", "cuda:77"):
        with pytest.raises(
            ValueError,
            match=f"device='{device}', but torch finds|device='{device}' can.t be used for training here",
        ):
            NetClassifier(**SMALL, device=device).fit(*classes)


def test_text_as_the_target_of_a_regression():
    with pytest.raises(
        ValueError, match="y must be numbers, but could not convert string to float: 'a'; NetClassifier is for labels"
    ):
        NetRegressor(max_epochs=1).fit(np.eye(4), list("abab"))


@pytest.mark.parametrize("values", [(1, 2), (-1, 1), (0, 5)])
def test_several_labels_a_row_are_zeros_and_ones(values):
    """They were trained on as they are, and predicted as 0 and 1."""
    y = np.choose(np.eye(4, dtype=int)[:, :2], values)
    with pytest.raises(ValueError, match="must hold 0 and 1 only, but it holds"):
        NetClassifier(max_epochs=1).fit(np.eye(4), y)
    net = NetClassifier(max_epochs=1).fit(np.eye(4), np.eye(4, dtype=int)[:, :2])
    with pytest.raises(ValueError, match="must hold 0 and 1 only"):
        net.partial_fit(np.eye(4), y)
