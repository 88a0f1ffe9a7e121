"""What a search hands out.

Epochs (or another parameter that `fit` can go on from), or training rows.
"""

from collections.abc import Collection
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from sknet_hp.estimators.names import write_hint
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.estimators.types import ArrayLike

ROWS = "n_samples"
_ROOM = 3  # rungs below the last that an automatic least resource leaves room for


class Resource:
    """The resource of one search.

    Parameters
    ----------
    estimator : whose parameter it is.
    name : the parameter, "n_samples", or "auto": `max_epochs` of the last step.
    least, most : as the user gave them; "auto" for what suits.
    factor : of the search.
    n_rows : of the smallest training split.
    n_splits, y : of the search.
    searched : names of the parameters that candidates differ in.

    Attributes
    ----------
    name, least, most : what was found.
    """

    def __init__(
        self,
        estimator: Any,
        name: str,
        least: Any,
        most: Any,
        factor: float,
        *,
        n_rows: int,
        n_splits: int,
        y: ArrayLike,
        searched: Collection[str],
    ):
        known = estimator.get_params(deep=True)
        self.name = _find_resource(estimator, known) if name == "auto" else name
        self.of_rows = self.name == ROWS
        if not self.of_rows:
            self._check(known, searched)
        self.prefix = "" if self.of_rows else self.name[: -len(self.name.rsplit("__", 1)[-1])]
        self.most = int(n_rows if self.of_rows else known[self.name]) if most == "auto" else int(most)
        if self.of_rows and self.most > n_rows:
            raise ValueError(f"max_resources={self.most} is more than the {n_rows} rows of the smallest training split")
        self.least = self._compute_least(factor, n_splits, y, estimator) if least == "auto" else int(least)
        if self.least > self.most:
            raise ValueError(
                f"min_resources={self.least} is greater than max_resources={self.most}; lower one or raise the other "
                f"({self.name})"
            )
        self.estimator, self._known = estimator, known
        self._horizon = f"{self.prefix}schedule_epochs"
        self._horizon_is_searched = self._horizon in searched

    def _check(self, known: dict[str, Any], searched: Collection[str]) -> None:
        if self.name not in known:
            raise ValueError(
                f"resource={self.name!r} is not a parameter of the estimator; {write_hint(self.name, known)} "
                f"'n_samples' hands out rows"
            )
        if self.name in searched:
            raise ValueError(
                f"resource={self.name!r} is also searched; take it out of param_distributions: the search itself "
                f"decides about it"
            )
        own = self.name.rsplit("__", 1)
        if "__".join([*own[:-1], "warm_start"]) not in known:
            raise ValueError(
                f"resource={self.name!r} can not be continued: the estimator has no parameter 'warm_start' beside it, "
                f"so each rung would train everything again; use resource='n_samples'"
            )
        value = known[self.name]
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise ValueError(f"resource={self.name!r} must be a whole number of the estimator, which has {value!r}")

    def _compute_least(self, factor: float, n_splits: int, y: ArrayLike, estimator: Any) -> int:
        if not self.of_rows:
            return max(1, int(self.most / factor**_ROOM))
        # As scikit-learn's halving has it: two rows of each class for each split.
        classes = len(np.unique(np.asarray(y))) if is_classifier(estimator) and y is not None else 1
        return min(self.most, 2 * n_splits * classes)

    def make_settings(self, amount: int, reached: int = 0, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the parameters that let an estimator train up to `amount`.

        Parameters
        ----------
        amount : of the resource.
        reached : what the estimator has been trained up to.
        params : of the estimator.
        """
        if self.of_rows:
            return {}
        params = params or {}
        incremental = _is_incremental(self.find_owner(params), self.name.rsplit("__", 1)[-1])
        settings = {self.name: amount - reached * incremental, f"{self.prefix}warm_start": True}
        return settings | self._make_schedule_settings(params)

    def make_single_fit_settings(self, amount: int, params: dict[str, Any]) -> dict[str, Any]:
        """Return parameters with which one fit does what `amount` did in the search."""
        return self.make_params(amount) | (self._make_schedule_settings(params) if amount < self.most else {})

    @property
    def unit(self) -> str:
        """What it is counted in."""
        return name_unit(self.name)

    def find_owner(self, params: dict[str, Any]) -> Any:
        """Return whose parameter it is, in an estimator with these `params`.

        None if the owner stands in something else than pipelines, which fits a fresh
        copy each time.
        """
        *path, _ = self.name.split("__")
        owner = self.estimator
        for depth, step in enumerate(path, 1):
            if not isinstance(owner, Pipeline):
                return None
            whole = "__".join(path[:depth])
            owner = params[whole] if whole in params else owner.named_steps[step]
        return owner

    def _make_schedule_settings(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return what makes learning rates follow the schedule of the whole training.

        Nothing, where the estimator, the candidate or the space say which schedule they
        follow.
        """
        if self.of_rows or self._horizon_is_searched or self._horizon in params:
            return {}
        owner = self.find_owner(params)
        given = (self._known if owner is None else owner.get_params(deep=False)).get(
            self._horizon if owner is None else "schedule_epochs", 0
        )
        return {self._horizon: self.most} if given is None else {}

    def make_params(self, amount: int) -> dict[str, Any]:
        """Return parameters that show how far a candidate has been trained."""
        return {} if self.of_rows else {self.name: amount}


def _is_incremental(owner: Any, own: str) -> bool:
    """Return whether a fit that goes on trains for so much more, not up to so much.

    So do scikit-learn's `max_iter`, but for boosting, and skorch's epochs.
    """
    if owner is None:
        return False
    boosting = isinstance(owner, (HistGradientBoostingClassifier, HistGradientBoostingRegressor))
    return (own == "max_iter" and not boosting) or (own == "max_epochs" and hasattr(owner, "fit_loop"))


def _find_resource(estimator: BaseEstimator, known: dict[str, Any]) -> str:
    prefix, _ = find_last_step(estimator)
    if f"{prefix}max_epochs" in known:
        return f"{prefix}max_epochs"
    nested = [name for name in known if name.endswith("__max_epochs")]
    if len(nested) == 1:
        return nested[0]
    raise ValueError(
        f"resource='auto' looks for 'max_epochs' of the last step, which {type(estimator).__name__} has not; name a "
        f"parameter that its fit can go on from with warm_start (for gradient boosting 'n_estimators'), or use "
        f"resource='n_samples', which suits any estimator"
    )


def name_unit(resource: str) -> str:
    """Return what a resource is counted in, in the plural if it has one."""
    if resource == "n_samples":
        return "rows"
    return "epochs" if resource.endswith("max_epochs") else resource
