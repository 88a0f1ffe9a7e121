"""Parameters and tables drawn at random: `fit` either works, with finite predictions,
or raises an error that says what to do.
"""

import warnings

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.encoding.numeric.transforms import TRANSFORMS
from sknet_hp.estimators.parameters.task import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
from sknet_hp.nets.architectures import ARCHITECTURES
from sknet_hp.nets.architectures.mlp import ACTIVATIONS, NORMALIZATIONS
from sknet_hp.nets.layers.starts import INITIALISATIONS
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.schedules import SCHEDULES

COMMON = {
    "n_layers": st.integers(0, 3),
    "width": st.sampled_from([1, 3, 8, 17]),
    "hidden_layer_sizes": st.sampled_from([None, (5,), (4, 2), []]),
    "activation": st.sampled_from([*ACTIVATIONS, None]),
    "init": st.sampled_from(["auto", "torch", "ntk", "ntk_normal", *INITIALISATIONS]),
    "module": st.sampled_from(list(ARCHITECTURES)),
    "parametric_activation": st.booleans(),
    "hidden_factor": st.sampled_from([0.01, 2.0]),
    "residual_dropout": st.sampled_from([0.0, 0.5]),
    "n_heads": st.sampled_from([1, 3]),
    "feature_scale": st.booleans(),
    "zero_output": st.booleans(),
    "dropout_schedule": st.sampled_from(["constant", "linear", "flat_cos"]),
    "weight_decay_schedule": st.sampled_from(["constant", "cosine"]),
    "lr_factor_bias": st.sampled_from([0.1, 10.0]),
    "norm_eps": st.sampled_from([1e-5, 1.0]),
    "mixup_alpha": st.sampled_from([0.0, 0.3]),
    "input_noise": st.sampled_from([0.0, 0.1]),
    "dropout": st.sampled_from([0.0, 0.3, 0.99]),
    "input_dropout": st.sampled_from([0.0, 0.5]),
    "normalization": st.sampled_from([*NORMALIZATIONS, None]),
    "norm_momentum": st.sampled_from([0.0, 0.1, 1.0]),
    "optimizer": st.sampled_from(list(OPTIMIZERS)),
    "lr": st.sampled_from([1e-6, 1e-3, 1.0, 1e6]),
    "lr_schedule": st.sampled_from(list(SCHEDULES)),
    "lr_warmup": st.sampled_from([0, 0.5, 1, 3]),
    "lr_min_factor": st.sampled_from([0.0, 0.1, 1.0]),
    "lr_cycles": st.integers(1, 4),
    "lr_cycle_mult": st.sampled_from([1, 2.5]),
    "lr_scaling": st.sampled_from(["none", "linear", "sqrt", None]),
    "weight_decay": st.sampled_from([0.0, 1e-2, 10.0]),
    "weight_decay_mode": st.sampled_from(["auto", "l2", "decoupled"]),
    "l1": st.sampled_from([0.0, 1e-3]),
    "grad_clip_norm": st.sampled_from([None, 1e-3, 1.0]),
    "batch_size": st.sampled_from(["auto", 1, 7, 0.5, 1000]),
    "max_epochs": st.integers(1, 3),
    "schedule_epochs": st.sampled_from([None, 1, 5]),
    "early_stopping": st.booleans(),
    "patience": st.integers(1, 2),
    "validation_fraction": st.sampled_from([0.1, 0.5, "auto"]),
    "refit_full": st.booleans(),
    "numeric_transform": st.sampled_from([*TRANSFORMS, None]),
    "num_embedding": st.sampled_from(["none", "ple", "plr", "pbld", None]),
    "num_embedding_dim": st.sampled_from([None, 1, 3]),
    "num_sigma": st.sampled_from([None, 1e-6, 100.0]),
    "cat_embedding_dim": st.sampled_from([0, 1, 4]),
    "num_bins": st.sampled_from([2, 32]),
    "max_one_hot": st.sampled_from([1, 100]),
    "text_encoding": st.sampled_from(["words", "none", None]),
    "n_members": st.integers(1, 2),
}
CLASSES = COMMON | {
    "loss": st.sampled_from(CLASSIFICATION_LOSSES),
    "label_smoothing": st.sampled_from([0.0, 0.3]),
    "class_weight": st.sampled_from([None, "balanced"]),
    "stopping_metric": st.sampled_from(["loss", "accuracy", "neg_log_loss", "f1_macro"]),
}
NUMBERS = COMMON | {
    "loss": st.sampled_from(REGRESSION_LOSSES),
    "quantile": st.sampled_from([0.01, 0.5]),
    "clip_prediction": st.booleans(),
}

ODD = st.sampled_from([0.0, 1.0, -1.0, np.nan, 1e-300, 1e300, -1e9, 0.1])


def some(strategies):
    """A few parameters, the rest left at their defaults."""
    return st.lists(st.sampled_from(sorted(strategies)), max_size=8, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: strategies[name] for name in names})
    )


@st.composite
def tables(draw):
    n = draw(st.sampled_from([1, 2, 5, 33, 70]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    columns = {}
    for k in range(draw(st.integers(1, 4))):
        kind = draw(
            st.sampled_from(["normal", "odd", "whole", "constant", "missing", "text", "names", "boolean", "category"])
        )
        columns[f"c{k}"] = {
            "normal": lambda: rng.normal(size=n),
            "odd": lambda: np.array(draw(st.lists(ODD, min_size=n, max_size=n))),
            "whole": lambda: rng.integers(-3, 4, n),
            "constant": lambda: np.full(n, 7.5),
            "missing": lambda: np.full(n, np.nan),
            "text": lambda: rng.choice(["a", "b", None], n),
            "names": lambda: [None if k % 7 == 3 else f"{'Mr' if k % 2 else 'Ms'} {k}" for k in range(n)],
            "boolean": lambda: rng.random(n) > 0.5,
            "category": lambda: pd.Categorical(rng.choice(["x", "y"], n), categories=["x", "y", "z"]),
        }[kind]()
    weight = draw(st.sampled_from([None, "some"]))
    return pd.DataFrame(columns), rng, None if weight is None else rng.integers(0, 3, n).astype(float)


def fits_or_says_why(net, X, y, weight):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            net.fit(X, y, sample_weight=weight)
        except ValueError as error:
            words = str(error)
            assert len(words) > 20
            assert any(name in words for name in net.get_params()) or "weight" in words or "infinity" in words, words
            return
        outputs = net.predict_proba(X) if isinstance(net, NetClassifier) else net.predict(X)
    assert np.isfinite(outputs).all()
    if isinstance(net, NetClassifier):
        assert set(net.predict(X)) <= set(net.classes_)


EXAMPLES = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@EXAMPLES
@given(table=tables(), parameters=some(CLASSES), n_classes=st.integers(1, 4))
def test_classes(table, parameters, n_classes):
    X, rng, weight = table
    y = np.array(["p", "q", "r", "s"])[rng.integers(0, n_classes, len(X))]
    fits_or_says_why(NetClassifier(**{"max_epochs": 2, "random_state": 0} | parameters), X, y, weight)


@EXAMPLES
@given(table=tables(), parameters=some(NUMBERS), scale=st.sampled_from([1.0, 1e-12, 1e12, 0.0]))
def test_numbers(table, parameters, scale):
    X, rng, weight = table
    y = np.abs(rng.normal(size=len(X))) * scale
    fits_or_says_why(NetRegressor(**{"max_epochs": 2, "random_state": 0} | parameters), X, y, weight)
