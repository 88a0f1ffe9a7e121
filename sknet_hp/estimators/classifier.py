"""`NetClassifier`: neural networks that classify."""

from collections.abc import Sequence
from functools import wraps
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import Tags
from torch import nn

from sknet_hp.estimators.attributes import CLASSIFIER_ATTRIBUTES
from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.building.losses import choose_class_loss
from sknet_hp.estimators.parameters import CLASSIFIER
from sknet_hp.estimators.signatures import document_estimator, list_constraints
from sknet_hp.estimators.targets.class_weight import balance_classes, read_class_weights, weigh_rows
from sknet_hp.estimators.targets.labels import ClassTarget, is_integer_array, is_multilabel
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.training.rules.torch_loss import TorchLoss


@document_estimator(CLASSIFIER, CLASSIFIER_ATTRIBUTES)
class NetClassifier(ClassifierMixin, BaseNet):
    """A neural network that classifies the rows of a table.

    The table may have numbers, text, categories, dates and missing values: the network
    scales and encodes them itself, learning from the training rows only. Some of the
    rows are held out, and training stops when the loss on them no longer improves.

    Every parameter has a default. Search `lr` first, then `dropout`, `weight_decay`,
    `width` and `n_layers`. All parameters, by group:

    {groups}

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Notes
    -----
    If training diverges (a loss or a weight is no longer finite), it ends with a
    `ConvergenceWarning` and the weights from before that epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> NetClassifier(random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = list_constraints(CLASSIFIER)
    target_: ClassTarget

    def __init__(
        self,
        *,
        numeric_transform: str | None = "standard",
        num_embedding: str | None = "ple",
        num_embedding_dim: int | None = None,
        num_frequencies: int | None = None,
        num_sigma: float | None = None,
        num_bins: int = 32,
        max_one_hot: int = 100,
        cat_embedding_dim: int = 0,
        text_encoding: str | None = "words",
        module: str | type[nn.Module] = "mlp",
        module_params: dict[str, Any] | None = None,
        n_layers: int = 2,
        width: int = 128,
        hidden_layer_sizes: Sequence[int] | None = None,
        activation: str | None = "silu",
        parametric_activation: bool = False,
        hidden_factor: float = 2.0,
        residual_dropout: float = 0.0,
        n_heads: int = 32,
        feature_scale: bool = False,
        init: str = "auto",
        zero_output: bool = False,
        dropout: float = 0.1,
        dropout_schedule: str = "constant",
        input_dropout: float = 0.0,
        normalization: str | None = "none",
        norm_momentum: float = 0.1,
        norm_eps: float = 1e-5,
        loss: Any = "auto",
        focal_gamma: float = 2.0,
        label_smoothing: float = 0.0,
        input_noise: float = 0.0,
        mixup_alpha: float = 0.0,
        optimizer: str = "adamw",
        lr: float = 2e-3,
        lr_schedule: str = "constant",
        lr_warmup: float = 0,
        lr_min_factor: float = 0.0,
        lr_gamma: float = 0.1,
        lr_step_epochs: int | None = None,
        lr_cycles: int = 1,
        lr_cycle_mult: float = 1,
        lr_patience: int = 5,
        lr_scaling: str | None = "none",
        base_batch_size: int = 256,
        weight_decay: float = 1e-2,
        weight_decay_mode: str = "auto",
        weight_decay_schedule: str = "constant",
        l1: float = 0.0,
        momentum: float = 0.9,
        beta1: float = 0.9,
        beta2: float = 0.999,
        alpha: float = 0.99,
        eps: float = 1e-8,
        grad_clip_norm: float | None = None,
        lr_factor_bias: float = 1.0,
        lr_factor_scale: float = 1.0,
        lr_factor_activation: float = 1.0,
        lr_factor_num_embedding: float = 1.0,
        weight_averaging: str | None = "auto",
        ema_decay: float = 0.999,
        swa_start: float = 0.75,
        batch_size: float | str = "auto",
        max_epochs: int = 100,
        schedule_epochs: int | None = None,
        early_stopping: bool = True,
        patience: int = 10,
        min_delta: float = 0.0,
        stopping_metric: str = "loss",
        validation_fraction: float | str = "auto",
        validation_split: Any = None,
        restore_best: bool = True,
        refit_full: bool = False,
        class_weight: dict[Any, float] | str | None = None,
        init_from: Any = None,
        freeze: str | int | list[str] | tuple[str, ...] | None = None,
        unfreeze_epoch: int | None = None,
        lr_layer_decay: float = 1.0,
        n_members: int = 1,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        device: str = "cpu",
        precision: str = "float32",
        callbacks: list[Any] | None = None,
        verbose: int | bool = 0,
    ):
        self.numeric_transform = numeric_transform
        self.num_embedding = num_embedding
        self.num_embedding_dim = num_embedding_dim
        self.num_frequencies = num_frequencies
        self.num_sigma = num_sigma
        self.num_bins = num_bins
        self.max_one_hot = max_one_hot
        self.cat_embedding_dim = cat_embedding_dim
        self.text_encoding = text_encoding
        self.module = module
        self.module_params = module_params
        self.n_layers = n_layers
        self.width = width
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.parametric_activation = parametric_activation
        self.hidden_factor = hidden_factor
        self.residual_dropout = residual_dropout
        self.n_heads = n_heads
        self.feature_scale = feature_scale
        self.init = init
        self.zero_output = zero_output
        self.dropout = dropout
        self.dropout_schedule = dropout_schedule
        self.input_dropout = input_dropout
        self.normalization = normalization
        self.norm_momentum = norm_momentum
        self.norm_eps = norm_eps
        self.loss = loss
        self.focal_gamma = focal_gamma
        self.label_smoothing = label_smoothing
        self.input_noise = input_noise
        self.mixup_alpha = mixup_alpha
        self.optimizer = optimizer
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.lr_warmup = lr_warmup
        self.lr_min_factor = lr_min_factor
        self.lr_gamma = lr_gamma
        self.lr_step_epochs = lr_step_epochs
        self.lr_cycles = lr_cycles
        self.lr_cycle_mult = lr_cycle_mult
        self.lr_patience = lr_patience
        self.lr_scaling = lr_scaling
        self.base_batch_size = base_batch_size
        self.weight_decay = weight_decay
        self.weight_decay_mode = weight_decay_mode
        self.weight_decay_schedule = weight_decay_schedule
        self.l1 = l1
        self.momentum = momentum
        self.beta1 = beta1
        self.beta2 = beta2
        self.alpha = alpha
        self.eps = eps
        self.grad_clip_norm = grad_clip_norm
        self.lr_factor_bias = lr_factor_bias
        self.lr_factor_scale = lr_factor_scale
        self.lr_factor_activation = lr_factor_activation
        self.lr_factor_num_embedding = lr_factor_num_embedding
        self.weight_averaging = weight_averaging
        self.ema_decay = ema_decay
        self.swa_start = swa_start
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.schedule_epochs = schedule_epochs
        self.early_stopping = early_stopping
        self.patience = patience
        self.min_delta = min_delta
        self.stopping_metric = stopping_metric
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.restore_best = restore_best
        self.refit_full = refit_full
        self.class_weight = class_weight
        self.init_from = init_from
        self.freeze = freeze
        self.unfreeze_epoch = unfreeze_epoch
        self.lr_layer_decay = lr_layer_decay
        self.n_members = n_members
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.callbacks = callbacks
        self.verbose = verbose

    def fit(
        self,
        X: TableLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: TableLike | None = None,
        y_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like, dataframe or sparse matrix of shape (n_rows, n_columns)
            Numbers, text, booleans, categories and dates, with missing values.
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            Labels of any kind. If rows may have several labels, a matrix of 0 and 1,
            dense or sparse.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows. In losses, statistics and standardisation, a row of
            weight 2 counts as two rows, and a row of weight 0 as none. Only the ratios
            of weights matter.
        X_val, y_val : as X and y, default=None
            Rows for validation, in place of rows held out from X. `early_stopping` uses
            them; without early stopping, their loss is recorded.
        groups : array-like of shape (n_rows,), default=None
            Groups of the rows, for a `validation_split` that keeps groups together.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, held_out=self._check_held_out(X_val, y_val), groups=groups)

    def partial_fit(
        self, X: TableLike, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train one more epoch on these rows.

        Encoding and the weights of `class_weight="balanced"` are learned from the rows
        of the first call. No rows are held out, even with `early_stopping`.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`.
        classes : array-like, default=None
            All labels that may occur. They are needed in the first call, unless `fit`
            was called before or `y` is a matrix with a column for each label. Later
            calls may repeat them.
        """
        if classes is None and not hasattr(self, "states_") and not is_multilabel(y):
            raise ValueError(
                "classes must be passed on the first call to partial_fit: all labels that any call will bring, for "
                "example classes=numpy.unique(y) of the whole y"
            )
        return self._fit(X, y, sample_weight, one_epoch=True, classes=classes)

    def predict_proba(self, X: TableLike) -> np.ndarray:
        """Return the probabilities of the classes.

        Returns
        -------
        ndarray of shape (n_rows, n_classes), float64
            Columns are in the order of `classes_`. If rows may have several labels,
            each column has the probability of one label.
        """
        members = [self.target_.compute_probabilities(outputs) for outputs in self._compute_outputs(X)]
        return members[0] if len(members) == 1 else np.mean(members, axis=0)

    def predict_log_proba(self, X: TableLike) -> np.ndarray:
        """Return the logarithms of `predict_proba`, of the same shape.

        They are minus infinity where a probability is zero.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: TableLike) -> np.ndarray:
        """Return the most probable label of each row.

        Returns
        -------
        ndarray of shape (n_rows,), or (n_rows, n_labels)
            If rows may have several labels, a matrix of 0 and 1.
        """
        probabilities = self.predict_proba(X)
        return self.target_.choose_labels(probabilities)

    @wraps(ClassifierMixin.score, assigned=())
    def score(self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on X and y, as scikit-learn's classifiers do."""
        labels = self.predict(X)
        if sample_weight is None and is_integer_array(y) and is_integer_array(labels) and labels.shape == y.shape:
            return float(np.mean(labels == y))  # scikit-learn's function can take longer than the prediction
        return float(accuracy_score(y, labels, sample_weight=sample_weight))

    def _count_outputs(self) -> int:
        return len(self.classes_)

    def _choose_loss(self) -> str | TorchLoss:
        return choose_class_loss(self, self.target_)

    def _read_target(self, y: ArrayLike, *, first: bool, classes: ArrayLike | None) -> np.ndarray:
        if not first:
            self.target_.check_classes(classes)
            return self.target_.encode(y)
        self.target_, codes = ClassTarget.learn(y, classes)
        self.classes_ = self.target_.classes
        return codes

    def _make_targets(
        self, codes: np.ndarray, train: np.ndarray | None, sample_weight: np.ndarray | None
    ) -> np.ndarray:
        return codes if self.target_.multilabel else np.ascontiguousarray(codes, dtype=np.int64)

    def _weigh_rows(self, codes: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        if self.class_weight is None:
            return sample_weight
        if not isinstance(self.class_weight, str):
            weights = read_class_weights(self.target_, self.class_weight)
        else:
            # What is trained on, and rows to validate on, are weighed as the first rows were.
            if not hasattr(self, "balanced_weight_"):
                self.balanced_weight_ = balance_classes(self.target_, codes, sample_weight)
            weights = self.balanced_weight_
        factors = weigh_rows(self.target_, weights, codes)
        return factors if sample_weight is None else factors * sample_weight

    def _choose_strata(self, codes: np.ndarray) -> np.ndarray | None:
        return None if self.target_.multilabel else codes

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
