"""What a card says first: what the model predicts, and what it is."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.ensemble import BaggingClassifier, BaggingRegressor, VotingClassifier, VotingRegressor
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.words import join_words
from sknet_hp.sharing.cards.markdown import write_code
from sknet_hp.sharing.thresholds import read_threshold

_MOST_CLASSES = 8
_AVERAGES = (BaggingClassifier, BaggingRegressor, VotingClassifier, VotingRegressor)


def describe_task(model: Any, target: str | None) -> str:
    """Return in a few sentences what a fitted model predicts, and what it is."""
    what = "the target" if target is None else write_code(target)
    columns = getattr(model, "n_features_in_", None)
    given = "" if columns is None else f" from {format_count(columns, 'column')} of a table"
    predicted = _describe_classes(model, what) if is_classifier(model) else _describe_numbers(model, what)
    sentences = [f"Predicts {predicted}{given}.", _describe_kind(model), _describe_threshold(model)]
    return " ".join(sentence for sentence in sentences if sentence)


def has_one_label(model: Any) -> bool:
    """Return whether a classifier predicts one class for each row."""
    target = getattr(_find_network(model), "target_", None)
    return not isinstance(model.classes_, list) and not getattr(target, "multilabel", False)


def _describe_classes(model: Any, what: str) -> str:
    if isinstance(model.classes_, list):
        return f"{what}, {format_count(len(model.classes_), 'label')} per row"
    shown = [write_code(str(each)) for each in np.asarray(model.classes_)[:_MOST_CLASSES]]
    more = len(model.classes_) - len(shown)
    names = f"{', '.join(shown)} and {more} more" if more else join_words(shown)
    if has_one_label(model):
        return f"{what}, one of {len(model.classes_):,} classes ({names})"
    return f"{what}, any of {len(model.classes_):,} labels ({names})"


def _describe_numbers(model: Any, what: str) -> str:
    net = _find_network(model)
    if net is None:
        return f"{what}, a number"
    n_targets = len(net.target_.mean)
    kind = "count" if net.target_.counts else "number"
    part = {"mae": "the median of ", "quantile": f"the {net.quantile:g} quantile of "}.get(net.loss, "")
    return f"{part}{what}, {f'a {kind}' if n_targets == 1 else format_count(n_targets, kind)}"


def _find_network(model: Any) -> Any:
    """Return a network that predicts as the model does; None if there is none."""
    members = list(model.estimators_) if _is_average(model) else [model]
    _, last = find_last_step(members[0])
    return last if isinstance(last, BaseNet) else None


def _is_average(model: Any) -> bool:
    return isinstance(model, _AVERAGES) and getattr(model, "voting", "soft") == "soft"


def _describe_kind(model: Any) -> str:
    """Return what the model is: a network of some size, or what is around networks."""
    if _is_average(model) and all(isinstance(find_last_step(each)[1], BaseNet) for each in model.estimators_):
        return f"It is the average of {format_count(len(model.estimators_), 'network')}."
    _, last = find_last_step(model)
    if not isinstance(last, BaseNet):
        origin = " of scikit-learn" if type(model).__module__.startswith("sklearn.") else ""
        return f"It is a {type(model).__name__}{origin}."
    module = last.module if isinstance(last.module, str) else getattr(last.module, "__name__", str(last.module))
    n_members, n_weights = last.parameters_.shape
    network = f"a neural network ({module}) of {n_weights:,} weights"
    if n_members > 1:
        network = f"{n_members} neural networks ({module}), averaged, of {n_weights:,} weights each"
    return f"It is {network}." if last is model else f"It is a pipeline that ends with {network}."


def _describe_threshold(model: Any) -> str:
    """Return from where on a class is predicted, if that is a model's own choice."""
    if not isinstance(model, (FixedThresholdClassifier, TunedThresholdClassifierCV)):
        return ""
    threshold, positive = read_threshold(model)
    score = "score" if model.response_method == "decision_function" else "probability"
    return f"It predicts {write_code(str(model.classes_[positive]))} from a {score} of {threshold:.3g} on."
