"""NetClassifier."""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, column_or_1d, compute_sample_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from sknet_hp.estimators.base import BaseNet


def _labels(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the distinct labels, sorted; the number of each row's label among them)."""
    if y.dtype.kind in "iu" and len(y):
        low, high = int(y.min()), int(y.max())
        if high - low < 1000 and high < 2**62:  # as below, without sorting
            shifted = y.astype(np.int64) - low
            present = np.bincount(shifted) > 0
            return (np.flatnonzero(present) + low).astype(y.dtype), (np.cumsum(present) - 1)[shifted]
    check_classification_targets(y)
    seen, codes = np.unique(y, return_inverse=True)
    return seen, codes


class NetClassifier(ClassifierMixin, BaseNet):
    """A neural network that classifies the rows of any table.

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
        Share of the rows to hold out with `early_stopping`, class by class.
    restore_best : bool, default=True
        With `early_stopping`, predict with the weights of the best epoch. Training goes on from the last ones all the same.
    label_smoothing : float in [0, 1), default=0.0
        Share of each training target that is spread evenly over the classes. Validation losses are not smoothed.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, by label; "balanced" makes all classes count the same. They multiply `sample_weight` in the loss.
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
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
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
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> NetClassifier(random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    _loss = "cross_entropy"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNet._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

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
        label_smoothing: float = 0.0,
        class_weight: Any = None,
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
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
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
        y : array-like of shape (n_rows,)
            Labels of any kind.
        sample_weight : array-like of shape (n_rows,), default=None
            A row of weight 2 counts as two rows in losses, statistics and standardisation.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one more epoch, on these rows.

        Encoding is learned from the rows of the first call. No rows are held out, whatever `early_stopping` says.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`.
        classes : array-like, default=None
            All labels that any call will bring; needed in the first call if its `y` does not show them all.
        """
        return self._fit(X, y, sample_weight, one_epoch=True, classes=classes)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes, float64 of shape (n_rows, n_classes), columns in the order of `classes_`."""
        outputs = self._outputs(X).astype(np.float64)
        outputs -= outputs.max(axis=1, keepdims=True)
        np.exp(outputs, out=outputs)
        outputs /= outputs.sum(axis=1, keepdims=True)
        return outputs

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row, shape (n_rows,)."""
        best = self._outputs(X).argmax(axis=1)
        return self.classes_[best]

    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _encode_target(self, y: Any, sample_weight: np.ndarray | None, *, first: bool, classes: Any) -> np.ndarray:
        y = column_or_1d(y, warn=True)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        seen, codes = _labels(y)
        if first:
            self.classes_ = seen if classes is None else unique_labels(np.asarray(classes))
        if len(seen) != len(self.classes_) or (seen != self.classes_).any():
            unknown = np.setdiff1d(seen, self.classes_)
            if len(unknown):
                raise ValueError(
                    f"y holds the labels {unknown[:5].tolist()}, which are not among the classes {self.classes_[:10].tolist()} this network knows"
                )
            codes = np.searchsorted(self.classes_, y)
        return codes

    def _targets(self, codes: np.ndarray, train: np.ndarray | None, sample_weight: np.ndarray | None) -> np.ndarray:
        return np.ascontiguousarray(codes, dtype=np.int64)

    def _training_weight(self, y: Any, sample_weight: np.ndarray | None) -> np.ndarray | None:
        if self.class_weight is None:
            return sample_weight
        by_class = compute_sample_weight(self.class_weight, column_or_1d(y))
        return by_class if sample_weight is None else by_class * sample_weight

    def _strata(self, codes: np.ndarray) -> np.ndarray | None:
        return codes
