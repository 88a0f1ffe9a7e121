"""The tasks of a search, as scikit-learn's callbacks are told of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sknet_hp.estimators.types import ArrayLike, TableLike


class CallbackTasks:
    """Tells callbacks when a search, its candidates and its refit begin and end.

    Parameters
    ----------
    search : that is fitted.
    X, y : what it is fitted on.
    params : of `fit`.
    """

    def __init__(self, search: Any, X: TableLike, y: ArrayLike, params: dict[str, Any]):
        weights = params.get("sample_weight")
        self._search = search
        self._data = {"X": X, "y": y, "metadata": None if weights is None else {"sample_weight": weights}}
        self._root = search._init_callback_context(max_subtasks=1 + (search.refit is not False))
        self._root.call_on_fit_task_begin(estimator=search, **self._data)
        self._candidates: Any = None

    def begin_search(self) -> None:
        """Begin the task that all fits of candidates belong to."""
        context = self._root.subcontext(task_name="search", max_subtasks=None, sequential_subtasks=True)
        self._candidates = context.call_on_fit_task_begin(estimator=self._search)

    def make_contexts(self, n: int) -> list[Any]:
        """Return the contexts of n fits of candidates."""
        return [self._candidates.subcontext(task_name="candidate-split-evaluation") for _ in range(n)]

    def end_search(self) -> None:
        """End the task that all fits of candidates belong to."""
        self._candidates.call_on_fit_task_end(estimator=self._search)

    @contextmanager
    def refit(self, estimator: Any) -> Iterator[None]:
        """Surround the refit of the best estimator."""
        context = self._root.subcontext(task_name="refit-with-best-params")
        with context.propagate_callback_context(estimator):
            context.call_on_fit_task_begin(estimator=self._search, **self._data)
            yield
        context.call_on_fit_task_end(estimator=self._search, **self._data)

    def end(self) -> None:
        """End the task of `fit`."""
        self._root.call_on_fit_task_end(estimator=self._search, **self._data)
