"""Every hyperparameter does what its name says, in an estimator, and its wrong values
are refused.
"""

import inspect

import numpy as np
import pytest

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.parameters import CLASSIFIER, COMMON, REGRESSOR
from tests.helpers.hyperparameters import SMALL, X, fit_net, has_same_weights, y


@pytest.mark.parametrize(("Net", "own"), [(NetClassifier, CLASSIFIER), (NetRegressor, REGRESSOR)])
def test_the_registry_is_the_signature(Net, own):
    signature = inspect.signature(Net)
    assert set(signature.parameters) == set(COMMON | own)
    for name, argument in signature.parameters.items():
        assert argument.kind is argument.KEYWORD_ONLY
        assert f"{name} : " in Net.__doc__
        assert (COMMON | own)[name].text.split(".")[0].split(" ")[0] in Net.__doc__
    assert max(map(len, Net.__doc__.splitlines())) <= 84, "help() fits a terminal"


EFFECTS = {  # a value that must change what is learned
    "numeric_transform": "quantile",
    "input_noise": 0.5,
    "mixup_alpha": 1.0,
    "hidden_layer_sizes": (24, 8),
    "num_embedding": "none",
    "num_embedding_dim": 5,
    "module": "resnet",
    "parametric_activation": True,
    "feature_scale": True,
    "zero_output": True,
    "lr_factor_bias": 20.0,
    "activation": "tanh",
    "init": "orthogonal",
    "dropout": 0.3,
    "input_dropout": 0.2,
    "normalization": "layer",
    "loss": "focal",
    "label_smoothing": 0.2,
    "optimizer": "nadam",
    "lr": 1e-2,
    "lr_schedule": "one_cycle",
    "lr_warmup": 0.3,
    "lr_scaling": "linear",
    "weight_decay": 0.3,
    "l1": 1e-2,
    "beta1": 0.5,
    "beta2": 0.9,
    "eps": 1e-3,
    "grad_clip_norm": 1e-9,
    "weight_averaging": "ema",
    "batch_size": 0.5,
    "class_weight": "balanced",
    "random_state": 1,
}


@pytest.mark.parametrize("name", EFFECTS)
def test_it_has_an_effect(name):
    unbalanced = y.copy()
    unbalanced[:40] = 0
    plain, other = (NetClassifier(**SMALL | changes).fit(X, unbalanced) for changes in ({}, {name: EFFECTS[name]}))
    a, b = plain.predict_proba(X), other.predict_proba(X)
    assert a.shape == b.shape
    assert not np.allclose(a, b, atol=1e-4)
    assert np.isfinite(b).all()


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({"lr_schedule": "step", "lr_gamma": 0.5}, {"lr_gamma": 0.1}),
        ({"lr_schedule": "step", "lr_step_epochs": 1}, {"lr_step_epochs": 3}),
        ({"lr_schedule": "cosine"}, {"lr_min_factor": 0.5}),
        ({"lr_schedule": "cosine"}, {"lr_warmup": 2}),
        ({"lr_schedule": "cyclic"}, {"lr_cycles": 2}),
        ({"lr_schedule": "cosine_restarts", "lr_cycles": 2}, {"lr_cycle_mult": 3}),
        ({"lr_schedule": "exponential", "lr_min_factor": 0.1}, {"lr_min_factor": 0.01}),
        (
            {
                "lr_schedule": "plateau",
                "early_stopping": True,
                "lr_patience": 0,
                "lr": 0.3,
                "max_epochs": 8,
                "restore_best": False,
            },
            {"lr_patience": 6},
        ),
        ({"lr_scaling": "sqrt"}, {"base_batch_size": 32}),
        ({"optimizer": "sgd"}, {"momentum": 0.5}),
        ({"optimizer": "rmsprop"}, {"alpha": 0.5}),
        ({"optimizer": "adam", "weight_decay": 0.1}, {"weight_decay_mode": "decoupled"}),
        ({"normalization": "batch"}, {"norm_momentum": 0.5}),
        ({"normalization": "batch"}, {"norm_eps": 0.5}),
        ({"normalization": "layer"}, {"norm_eps": 0.5}),
        ({"loss": "focal"}, {"focal_gamma": 0.5}),
        ({"num_embedding": "plr"}, {"num_embedding_dim": 5}),
        ({"num_embedding": "plr"}, {"num_frequencies": 5}),
        ({"num_embedding": "pbld"}, {"num_sigma": 1.0}),
        ({"num_embedding": "pbld"}, {"lr_factor_num_embedding": 10.0}),
        ({"module": "resnet"}, {"hidden_factor": 1.0}),
        ({"module": "resnet"}, {"residual_dropout": 0.3}),
        ({"module": "tabm", "n_heads": 4}, {"n_heads": 2}),
        ({"dropout": 0.5}, {"dropout_schedule": "linear"}),
        ({"weight_decay": 1.0}, {"weight_decay_schedule": "linear"}),
        ({"feature_scale": True}, {"lr_factor_scale": 10.0}),
        ({"parametric_activation": True}, {"lr_factor_activation": 10.0}),
        ({"init": "ntk"}, {"init": "ntk_normal"}),
        ({"weight_averaging": "ema"}, {"ema_decay": 0.1}),
        ({"weight_averaging": "swa", "swa_start": 0.0}, {"swa_start": 0.7}),
    ],
)
def test_settings_of_settings(given, changes):
    a, b = fit_net(**given), fit_net(**given | changes)
    assert not np.allclose(a.predict_proba(X), b.predict_proba(X), atol=1e-6)


