"""One grid of networks of all kinds, and what of each must never change. Run as a
script it prints a digest for each.
"""

import hashlib
import warnings

import numpy as np
import torch
from sklearn.base import clone, is_classifier
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.nets.compiled.kernels import half_products

N_TRAIN = 150
COMMON = {"width": 16, "max_epochs": 3, "batch_size": 32}

BF16 = (
    {
        "in bfloat16": NetClassifier(**COMMON | {"width": 80}, precision="bf16", dropout=0.1, normalization="layer"),
        "odd shapes in bfloat16": NetRegressor(
            **COMMON | {"width": 33}, precision="bf16", num_embedding=None, n_layers=3, patience=2
        ),
        "heads in bfloat16": NetClassifier(**COMMON, precision="bf16", module="tabm", n_heads=3),
    }
    if half_products.is_supported()
    else {}
)


class OwnModule(nn.Module):
    """A network as users write them."""

    def __init__(self, n_features, n_outputs, rate):
        super().__init__()
        self.inner, self.outer, self.dropout = nn.Linear(n_features, 9), nn.Linear(9, n_outputs), nn.Dropout(rate)

    def forward(self, x):
        return self.outer(self.dropout(torch.tanh(self.inner(x))))


KINDS = {
    "plain": NetClassifier(**COMMON),
    "dropout": NetClassifier(**COMMON, dropout=0.3, activation="gelu"),
    "batch normalisation": NetClassifier(**COMMON, normalization="batch", dropout=0.2),
    "layer normalisation": NetRegressor(**COMMON, normalization="layer", dropout=0.1, activation="silu"),
    # Averages get better for longer than there are epochs here.
    "early stopping": NetClassifier(
        **COMMON | {"max_epochs": 8}, weight_averaging="none", patience=2, validation_fraction=0.2, lr=2e-2
    ),
    "early stopping, regression": NetRegressor(
        **COMMON | {"max_epochs": 8}, weight_averaging="none", patience=1, normalization="batch", lr=2e-2
    ),
    "not restored": NetClassifier(
        **COMMON | {"max_epochs": 6}, early_stopping=True, patience=1, restore_best=False, lr=3e-2
    ),
    "cosine": NetRegressor(**COMMON, lr_schedule="cosine", schedule_epochs=5, activation="tanh"),
    "smoothed, balanced": NetClassifier(**COMMON, label_smoothing=0.1, class_weight="balanced", lr_schedule="linear"),
    "smaller than a batch": NetClassifier(**COMMON | {"batch_size": 1000}, normalization="batch"),
    # From 4,000 parameters on AdamW has another kernel.
    "wide": NetClassifier(**COMMON | {"width": 80}, dropout=0.1, lr_schedule="cosine"),
    "knobs": NetClassifier(
        **COMMON,
        optimizer="nadam",
        lr_schedule="one_cycle",
        lr_warmup=0.2,
        grad_clip_norm=0.5,
        l1=1e-3,
        init="orthogonal",
        input_dropout=0.1,
        loss="focal",
        mixup_alpha=0.3,
        class_weight="balanced",
    ),
    "more knobs": NetRegressor(
        **COMMON,
        optimizer="radam",
        lr_schedule="plateau",
        lr_patience=0,
        refit_full=True,
        loss="huber",
        numeric_transform="robust_smooth",
        n_members=2,
        weight_decay_mode="decoupled",
        input_noise=0.1,
    ),
    "a scorer decides": NetClassifier(
        **COMMON | {"max_epochs": 6}, stopping_metric="f1_macro", patience=1, refit_full=True
    ),
    "moving average": NetClassifier(
        **COMMON | {"max_epochs": 8}, weight_averaging="ema", normalization="batch", patience=2, lr=2e-2
    ),
    "even average": NetRegressor(
        **COMMON | {"max_epochs": 6}, weight_averaging="swa", swa_start=0.4, dropout=0.1, normalization="batch"
    ),
    "a loss of torch": NetRegressor(**COMMON, loss=nn.SmoothL1Loss(beta=0.5), dropout=0.1, patience=1),
    "a class of torch": NetClassifier(**COMMON, loss=nn.MultiMarginLoss, n_members=2, class_weight="balanced"),
    **BF16,
    "no hidden layer": NetRegressor(n_layers=0, max_epochs=3),
    "residual": NetClassifier(
        **COMMON,
        module="resnet",
        normalization="batch",
        dropout=0.2,
        residual_dropout=0.1,
        num_embedding="plr",
        num_frequencies=4,
        num_embedding_dim=3,
    ),
    "heads": NetClassifier(
        **COMMON, module="tabm", n_heads=4, num_embedding_dim=3, num_bins=4, dropout=0.1, dropout_schedule="flat_cos"
    ),
    "heads, regression": NetRegressor(
        **COMMON, module="tabm", n_heads=3, num_embedding="none", loss="mae", refit_full=True
    ),
    "neural tangents": NetRegressor(
        **COMMON,
        init="ntk",
        num_embedding="pbld",
        parametric_activation=True,
        feature_scale=True,
        weight_decay_schedule="flat_cos",
        lr_factor_bias=0.1,
        lr_factor_scale=6.0,
        lr_factor_activation=0.1,
    ),
    "own module": NetClassifier(**COMMON | {"module": OwnModule, "module_params": {"rate": 0.2}}, n_members=2),
    "pipeline": make_pipeline(StandardScaler(), NetClassifier(**COMMON, dropout=0.2, activation="elu")),
    **{
        f"{optimizer}": NetClassifier(**COMMON | {"width": 7}, optimizer=optimizer, dropout=0.1)
        for optimizer in ("sgd", "nesterov", "rmsprop", "adagrad", "adam", "lion")
    },
}

