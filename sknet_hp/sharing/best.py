"""The model that a search has found."""

from typing import Any

from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def take_best(model: Any) -> Any:
    """Return the best estimator of a search, also at the end of a pipeline.

    Another fitted model is returned as it is.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    ValueError
        If a search has not fitted its best candidate on all rows.
    """
    check_is_fitted(model)
    if isinstance(model, Pipeline):
        *steps, (name, last) = model.steps
        best = take_best(last)
        return model if best is last else Pipeline([*steps, (name, best)])
    if not isinstance(model, BaseSearchCV) and not hasattr(model, "best_params_"):  # which others' searches have
        return model
    if not hasattr(model, "best_estimator_"):
        raise ValueError(f"this {type(model).__name__} was run with refit=False and has no best_estimator_; set refit")
    return take_best(model.best_estimator_)
