"""Steps of pipelines that leave columns as they are."""

from typing import Any

from sklearn.preprocessing import FunctionTransformer


def keeps_columns(step: Any) -> bool:
    """Return whether a step gives on new rows as it was given them.

    Samplers of imbalanced-learn do: they choose among the rows of training alone.
    """
    if step is None or isinstance(step, str):
        return step in (None, "passthrough")
    if isinstance(step, FunctionTransformer):
        return step.func is None
    return hasattr(step, "fit_resample") and not hasattr(step, "transform")
