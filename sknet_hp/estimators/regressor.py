"""NetRegressor."""

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags, check_array, column_or_1d

from sknet_hp.estimators.base import BaseNet


class NetRegressor(RegressorMixin, BaseNet):
    """A neural network that predicts numbers from the rows of any table.

    PARAMETERS
    """

    _loss = "mse"

    def __init__(
        self,
        *,
        n_layers: int = 2,
        width: int = 128,
        activation: str | None = "relu",
        dropout: float = 0.0,
        normalization: str | None = "none",
        optimizer: str = "adamw",
        lr: float = 2e-3,
        lr_schedule: str = "constant",
        weight_decay: float = 1e-2,
        momentum: float = 0.9,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        batch_size: int | str = "auto",
        max_epochs: int = 30,
        schedule_epochs: int | None = None,
        early_stopping: bool = False,
        patience: int = 10,
        validation_fraction: float = 0.1,
        restore_best: bool = True,
        warm_start: bool = False,
        random_state: Any = None,
        device: str = "cpu",
        callbacks: list | None = None,
        verbose: int | bool = 0,
    ):
        self.n_layers = n_layers
        self.width = width
        self.activation = activation
        self.dropout = dropout
        self.normalization = normalization
        self.optimizer = optimizer
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.schedule_epochs = schedule_epochs
        self.early_stopping = early_stopping
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.restore_best = restore_best
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like or dataframe of shape (n_rows, n_columns)
            Numbers, strings, booleans and categories, with missing values.
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
            Standardised for training, by the mean and standard deviation of the training rows.
        sample_weight : array-like of shape (n_rows,), default=None
            A row of weight 2 counts as two rows in losses, statistics and standardisation.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one more epoch, on these rows.

        Encoding, and the target's mean and scale, are learned from the rows of the first call. No rows are held out, whatever
        `early_stopping` says.
        """
        return self._fit(X, y, sample_weight, one_epoch=True)

    def predict(self, X: Any) -> np.ndarray:
        """Predicted values, float64 of shape (n_rows,), or (n_rows, n_targets) if `y` had two dimensions."""
        outputs = self._outputs(X).astype(np.float64)
        values = outputs * self.target_scale_ + self.target_mean_
        return values[:, 0] if self.n_targets_ is None else values

    def _n_outputs(self) -> int:
        return len(self.target_mean_)

    def _encode_target(self, y: Any, sample_weight: np.ndarray | None, *, first: bool, classes: Any) -> np.ndarray:
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y", allow_nd=False)
        flat = y.ndim == 1 or y.shape[1] == 1
        if y.ndim == 2 and flat:
            y = column_or_1d(y, warn=True)
        n_targets = None if flat else y.shape[1]
        if first:
            self.n_targets_ = n_targets
        elif n_targets != self.n_targets_:
            raise ValueError(f"y has {n_targets or 1} columns, but this network was trained for {self.n_targets_ or 1}")
        return y.reshape(len(y), -1)

    def _targets(self, codes: np.ndarray, train: np.ndarray | None, sample_weight: np.ndarray | None) -> np.ndarray:
        if not hasattr(self, "target_mean_"):
            rows = slice(None) if train is None else train
            weight = None if sample_weight is None else sample_weight[rows]
            self.target_mean_ = np.average(codes[rows], axis=0, weights=weight)
            spread = np.sqrt(np.average((codes[rows] - self.target_mean_) ** 2, axis=0, weights=weight))
            self.target_scale_ = np.where(spread > 1e-12 * np.abs(self.target_mean_), spread, 1.0)
            self.target_scale_[self.target_scale_ == 0] = 1.0
        return ((codes - self.target_mean_) / self.target_scale_).astype(np.float32)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
