"""Published recipes, and smaller ones, as parameters of the estimators.

They are for `NetClassifier(**presets.tabm())` and
`NetRegressor(**presets.tabm("regression"))`.

Each function returns a new dict: change what you like, or search around it. Sources
stand with each; where ours differs from what was published, the docstring says so.
"""

from collections.abc import Callable
from functools import wraps
from inspect import cleandoc, signature
from typing import Any, Literal

TaskKind = Literal["classification", "regression"]
Metric = Literal["accuracy", "log_loss", "roc_auc"]

_MEANINGS = {
    "task": """{"classification", "regression"}, default="classification"
    Which estimator they are for; the other one may not know all of them.""",
    "metric": """{"accuracy", "log_loss", "roc_auc"}, default="accuracy"
    What the validation rows decide the best epoch by, for classes. Labels are smoothed
    for accuracy only, as the authors advise.""",
}

__all__ = ["mlp", "mlp_plr", "realmlp_td", "realmlp_td_s", "resnet", "tabm", "tabm_s"]


def _document(preset: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Write what all presets share into a preset's docstring, and check its arguments.

    Arguments that it does not take are refused with what to do instead.
    """
    entries = "\n".join(f"{name} : {_MEANINGS[name]}" for name in signature(preset).parameters)
    fails = "Raises\n------\nValueError\n    If an argument is none of these."
    shared = f"Parameters\n----------\n{entries}\n\nReturns\n-------\nparameters : dict\n\n{fails}\n"
    preset.__doc__ = f"{cleandoc(preset.__doc__ or '')}\n\n{shared}"
    known = list(signature(preset).parameters)

    @wraps(preset)
    def check_arguments(*args: Any, **kwargs: Any) -> dict[str, Any]:
        unknown = next((name for name in kwargs if name not in known), None)
        if unknown is not None:
            raise TypeError(
                f"{preset.__name__}() got an unexpected keyword argument {unknown!r}; it takes {' and '.join(known)}, "
                f"and returns a dict, in which parameters of the network are changed: presets.{preset.__name__}() | "
                f"{{'lr': 0.01}}"
            )
        return preset(*args, **kwargs)

    return check_arguments


@_document
def mlp(task: TaskKind = "classification") -> dict[str, Any]:
    """Return the multilayer perceptron of Gorishniy et al. 2021.

    The paper is "Revisiting deep learning models for tabular data". Quantile transform,
    batches of 256, AdamW, ReLU; sizes and rates, which they tuned, are the middle of
    their search space. Up to 1,000 epochs, until 16 in a row are no better.
    """
    _check_task(task)
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


@_document
def mlp_plr(task: TaskKind = "classification") -> dict[str, Any]:
    """Return MLP-PLR of Gorishniy et al. 2022: `mlp` behind periodic embeddings.

    The paper is "On embeddings for numerical features in tabular deep learning".
    """
    return mlp(task) | {"num_embedding": "plr", "num_embedding_dim": 24, "num_frequencies": 48, "num_sigma": 0.01}


@_document
def resnet(task: TaskKind = "classification") -> dict[str, Any]:
    """Return the residual network of Gorishniy et al. 2021.

    Its sizes are the defaults of their code's README; else it is as `mlp`.
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


@_document
def realmlp_td(task: TaskKind = "classification", metric: Metric = "accuracy") -> dict[str, Any]:
    """Return RealMLP with tuned defaults, of Holzmüller et al. 2024.

    The paper is "Better by default: strong pre-tuned MLPs and boosted trees on tabular
    data". Columns of categories stay 0 and 1; the authors centre and scale them like
    numbers, which made no difference to us.
    """
    _check_task(task)
    return _make_realmlp(task, metric, lr=0.04 if task == "classification" else 0.2) | {
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


@_document
def realmlp_td_s(task: TaskKind = "classification", metric: Metric = "accuracy") -> dict[str, Any]:
    """Return RealMLP-TD-S, the simplified recipe of Holzmüller et al. 2024.

    It has no embeddings, dropout, decay or parametric activation.
    """
    _check_task(task)
    return _make_realmlp(task, metric, lr=0.04 if task == "classification" else 0.07) | {
        "num_embedding": "none",
        "init": "ntk_normal",
        "zero_output": True,
        "dropout": 0.0,
        "weight_decay": 0.0,
    }


@_document
def tabm(task: TaskKind = "classification") -> dict[str, Any]:
    """Return TabM of Gorishniy et al. 2025.

    The paper is "TabM: advancing tabular deep learning with parameter-efficient
    ensembling". Piecewise linear embeddings of 48 bins and 16 dimensions, two blocks of
    512, 32 heads; as in the code that its authors publish, but heads share their
    batches, as in the paper. pytabkit's default has three blocks without embeddings and
    without weight decay (docs/quality.md). Up to 1,000 epochs, as in `mlp`.
    """
    _check_task(task)
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


@_document
def tabm_s(task: TaskKind = "classification") -> dict[str, Any]:
    """Return a smaller TabM with our defaults, the strongest of docs/quality.md.

    It has 16 heads, blocks of 256, embeddings of 8 dimensions and averaged weights.
    """
    _check_task(task)
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


def _make_realmlp(task: TaskKind, metric: Metric, lr: float) -> dict[str, Any]:
    """Return what both recipes share."""
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


def _check_task(task: str) -> None:
    if task not in ("classification", "regression"):
        raise ValueError(f"task={task!r} must be 'classification' or 'regression'")
