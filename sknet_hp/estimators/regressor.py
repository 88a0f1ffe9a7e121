"""NetRegressor."""

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags, check_array, column_or_1d

from sknet_hp.estimators.base import BaseNet


class NetRegressor(RegressorMixin, BaseNet):
    """A neural network that predicts numbers from the rows of any table.

    Parameters
    ----------
    n_layers : int, default=2
        Hidden layers; 0 makes a linear model.
    width : int, default=128
        Units of each hidden layer.
    activation : {"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh", "sigmoid", "none"} or None, default="relu"
        What each hidden layer applies. None means "none".
    dropout : float in [0, 1), default=0.0
        Probability with which a hidden unit is left out in a training step.
    normalization : {"none", "batch", "layer"} or None, default="none"
        Between each hidden layer's linear map and its activation. None means "none".
    optimizer : {"adamw", "adam", "sgd", "nesterov", "rmsprop", "adagrad", "lion"}, default="adamw"
        The update rule.
    lr : float, default=2e-3
        Learning rate. Search it first, log-uniformly over about 1e-4 to 1e-1.
    lr_schedule : {"constant", "linear", "cosine"}, default="constant"
        How the learning rate goes from `lr` down to zero over `schedule_epochs`.
    weight_decay : float, default=1e-2
        Decoupled from the gradient for "adamw" and "lion", a penalty in the gradient for the others, as in torch. On all parameters.
    momentum : float in [0, 1), default=0.9
        Of "sgd" and "nesterov".
    beta1, beta2 : float in [0, 1), default=0.9, 0.999
        Decay of the first and second moment of "adam", "adamw" and "lion".
    eps : float, default=1e-8
        Added to the denominator of "adam", "adamw", "rmsprop" and "adagrad".
    batch_size : int or "auto", default="auto"
        Rows in a training step. "auto" is a power of two near 1/32 of the rows, between 16 and 256.
    max_epochs : int, default=30
        Passes over the training rows; with `warm_start`, in all.
    schedule_epochs : int, default=None
        Epochs over which the schedule runs; `max_epochs` if None. Set it to the most a search will train, so that stopping in between does not
        bend the schedule.
    early_stopping : bool, default=False
        Hold out `validation_fraction` of the rows, and stop when the loss on them has not improved for `patience` epochs. The rows held out
        teach the encoding nothing either.
    patience : int, default=10
        Epochs without improvement to wait for, with `early_stopping`.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows to hold out with `early_stopping`.
    restore_best : bool, default=True
        With `early_stopping`, predict with the weights of the best epoch. Training goes on from the last ones all the same.
    warm_start : bool, default=False
        Let `fit` go on where it stopped, up to a larger `max_epochs`: 3 + 6 epochs are 9, bit for bit. The same `max_epochs` again does nothing; a
        smaller one is an error; a network that stopped early stays stopped.
    random_state : int, RandomState instance or None, default=None
        Initial weights, shuffling, dropout and the validation split follow from an integer: so does, then, every bit of the result.
    device : str, default="cpu"
        A torch device, or "auto" for CUDA where there is one. Networks on CUDA train there in cohorts too; `predict` runs on the CPU.
    callbacks : list of skorch callbacks, default=None
        Told of each epoch, with the skorch net `net_` as it then is. Networks with callbacks train in this process.
    verbose : int, default=0
        Print a line for each epoch.

    Attributes
    ----------
    target_mean_, target_scale_ : ndarray of shape (n_targets,)
        What was subtracted from the targets, and what they were divided by.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if all are strings.
    encoder_ : TableEncoder
        What makes the network's inputs out of a table.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        The epoch with the lowest validation loss; without `early_stopping`, the last one.
    loss_curve_ : list of float
        Training loss of each epoch.
    history_ : list of dict
        One row an epoch: epoch, train_loss, valid_loss, valid_acc, duration (this network's share of its cohort's seconds).
    net_ : skorch.NeuralNet
        A skorch net with the weights that `predict` uses, and the history.
    parameters_, buffers_ : ndarray
        The weights that `predict` uses, flat.
    state_ : State
        Where training stands, complete enough to go on from.

    Notes
    -----
    A training that diverges (its loss or weights stop being finite) ends with a `ConvergenceWarning`, and keeps the weights from before that
    epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknet_hp import NetRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> NetRegressor(random_state=0).fit(X, y).score(X, y) > 0.4
    True
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
