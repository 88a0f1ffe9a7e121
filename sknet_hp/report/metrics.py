"""Metrics and resources as people read them."""

_ABBREVIATIONS = {"auc", "roc", "ovo", "ovr", "f1", "r2", "d2"}


def describe_metric(metric: str) -> tuple[str, int]:
    """Return what an axis calls a metric, and what its values are multiplied by.

    Parameters
    ----------
    metric : as scikit-learn names it; those that begin with "neg_" are errors with a
        minus sign.

    Returns
    -------
    label : its name in plain words.
    sign : -1 of an error, so that it is positive and lower is better; 1 of a score.
    """
    is_error = metric.startswith("neg_")
    words = metric.removeprefix("neg_").split("_")
    label = " ".join(word.upper() if word in _ABBREVIATIONS else word for word in words)
    return label + (" (lower is better)" if is_error else ""), -1 if is_error else 1


def write_resource(amount: float, name: str) -> str:
    """Return an amount of a resource, such as "1 epoch" or "27 epochs"."""
    return f"{amount:,.6g} {name.removesuffix('s') if amount == 1 else name}"
