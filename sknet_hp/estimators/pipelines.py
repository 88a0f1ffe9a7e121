"""Pipelines, as searches and findings look at them."""

from typing import Any

from sklearn.pipeline import Pipeline


def find_last_step(estimator: Any) -> tuple[str, Any]:
    """Return the estimator that a pipeline ends with, after the prefix of its names."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator
