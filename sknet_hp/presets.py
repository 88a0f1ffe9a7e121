"""Published recipes, and smaller ones, as parameters, for
`NetClassifier(**presets.tabm())` and `NetRegressor(**presets.tabm("regression"))`.

Each function returns a new dict: change what you like, or search around it. Sources
stand with each; where ours differs from what was published, the docstring says so.
"""

from collections.abc import Callable
from functools import wraps
from inspect import cleandoc, signature
from typing import Any, Literal

Task = Literal["classification", "regression"]
Metric = Literal["accuracy", "log_loss", "roc_auc"]

_MEANINGS = {
    "task": """{"classification", "regression"}, default="classification"
    Which estimator they are for; the other one may not know all of them.""",
    "metric": """{"accuracy", "log_loss", "roc_auc"}, default="accuracy"
    What the validation rows decide the best epoch by, for classes. Labels are smoothed for accuracy only, as the authors advise.""",
}

__all__ = ["mlp", "mlp_plr", "realmlp_td", "realmlp_td_s", "resnet", "tabm", "tabm_s"]


def _described(preset: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Write what all presets share into a docstring, and say what to do with arguments
    that they do not take.
    """
    entries = "\n".join(f"{name} : {_MEANINGS[name]}" for name in signature(preset).parameters)
    fails = "Raises\n------\nValueError\n    If an argument is none of these."
    shared = f"Parameters\n----------\n{entries}\n\nReturns\n-------\nparameters : dict\n\n{fails}\n"
    preset.__doc__ = f"{cleandoc(preset.__doc__ or '')}\n\n{shared}"
    known = list(signature(preset).parameters)

    @wraps(preset)
    def answering(*args: Any, **kwargs: Any) -> dict[str, Any]:
        unknown = next((name for name in kwargs if name not in known), None)
        if unknown is not None:
            raise TypeError(
                f"{preset.__name__}() got an unexpected keyword argument {unknown!r}; it takes {' and '.join(known)}, "
                f"and returns a dict, in which parameters of the network are changed: presets.{preset.__name__}() | "
                f"{{'lr': 0.01}}"
            )
        return preset(*args, **kwargs)

    return answering


@_described
def mlp(task: Task = "classification") -> dict[str, Any]:
    """The multilayer perceptron of Gorishniy et al. 2021, "Revisiting deep learning
    models for tabular data".

    Quantile transform, batches of 256, AdamW, ReLU; sizes and rates, which they tuned,
    are the middle of their search space. Up to 1,000 epochs, until 16 in a row are no
    better.
    """
    _check(task)
    return {
        "numeric_transform": "quantile",
        "num_embedding": "none",
        "n_layers": 3,
        "width": 256,
        "activation": "relu",
        "dropout": 0.1,
        "optimizer": "adamw",
        "lr": 1e-3,
        "weight_decay": 1e-5,
        **_PATIENT,
    }


@_described
def mlp_plr(task: Task = "classification") -> dict[str, Any]:
    """MLP-PLR of Gorishniy et al. 2022, "On embeddings for numerical features in
    tabular deep learning": `mlp` behind periodic embeddings.
    """
    return mlp(task) | {"num_embedding": "plr", "num_embedding_dim": 24, "num_frequencies": 48, "num_sigma": 0.01}


@_described
def resnet(task: Task = "classification") -> dict[str, Any]:
    """The residual network of Gorishniy et al. 2021, in the default sizes of their
    code's README; else as `mlp`.
    """
    return mlp(task) | {
        "module": "resnet",
        "n_layers": 2,
        "width": 192,
        "hidden_factor": 2.0,
        "dropout": 0.15,
        "residual_dropout": 0.0,
        "normalization": "batch",
    }


@_described
def realmlp_td(task: Task = "classification", metric: Metric = "accuracy") -> dict[str, Any]:
    """RealMLP with tuned defaults, of Holzmüller et al. 2024, "Better by default:
    strong pre-tuned MLPs and boosted trees on tabular data".

    Columns of categories stay 0 and 1; the authors centre and scale them like numbers,
    which made no difference to us.
    """
    _check(task)
    return _realmlp(task, metric, lr=0.04 if task == "classification" else 0.2) | {
        "max_one_hot": 9,
        "cat_embedding_dim": 8,
        "num_embedding": "pbld",
        "num_embedding_dim": 4,
        "num_frequencies": 16,
        "num_sigma": 0.1,
        "lr_factor_num_embedding": 0.1,
        "parametric_activation": True,
        "lr_factor_activation": 0.1,
        "init": "ntk",
        "dropout": 0.15,
        "dropout_schedule": "flat_cos",
        "weight_decay": 0.02,
        "weight_decay_schedule": "flat_cos",
        **({"clip_prediction": True} if task == "regression" else {}),
    }


@_described
def realmlp_td_s(task: Task = "classification", metric: Metric = "accuracy") -> dict[str, Any]:
    """RealMLP-TD-S, the simplified recipe of Holzmüller et al. 2024: no embeddings,
    dropout, decay or parametric activation.
    """
    _check(task)
    return _realmlp(task, metric, lr=0.04 if task == "classification" else 0.07) | {
        "num_embedding": "none",
        "init": "ntk_normal",
        "zero_output": True,
        "dropout": 0.0,
        "weight_decay": 0.0,
    }


@_described
def tabm(task: Task = "classification") -> dict[str, Any]:
    """TabM of Gorishniy et al. 2025, "TabM: advancing tabular deep learning with
    parameter-efficient ensembling".

    Piecewise linear embeddings of 48 bins and 16 dimensions, two blocks of 512, 32
    heads; as in the code that its authors publish, but heads share their batches, as in
    the paper. pytabkit's default has three blocks without embeddings and without weight
    decay (docs/quality.md). Up to 1,000 epochs, as in `mlp`.
    """
    _check(task)
    return {
        "numeric_transform": "quantile",
        "num_embedding": "ple",
        "num_bins": 48,
        "num_embedding_dim": 16,
        "module": "tabm",
        "n_heads": 32,
        "n_layers": 2,
        "width": 512,
        "activation": "relu",
        "dropout": 0.1,
        "optimizer": "adamw",
        "lr": 2e-3,
        "weight_decay": 3e-4,
        "grad_clip_norm": 1.0,
        **_PATIENT,
    }


@_described
def tabm_s(task: Task = "classification") -> dict[str, Any]:
    """A smaller TabM with our defaults: 16 heads, blocks of 256, embeddings of 8
    dimensions, averaged weights. The strongest of docs/quality.md.
    """
    _check(task)
    return {
        "module": "tabm",
        "n_heads": 16,
        "n_layers": 2,
        "width": 256,
        "num_embedding": "ple",
        "num_embedding_dim": 8,
    }


_PATIENT = {
    "weight_averaging": "none",
    "batch_size": 256,
    "max_epochs": 1000,
    "early_stopping": True,
    "patience": 16,
    "validation_fraction": 0.2,
}


def _realmlp(task: Task, metric: Metric, lr: float) -> dict[str, Any]:
    """What both recipes share."""
    if metric not in ("accuracy", "log_loss", "roc_auc"):
        raise ValueError(f"metric={metric!r} must be 'accuracy', 'log_loss' or 'roc_auc'")
    own: dict[str, Any] = {"activation": "mish"}
    if task == "classification":
        stopping = {"accuracy": "accuracy", "log_loss": "loss", "roc_auc": "roc_auc_ovr"}[metric]
        own = {
            "activation": "selu",
            "label_smoothing": 0.1 if metric == "accuracy" else 0.0,
            "stopping_metric": stopping,
        }
    return own | {
        "numeric_transform": "robust_smooth",
        "n_layers": 3,
        "width": 256,
        "feature_scale": True,
        "lr_factor_scale": 6.0,
        "lr_factor_bias": 0.1,
        "optimizer": "adamw",
        "lr": lr,
        "beta1": 0.9,
        "beta2": 0.95,
        "lr_schedule": "coslog4",
        "weight_averaging": "none",
        "batch_size": 256,
        "max_epochs": 256,
        "early_stopping": True,
        "patience": 256,
        "validation_fraction": 0.2,
    }


def _check(task: str) -> None:
    if task not in ("classification", "regression"):
        raise ValueError(f"task={task!r} must be 'classification' or 'regression'")
