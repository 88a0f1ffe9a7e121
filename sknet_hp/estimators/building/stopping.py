"""From an estimator's parameters to what the epochs of a training are judged by."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer

from sknet_hp.estimators.building.update import read_loss_parameter
from sknet_hp.estimators.parameters.protocols import CommonParameters, FittingParameters
from sknet_hp.estimators.targets.labels import ClassTarget
from sknet_hp.estimators.targets.numbers import NumberTarget
from sknet_hp.training.rules.stopping import Stopping
from sknet_hp.training.rules.torch_loss import TorchLoss


def make_stopping(net: FittingParameters) -> Stopping:
    """Return when training stops, where there are rows to validate on."""
    return Stopping(net.patience if net.early_stopping else None, float(net.min_delta))


class _ClassOutputs(ClassifierMixin, BaseEstimator):
    """A fitted classifier for scorers, whose X are a network's outputs."""

    def __init__(self, target: ClassTarget):
        self.target, self.classes_ = target, target.classes

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the labels that the outputs stand for."""
        return self.target.predict(X)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities that the outputs stand for."""
        return self.target.compute_probabilities(X)


class _NumberOutputs(RegressorMixin, BaseEstimator):
    """A fitted regressor for scorers, whose X are a network's outputs."""

    def __init__(self, target: NumberTarget, clip: bool):
        self.target, self.clip = target, clip

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the predictions that the outputs stand for."""
        return self.target.predict(X, clip=self.clip)


@dataclass(frozen=True, eq=False)
class ScorerMetric:
    """A scikit-learn scorer over a network's outputs for some rows.

    It can be pickled, for it may be called in a worker.

    Attributes
    ----------
    name : of the scorer.
    target : what outputs mean.
    clip : whether predictions are kept within the range of the training targets.
    y : of the rows, as class numbers, an indicator matrix or numbers in their own
        units.
    weight : `sample_weight` of the rows, or None. `class_weight` is for the loss alone.
    """

    name: str
    target: ClassTarget | NumberTarget
    clip: bool
    y: np.ndarray
    weight: np.ndarray | None

    def __call__(self, outputs: np.ndarray) -> float:
        """Return the score of outputs, the higher the better."""
        model = (
            _ClassOutputs(self.target)
            if isinstance(self.target, ClassTarget)
            else _NumberOutputs(self.target, self.clip)
        )
        arguments = {} if self.weight is None else {"sample_weight": self.weight}
        try:
            score = float(get_scorer(self.name)(model, outputs, self.target.decode(self.y), **arguments))
            if np.isnan(score):  # it would be so in each epoch, and the first would pass for the best
                raise ValueError("the score is not a number")
            return score
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(
                f"stopping_metric={self.name!r} can not be computed on the {len(self.y)} rows held out ({error}); use "
                f"'loss', or {_suggest_instead_of_scorer(str(error))}"
            ) from error


def _suggest_instead_of_scorer(refusal: str) -> str:
    """Return what helps where a scorer refuses the rows held out, by its error."""
    if "'sample_weight'" in refusal:
        return "a scorer that takes weights"
    if "pos_label" in refusal:
        return "a scorer without a positive class, such as 'f1_macro' or 'roc_auc', or give labels of 0 and 1"
    return "another scorer, or hold out more rows"


def make_scorer_metric(
    net: FittingParameters, target: ClassTarget | NumberTarget, y: np.ndarray, weight: np.ndarray | None
) -> ScorerMetric | None:
    """Return the scorer that early stopping follows, or None if it follows the loss.

    Parameters
    ----------
    net : an estimator.
    target : what outputs mean.
    y, weight : of the rows held out.
    """
    if not net.early_stopping or net.stopping_metric == "loss":
        return None
    return ScorerMetric(net.stopping_metric, target, _has_clipped_predictions(net), y, weight)


def describe_judgement(net: CommonParameters, loss: str | TorchLoss, own_rows: bool) -> dict[str, Any]:
    """Return all that the epochs of a training are judged by.

    Epochs can be compared only where it is the same.
    """
    followed = net.stopping_metric if net.early_stopping else "loss"
    if followed != "loss":
        return {"metric": followed, "own_rows": own_rows, "clip": _has_clipped_predictions(net)}
    return {
        "metric": followed,
        "own_rows": own_rows,
        "parameter": read_loss_parameter(net, loss),
        "class_weight": getattr(net, "class_weight", None),  # classifiers alone have it
    }


def _has_clipped_predictions(net: FittingParameters) -> bool:
    return getattr(net, "clip_prediction", False)  # regressors alone have it
