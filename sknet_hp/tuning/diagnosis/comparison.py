"""Simple models trained beside a network, on rows that none of them has seen."""

import warnings
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

import joblib
import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone, is_classifier
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import _safe_indexing

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.evaluation.baselines import make_baseline
from sknet_hp.tuning.diagnosis.curves import Curve, read_curve

MOST_ROWS = 6000
"""Rows that models are compared on, at most: differences that matter show in them."""

N_FOLDS = 3
_MODELS = {"a linear model": "linear", "gradient boosting": "boosting"}
"""What messages call them, and what `make_baseline` does."""

_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, eq=False)
class Baselines:
    """Simple models' out-of-fold predictions.

    Attributes
    ----------
    outputs : by the name of a model, (n_rows, n_classes) probabilities or (n_rows,)
        predictions.
    codes : (n_rows,) the target: class numbers, or numbers.
    classes : (n_classes,) what class numbers stand for; None of numbers.
    folds : (train, test) row numbers.
    """

    outputs: dict[str, np.ndarray]
    codes: np.ndarray
    classes: np.ndarray | None
    folds: list[tuple[np.ndarray, np.ndarray]]

    def compute_losses(self, outputs: np.ndarray, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the log loss, or the squared error by the variance, of each row."""
        codes = self.codes[rows]
        if self.classes is None:
            return (outputs - codes) ** 2 / max(float(np.var(self.codes)), 1e-300)
        chosen = outputs[np.arange(len(codes)), codes]
        return -np.log(np.clip(chosen, _LEAST_PROBABILITY, 1))

    @cached_property
    def constant_loss(self) -> float:
        """The mean loss of the prediction that knows only the target's distribution."""
        if self.classes is None:
            return 1.0
        shares = np.bincount(self.codes, minlength=len(self.classes)) / len(self.codes)
        return float(-np.sum(shares[shares > 0] * np.log(shares[shares > 0])))

    @cached_property
    def best(self) -> str:
        """The name of the model with the lowest loss."""
        return min(self.outputs, key=lambda name: float(self.compute_losses(self.outputs[name]).mean()))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Networks of the same parameters beside simple models, in the same folds.

    Attributes
    ----------
    baselines : simple models.
    losses : (n_rows,) of the networks, each row by that which has not seen it.
    fitted_losses : (n_rows,) the same by those that were trained on it, in the mean.
    own_losses : (n_rows,) of the network that was given, which may have seen the rows.
    curve : of the first training, with the rows of its fold to validate on if it holds
        out none.
    """

    baselines: Baselines
    losses: np.ndarray
    fitted_losses: np.ndarray
    own_losses: np.ndarray
    curve: Curve


def compare_with_baselines(
    estimator: Any, X: Any, y: Any, random_state: int, constant: float | None, changes: Mapping[str, Any] | None = None
) -> Comparison:
    """Train a network of the same parameters, and simple models, beside each other.

    Parameters
    ----------
    estimator : fitted network, or the pipeline that ends with it.
    X, y : rows of its table.
    random_state : int
        Which rows are drawn, if there are many, and how they are split.
    constant : float or None
        The training loss of the prediction that knows nothing.
    changes : dict or None
        Parameters of the networks that are not the estimator's own.
    """
    rng = np.random.default_rng(random_state)
    rows = np.arange(len(y)) if len(y) <= MOST_ROWS else np.sort(rng.choice(len(y), MOST_ROWS, replace=False))
    X, y = _safe_indexing(X, rows), _safe_indexing(y, rows)
    baselines = get_baselines(X, y, is_classifier(estimator), random_state)
    return _train_beside(estimator, X, y, baselines, constant, changes or {})


def compute_lack(difference: np.ndarray, constant_loss: float) -> tuple[float, float]:
    """Return a mean difference of losses by the constant's loss, and by its error."""
    error = float(np.std(difference, ddof=1)) / len(difference) ** 0.5
    return float(difference.mean()) / constant_loss, float(difference.mean()) / max(error, 1e-12)


# ---- the network ---------------------------------------------------------------------------------------------------


def _train_beside(
    estimator: Any, X: Any, y: Any, baselines: Baselines, constant: float | None, changes: Mapping[str, Any]
) -> Comparison:
    """Train a network in each fold, on the rows that simple models were trained on.

    One alone may be unlucky in the rows that it stops by.
    """
    losses, fitted_losses, curves = np.zeros(len(y)), np.zeros(len(y)), []
    tasks = [delayed(_train_in_fold)(estimator, X, y, train, test, changes) for train, test in baselines.folds]
    trained = Parallel(pre_dispatch="all")(tasks)
    for (train, test), (network, X_train, X_test) in zip(baselines.folds, trained, strict=True):
        losses[test] = baselines.compute_losses(_predict(network, X_test, baselines.classes), test)
        known = baselines.compute_losses(_predict(network, X_train, baselines.classes), train)
        fitted_losses[train] += known / (len(baselines.folds) - 1)
        curves.append(read_curve(network.history_, len(network.history_), constant))
    own_losses = baselines.compute_losses(_predict(estimator, X, baselines.classes))
    return Comparison(baselines, losses, fitted_losses, own_losses, curves[0])


def _train_in_fold(
    estimator: Any, X: Any, y: Any, train: np.ndarray, test: np.ndarray, changes: Mapping[str, Any]
) -> tuple[Any, Any, Any]:
    """Return a trained network, and the rows of both parts as it is given them."""
    prefix, network = find_last_step(clone(estimator))
    X_train, X_test = _safe_indexing(X, train), _safe_indexing(X, test)
    y_train, y_test = _safe_indexing(y, train), _safe_indexing(y, test)
    if prefix:
        steps = clone(estimator)[:-1]
        X_train, X_test = steps.fit_transform(X_train, y_train), steps.transform(X_test)
    network.set_params(verbose=0, callbacks=None, warm_start=False, **changes)
    held_out = {} if network.early_stopping or network.refit_full else {"X_val": X_test, "y_val": y_test}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return network.fit(X_train, y_train, **held_out), X_train, X_test


def _predict(network: Any, X: Any, classes: np.ndarray | None) -> np.ndarray:
    """Return probabilities of all classes, or predictions."""
    if classes is None:
        return np.asarray(network.predict(X), dtype=float)
    probabilities = network.predict_proba(X)
    outputs = np.zeros((len(probabilities), len(classes)))
    known = np.isin(network.classes_, classes)  # the rows may lack a class
    outputs[:, np.searchsorted(classes, network.classes_[known])] = probabilities[:, known]
    return outputs


# ---- simple models -------------------------------------------------------------------------------------------------

_KEPT: dict[str, "Future[Baselines]"] = {}
_MOST_KEPT = 8
_LOCK = Lock()


def get_baselines(X: Any, y: Any, classification: bool, random_state: int) -> Baselines:
    """Return simple models' out-of-fold predictions, kept for the next call.

    Many networks of one table are looked at in a row, as in a search.
    """
    key = joblib.hash((X, y, classification, random_state))
    with _LOCK:
        known = _KEPT.get(key)
        if known is None:
            while len(_KEPT) >= _MOST_KEPT:
                _KEPT.pop(next(iter(_KEPT)))
            own = _KEPT[key] = Future()
    if known is not None:
        return known.result()  # of another thread, maybe, that still trains them
    try:
        own.set_result(_train_baselines(X, y, classification, random_state))
    except BaseException as error:
        with _LOCK:
            _KEPT.pop(key, None)
        own.set_exception(error)
        raise
    return own.result()


def _train_baselines(X: Any, y: Any, classification: bool, random_state: int) -> Baselines:
    y = np.asarray(y)
    classes, codes = np.unique(y, return_inverse=True) if classification else (None, y.astype(float))
    folds = _make_folds(codes, classification, random_state)
    outputs = {}
    for name, kind in _MODELS.items():
        if kind == "boosting" and hasattr(X, "tocsr"):
            continue  # trees take no sparse tables
        model = make_baseline(kind, "classification" if classification else "regression", 0)
        shape = (len(codes), len(classes)) if classes is not None else (len(codes),)
        outputs[name] = np.zeros(shape)
        for train, test in folds:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted = model.fit(_safe_indexing(X, train), codes[train])
                if classes is None:
                    outputs[name][test] = fitted.predict(_safe_indexing(X, test))
                else:
                    outputs[name][np.ix_(test, fitted.classes_)] = fitted.predict_proba(_safe_indexing(X, test))
    return Baselines(outputs, codes, classes, folds)


def _make_folds(codes: np.ndarray, classification: bool, random_state: int) -> list[tuple[np.ndarray, np.ndarray]]:
    if classification and np.bincount(codes).min() >= N_FOLDS:
        return list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=random_state).split(codes, codes))
    return list(KFold(N_FOLDS, shuffle=True, random_state=random_state).split(codes))