def test_other_names():
    assert has_same_weights(fit_net(activation="silu"), fit_net(activation="swish"))
    assert has_same_weights(fit_net(weight_averaging=None), fit_net(weight_averaging="none"))
    assert has_same_weights(fit_net(weight_averaging="auto"), fit_net(weight_averaging="none"))
    stopped = fit_net(early_stopping=True)
    assert has_same_weights(stopped, fit_net(early_stopping=True, weight_averaging="ema"))
    assert not has_same_weights(stopped, fit_net(early_stopping=True, weight_averaging="none"))
    assert has_same_weights(fit_net(optimizer="sgd"), fit_net(optimizer="momentum"))
    assert has_same_weights(fit_net(n_layers=2), fit_net(hidden_layer_sizes=(16, 16)))
    assert has_same_weights(
        fit_net(normalization=None, lr_scaling=None, activation="none"),
        fit_net(normalization="none", lr_scaling="none", activation=None),
    )
    assert has_same_weights(
        fit_net(loss="focal", focal_gamma=0.0, max_epochs=1), fit_net(loss="focal", focal_gamma=0, max_epochs=1)
    )


def test_weight_decay_leaves_biases_alone():
    net = fit_net(weight_decay=1e4, lr=1e-4, optimizer="adamw", init="torch", max_epochs=1)
    tensors = dict(net.net_.module_.named_parameters())
    assert max(float(p.detach().abs().max()) for name, p in tensors.items() if name.endswith("weight")) < 1e-2
    assert min(float(p.detach().abs().max()) for name, p in tensors.items() if name.endswith("bias")) > 1e-2


def test_learning_rate_scaled_by_the_batch():
    assert has_same_weights(
        fit_net(batch_size=64, lr=1e-3, lr_scaling="linear", base_batch_size=32), fit_net(batch_size=64, lr=2e-3)
    )
    assert has_same_weights(
        fit_net(batch_size=128, lr=1e-3, lr_scaling="sqrt", base_batch_size=32), fit_net(batch_size=128, lr=2e-3)
    )


def test_batch_size_as_a_fraction():
    assert has_same_weights(fit_net(batch_size=0.25), fit_net(batch_size=50))
