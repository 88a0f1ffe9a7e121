"""What a card says of the model itself: what it predicts, with which parameters."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.formatting.numbers import format_count, format_percentage
from sknet_hp.formatting.values import format_value
from sknet_hp.formatting.words import join_words
from sknet_hp.sharing.cards.markdown import write_code, write_table
from sknet_hp.sharing.cards.members import describe_members, list_changed

_MOST_CLASSES = 8


def describe_task(model: Any, target: str | None) -> str:
    """Return in two sentences what a fitted model predicts, and what it is."""
    what = "the target" if target is None else write_code(target)
    columns = getattr(model, "n_features_in_", None)
    given = "" if columns is None else f" from {format_count(columns, 'column')} of a table"
    if is_classifier(model):
        classes = [write_code(str(each)) for each in np.asarray(model.classes_)[:_MOST_CLASSES]]
        more = len(model.classes_) - len(classes)
        names = f"{', '.join(classes)} and {more} more" if more else join_words(classes)
        sentence = f"Predicts {what}, one of {len(model.classes_):,} classes ({names}){given}."
    else:
        sentence = f"Predicts {what}, a number{given}."
    return f"{sentence} {_describe_kind(model)}".strip()


def _describe_kind(model: Any) -> str:
    """Return what the model is: a network of some size, or what is around networks."""
    members = getattr(model, "estimators_", None)
    if members is not None and all(isinstance(find_last_step(each)[1], BaseNet) for each in members):
        return f"It is the average of {format_count(len(members), 'network')}."
    _, last = find_last_step(model)
    if not isinstance(last, BaseNet):
        return f"It is a {type(model).__name__} of scikit-learn."
    module = last.module if isinstance(last.module, str) else getattr(last.module, "__name__", str(last.module))
    n_members, n_weights = last.parameters_.shape
    network = f"a neural network ({module}) of {n_weights:,} weights"
    if n_members > 1:
        network = f"{n_members} neural networks ({module}), averaged, of {n_weights:,} weights each"
    return f"It is {network}." if last is model else f"It is a pipeline that ends with {network}."


def describe_parameters(model: Any, searched: Sequence[str]) -> str:
    """Return the section on parameters: those that differ from the defaults.

    Parameters
    ----------
    model : the fitted model.
    searched : the names of those that a search has chosen.
    """
    if isinstance(model, (AveragedClassifier, AveragedRegressor)):
        return describe_members(model)
    changed = list_changed(model)
    if not changed:
        return "All parameters have their default values."
    rows = [
        (write_code(name), format_value(value), "chosen by the search" if name in searched else "")
        for name, value in sorted(changed, key=lambda each: each[0] not in searched)
    ]
    marked = any(mark for *_, mark in rows)
    table = write_table(("parameter", "value", *[""][:marked]), [row[: 2 + marked] for row in rows])
    return f"{table}\n\nAll other parameters have their default values."


def describe_limits(model: Any, n_rows: int | None, own: str | None, gap: float | None = None) -> str:
    """Return the section on limits: the author's, and those of every such model.

    Parameters
    ----------
    model : the fitted model.
    n_rows : it was trained on; None if that is unknown.
    own : what the author says.
    gap : the expected calibration error on new rows; None if that is unknown.
    """
    lines = []
    if is_classifier(model):
        lines.append("It always predicts one of these classes, even for rows that belong to none of them.")
        lines.append(
            "Its probabilities may not be calibrated. Check them before you act on them."
            if gap is None
            else f"On new rows its probabilities were off by {format_percentage(gap, 1)} on average, compared with how "
            f"often they came true (expected calibration error)."
        )
    lines.append("It knows only its training rows. Predictions for rows from another place or time may be worse.")
    lines.append("It finds associations in the data, not causes.")
    if n_rows is not None and n_rows < 1000:
        lines.append(
            f"It was trained on only {format_count(n_rows, 'row')}, so its scores would vary widely from sample to "
            f"sample."
        )
    text = "\n".join(f"- {line}" for line in lines)
    return text if own is None else f"{own}\n\n{text}"
