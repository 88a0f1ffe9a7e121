"""What helpers read of an estimator's parameters: a protocol for each registry.

Each lists the names of the registry of the same name in this room, with their types.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from torch import nn


class InputParameters(Protocol):
    """The parameters of `inputs.py`: from a table to the network's inputs."""

    numeric_transform: str | None
    num_embedding: str | None
    num_embedding_dim: int | None
    num_frequencies: int | None
    num_sigma: float | None
    num_bins: int
    max_one_hot: int
    cat_embedding_dim: int
    text_encoding: str | None
    input_noise: float
    mixup_alpha: float


class NetworkParameters(Protocol):
    """The parameters of `network.py`: the network itself."""

    module: str | type[nn.Module]
    module_params: dict[str, Any] | None
    n_layers: int
    width: int
    hidden_layer_sizes: Sequence[int] | None
    activation: str | None
    parametric_activation: bool
    hidden_factor: float
    residual_dropout: float
    n_heads: int
    feature_scale: bool
    init: str
    zero_output: bool
    dropout: float
    dropout_schedule: str
    input_dropout: float
    normalization: str | None
    norm_momentum: float
    norm_eps: float


class UpdateParameters(Protocol):
    """The parameters of `update.py`: a training step."""

    optimizer: str
    lr: float
    lr_schedule: str
    lr_warmup: float
    lr_min_factor: float
    lr_gamma: float
    lr_step_epochs: int | None
    lr_cycles: int
    lr_cycle_mult: float
    lr_patience: int
    lr_scaling: str | None
    base_batch_size: int
    weight_decay: float
    weight_decay_mode: str
    weight_decay_schedule: str
    l1: float
    momentum: float
    beta1: float
    beta2: float
    alpha: float
    eps: float
    grad_clip_norm: float | None
    lr_factor_bias: float
    lr_factor_scale: float
    lr_factor_activation: float
    lr_factor_num_embedding: float
    weight_averaging: str | None
    ema_decay: float
    swa_start: float


class FittingParameters(Protocol):
    """The parameters of `fitting.py`: a whole fit."""

    batch_size: float | str
    max_epochs: int
    schedule_epochs: int | None
    early_stopping: bool
    patience: int
    min_delta: float
    stopping_metric: str
    validation_fraction: float | str
    validation_split: Any  # a splitter of scikit-learn's kind, or None
    restore_best: bool
    refit_full: bool
    init_from: Any  # a fitted estimator, the path of a file, or None
    freeze: str | int | list[str] | tuple[str, ...] | None
    unfreeze_epoch: int | None
    lr_layer_decay: float
    n_members: int
    warm_start: bool
    random_state: int | np.random.RandomState | None
    device: str
    precision: str
    callbacks: list[Any] | None  # of skorch, or of the same kind
    verbose: int | bool


class CommonParameters(InputParameters, NetworkParameters, UpdateParameters, FittingParameters, Protocol):
    """All parameters that both estimators have."""

    loss: Any  # a name, or a loss of torch: each estimator takes others


class ClassifierParameters(CommonParameters, Protocol):
    """Those of a classifier: `task.CLASSIFIER` besides."""

    focal_gamma: float
    label_smoothing: float
    class_weight: dict[Any, float] | str | None


class RegressorParameters(CommonParameters, Protocol):
    """Those of a regressor: `task.REGRESSOR` besides."""

    huber_delta: float
    quantile: float
    clip_prediction: bool
