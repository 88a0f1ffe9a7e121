"""Pipelines whose first steps are the same for all candidates: they are fitted once for
each split.
"""

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
from sknet_hp.search.running.selection import sees_predictions_only


def can_share(estimator: Any, searched: Iterable[str], fit_params: dict[str, Any], scorer: Any) -> bool:
    """Whether only the last step of a pipeline differs between candidates, and the
    scorer does not look at the rows themselves.
    """
    if type(estimator) is not Pipeline or len(estimator.steps) < 2 or (fit_params and _routing_enabled()):
        return False
    last = f"{estimator.steps[-1][0]}__"
    return (
        sees_predictions_only(scorer)
        and all(name.startswith(last) for name in [*searched, *fit_params])
        and any(step not in ("passthrough", None) for _, step in estimator.steps[:-1])
    )


def shared(estimator: Pipeline, tables: list[SplitData], n_jobs: int | None) -> tuple[Pipeline, list[SplitData]]:
    """Fit all steps but the last, once for each split; candidates take what they give.

    Returns
    -------
    estimator, tables : the rest of the pipeline, with what it is fitted on; both as
        they came where what the first steps give can not be kept, or where they fail:
        each fit then fails by itself, and `error_score` is its score.
    """
    try:
        made = list(Parallel(n_jobs=n_jobs)(delayed(_prepared)(clone(estimator[:-1]), data) for data in tables))
    except Exception:
        return estimator, tables
    rest = Pipeline([*((name, "passthrough") for name, _ in estimator.steps[:-1]), estimator.steps[-1]])
    return (estimator, tables) if None in made else (rest, made)


def _prepared(head: Pipeline, data: SplitData) -> SplitData | None:
    X_train, X_test = (_safe_indexing(data.X, rows) for rows in (data.train, data.test))
    y_train = None if data.y is None else _safe_indexing(data.y, data.train)
    made = _joined(head.fit_transform(X_train, y_train), head.transform(X_test))
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


def _joined(a: Any, b: Any) -> Any:
    """Two tables as one, or None if a part of it would not be what it was: categories,
    say, that differ become plain values.
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
    return made if type(made) is type(a) and _kinds(a) == _kinds(made) == _kinds(b) else None


def _kinds(table: Any) -> list[Any]:
    """What the cells of each column are; arrays have one column here."""
    return list(table.dtypes) if hasattr(table, "columns") else [table.dtype]
