"""Scores for a person: errors as positive numbers, metrics by their common names."""

_TITLES = {
    "r2": "R²",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "roc_auc_ovr": "ROC AUC (each class against the rest)",
    "roc_auc_ovo": "ROC AUC (each class against each)",
}

_ERROR = "neg_"
"""How scikit-learn's names of errors begin, whose scores are their negatives."""


def is_error(scoring: str) -> bool:
    """Return whether a scorer is the negative of an error."""
    return scoring.startswith(_ERROR)


def name_metric(scoring: str) -> str:
    """Return what a scorer measures, in words.

    >>> name_metric("neg_mean_absolute_error")
    'mean absolute error'
    """
    return _TITLES.get(scoring, scoring.removeprefix(_ERROR).replace("_", " "))


def write_score(scoring: str, score: float) -> str:
    """Return a score, of errors the error itself.

    >>> write_score("neg_mean_absolute_error", -31250.4)
    '31,250'
    """
    return write_number(-score if is_error(scoring) else score)


def write_interval(scoring: str, low: float, high: float) -> str:
    """Return the interval of a score, from its lower to its upper end."""
    ends = (high, low) if is_error(scoring) else (low, high)
    first, last = (write_score(scoring, end) for end in ends)
    return f"{first} to {last}"


def write_number(value: float) -> str:
    """Return a number with four digits after the point, or four that count."""
    value = 0.0 if abs(value) < 5e-5 else value  # not -0.0000
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}" if abs(value) < 1e3 else f"{value:,.0f}"


def write_difference(value: float) -> str:
    """Return a difference of scores, with its sign."""
    return f"{'-' if value < 0 else '+'}{write_number(abs(value))}"
