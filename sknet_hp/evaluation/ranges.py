"""What values metrics of scikit-learn's can have."""

from math import inf

_SHARES = (
    "accuracy",
    "balanced_accuracy",
    "top_k_accuracy",
    "average_precision",
    "f1",
    "precision",
    "recall",
    "jaccard",
    "roc_auc",
    "auc",
)
"""Names, or how names begin, of metrics between 0 and 1."""

_AT_MOST_ONE = ("r2", "explained_variance", "d2_", "matthews_corrcoef")
_NEGATIVE = ("neg_",)


def find_range(metric: str) -> tuple[float, float]:
    """Return the least and the greatest value of a metric, by its name.

    They are infinite where the name says nothing. Users write "AUC", too.
    """
    metric = metric.lower()
    for names, bounds in ((_SHARES, (0.0, 1.0)), (_AT_MOST_ONE, (-inf, 1.0)), (_NEGATIVE, (-inf, 0.0))):
        if metric.startswith(names):
            return bounds
    return -inf, inf


def limit_interval(metric: str, low: float, high: float) -> tuple[float, float]:
    """Return an interval that ends where the metric does, at an accuracy of 1, say.

    If its middle lies outside, the metric is another one of this name: a percentage.
    """
    least, greatest = find_range(metric)
    if not least <= (low + high) / 2 <= greatest:
        return float(low), float(high)
    return max(float(low), least), min(float(high), greatest)