VARIATIONS = [
    {"random_state": 0},
    {"random_state": 1, "lr": 1e-2, "weight_decay": 0.0, "ema_decay": 0.5, "swa_start": 0.0},
    {"random_state": 2, "lr": 5e-4, "momentum": 0.5, "beta1": 0.8},
    {"random_state": 0, "lr": 2e-2, "weight_decay": 0.1, "beta2": 0.9},
]
DIVERGING = {"random_state": 5, "lr": 1e20, "optimizer": "sgd"}


def with_parameters(estimator, parameters):
    prefix = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
    return clone(estimator).set_params(**{prefix + name: value for name, value in parameters.items()})


NETWORKS = {
    (kind, k): with_parameters(estimator, variation)
    for kind, estimator in KINDS.items()
    for k, variation in enumerate(VARIATIONS)
}
NETWORKS |= {
    ("sgd", "diverging"): with_parameters(KINDS["sgd"], DIVERGING),
    ("moving average", "diverging"): with_parameters(KINDS["moving average"], DIVERGING | {"optimizer": "adamw"}),
    ("smaller than a batch", "diverging"): with_parameters(KINDS["smaller than a batch"], DIVERGING),
}


def data(estimator):
    """Training and test data, the same for every network of a task."""
    if is_classifier(estimator):
        X, y = make_classification(N_TRAIN + 60, 6, n_informative=4, n_classes=3, random_state=0)
    else:
        X, y = make_regression(N_TRAIN + 60, 6, n_informative=4, noise=10, random_state=0)
    return X[:N_TRAIN], y[:N_TRAIN], X[N_TRAIN:], y[N_TRAIN:]


def fit(estimator):
    X, y, _, _ = data(estimator)
    return estimator.fit(X, y)


def network(estimator):
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def bits(estimator):
    """Every number of a fitted network, by name."""
    net = network(estimator)
    _, _, X, y = data(estimator)
    history = [[row[name] for name in row if name != "duration"] for row in net.history_]
    return {
        "parameters": net.parameters_,
        "last parameters": net.state_.parameters,
        "buffers": net.buffers_,
        "slots": net.state_.slots,
        "average": np.zeros(0) if net.state_.average is None else net.state_.average.parameters,
        "history": np.array(history, dtype=np.float64),
        "loss curve": np.array(net.loss_curve_),
        "epochs": np.array([net.n_iter_, net.best_epoch_, net.state_.step]),
        "outputs": estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X),
        "score": np.array(estimator.score(X, y)),
    }


def digest(numbers):
    arrays = [np.nan_to_num(np.ascontiguousarray(array, dtype=np.float64)) for array in numbers.values()]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name, estimator in NETWORKS.items():
        print(name, digest(bits(fit(clone(estimator)))))


if __name__ == "__main__":
    main()
