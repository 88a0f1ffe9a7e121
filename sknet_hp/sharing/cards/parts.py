"""What a card says of the model's parameters and of its limits."""

from collections.abc import Sequence
from typing import Any

from sklearn.base import is_classifier

from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor
from sknet_hp.formatting.numbers import format_count, format_percentage
from sknet_hp.formatting.values import format_value
from sknet_hp.sharing.cards.markdown import escape_text, write_code, write_table
from sknet_hp.sharing.cards.members import describe_members, list_changed
from sknet_hp.sharing.cards.task import has_one_label


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
        (write_code(name), escape_text(format_value(value)), "chosen by the search" if name in searched else "")
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
        if has_one_label(model):
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
