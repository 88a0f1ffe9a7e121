"""First steps of pipelines, fitted once a split where all candidates have the same."""

from collections.abc import Iterable
from typing import Any

import narwhals as nw
import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.metadata_routing import _routing_enabled
from sklearn.utils.validation import _check_method_params

from sknet_hp.search.running.fitting import SplitData
from sknet_hp.search.running.selection import is_function_of_predictions


def can_share(estimator: Any, searched: Iterable[str], fit_params: dict[str, Any], scorer: Any) -> bool:
    """Return whether first steps of a pipeline may be fitted once for all candidates.

    Only the last step may differ between candidates, and the scorer must not look at
    the rows themselves.
    """
    if type(estimator) is not Pipeline or len(estimator.steps) < 2 or (fit_params and _routing_enabled()):
        return False
    last = f"{estimator.steps[-1][0]}__"
    return (
        is_function_of_predictions(scorer)
        and all(name.startswith(last) for name in [*searched, *fit_params])
        and any(step not in ("passthrough", None) for _, step in estimator.steps[:-1])
    )


def fit_shared_steps(
    estimator: Pipeline, tables: list[SplitData], n_jobs: int | None
) -> tuple[Pipeline, list[SplitData]]:
    """Fit all steps but the last, once for each split.

    Returns
    -------
    estimator, tables : the rest of the pipeline, with what it is fitted on; both as
        they came where what the first steps give can not be kept, or where they fail:
        each fit then fails by itself, and `error_score` is its score.
    """
    try:
        made = list(Parallel(n_jobs=n_jobs)(delayed(_transform_split)(clone(estimator[:-1]), data) for data in tables))
    except Exception:
        return estimator, tables
    rest = Pipeline([*((name, "passthrough") for name, _ in estimator.steps[:-1]), estimator.steps[-1]])
    return (estimator, tables) if None in made else (rest, made)


def _transform_split(head: Pipeline, data: SplitData) -> SplitData | None:
    """Return a split whose rows have passed the first steps, None if it can not be."""
    X_train, X_test = (_safe_indexing(data.X, rows) for rows in (data.train, data.test))
    y_train = None if data.y is None else _safe_indexing(data.y, data.train)
    made = _join(head.fit_transform(X_train, y_train), head.transform(X_test))
    if made is None:
        return None
    order, n = np.concatenate([data.train, data.test]), len(data.train)
    y = None if data.y is None else _safe_indexing(data.y, order)
    return SplitData(
        made,
        y,
        np.arange(n),
        np.arange(n, len(order)),
        _check_method_params(data.X, data.fit_params, order),
        _check_method_params(data.X, data.score_params, order),
    )


def _join(a: Any, b: Any) -> Any:
    """Return two tables as one, or None if the types of columns would change.

    Categories that differ, say, become plain values.
    """
    if sparse.issparse(a) and sparse.issparse(b):
        if a.format not in ("csr", "csc"):  # of the others no rows can be taken
            return None
        made = sparse.vstack([a, b], format=a.format)
    elif isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        made = np.concatenate([a, b])
    elif hasattr(a, "columns") and type(a) is type(b):
        made = nw.concat([nw.from_native(a), nw.from_native(b)]).to_native()
    else:
        return None
    return made if type(made) is type(a) and _list_dtypes(a) == _list_dtypes(made) == _list_dtypes(b) else None


def _list_dtypes(table: Any) -> list[Any]:
    """Return the types of the columns; an array has a single one."""
    return list(table.dtypes) if hasattr(table, "columns") else [table.dtype]
