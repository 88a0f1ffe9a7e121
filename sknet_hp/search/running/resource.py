"""What a search hands out: epochs (or another parameter that `fit` can go on from), or
training rows.
"""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from sknet_hp.estimators.names import write_hint

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
        y: Any,
        searched: Any,
    ):
        known = estimator.get_params(deep=True)
        self.name = _automatic(estimator, known) if name == "auto" else name
        self.of_rows = self.name == ROWS
        if not self.of_rows:
            self._check(known, searched)
        self.prefix = "" if self.of_rows else self.name[: -len(self.name.rsplit("__", 1)[-1])]
        self.most = int(n_rows if self.of_rows else known[self.name]) if most == "auto" else int(most)
        if self.of_rows and self.most > n_rows:
            raise ValueError(f"max_resources={self.most} is more than the {n_rows} rows of the smallest training split")
        self.least = self._least(factor, n_splits, y, estimator) if least == "auto" else int(least)
        if self.least > self.most:
            raise ValueError(
                f"min_resources={self.least} is greater than max_resources={self.most}; lower one or raise the other "
                f"({self.name})"
            )
        self.estimator, self._known = estimator, known
        self._horizon = f"{self.prefix}schedule_epochs"
        self._horizon_is_searched = self._horizon in searched

    def _check(self, known: dict[str, Any], searched: Any) -> None:
        if self.name not in known:
            raise ValueError(
                f"resource={self.name!r} is no parameter of the estimator; {write_hint(self.name, known)} 'n_samples' hands "
                f"out rows"
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

    def _least(self, factor: float, n_splits: int, y: Any, estimator: Any) -> int:
        if not self.of_rows:
            return max(1, int(self.most / factor**_ROOM))
        # As scikit-learn's halving has it: two rows of each class for each split.
        classes = len(np.unique(np.asarray(y))) if is_classifier(estimator) and y is not None else 1
        return min(self.most, 2 * n_splits * classes)

    def settings(self, amount: int, reached: int = 0, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The parameters that let an estimator with these `params`, which has `reached`
        so much, train up to `amount`.
        """
        if self.of_rows:
            return {}
        counts_on = _counts_on(self.owner(params or {}), self.name.rsplit("__", 1)[-1])
        return {self.name: amount - reached * counts_on, f"{self.prefix}warm_start": True} | self._schedule(
            params or {}
        )

    def alone(self, amount: int, params: dict[str, Any]) -> dict[str, Any]:
        """The parameters with which one fit from the beginning makes what so much has
        made in the search.
        """
        return self.shown(amount) | (self._schedule(params) if amount < self.most else {})

    @property
    def unit(self) -> str:
        """What it is counted in."""
        return "rows" if self.of_rows else "epochs" if self.name.endswith("max_epochs") else self.name

    def owner(self, params: dict[str, Any]) -> Any:
        """Whose parameter it is, with these `params`; None if that stands in something
        else than pipelines, which fits a fresh copy each time.
        """
        *path, _ = self.name.split("__")
        owner = self.estimator
        for depth, step in enumerate(path, 1):
            if not isinstance(owner, Pipeline):
                return None
            whole = "__".join(path[:depth])
            owner = params[whole] if whole in params else owner.named_steps[step]
        return owner

    def _schedule(self, params: dict[str, Any]) -> dict[str, Any]:
        """Learning rates follow the schedule of the whole training, unless somebody has
        said of which.
        """
        if self.of_rows or self._horizon_is_searched:
            return {}
        owner = self.owner(params)
        given = (self._known if owner is None else owner.get_params(deep=False)).get(
            self._horizon if owner is None else "schedule_epochs", 0
        )
        return {self._horizon: self.most} if given is None else {}

    def shown(self, amount: int) -> dict[str, Any]:
        """What of it belongs among a candidate's parameters."""
        return {} if self.of_rows else {self.name: amount}


def last_step(estimator: Any) -> tuple[str, Any]:
    """(prefix of its parameters, the estimator that a pipeline ends with)."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


def _counts_on(owner: Any, own: str) -> bool:
    """Whether a fit that goes on trains for so much more, not up to so much:
    scikit-learn's `max_iter`, but for boosting, and skorch's epochs.
    """
    if owner is None:
        return False
    boosting = isinstance(owner, (HistGradientBoostingClassifier, HistGradientBoostingRegressor))
    return (own == "max_iter" and not boosting) or (own == "max_epochs" and hasattr(owner, "fit_loop"))


def _automatic(estimator: BaseEstimator, known: dict[str, Any]) -> str:
    prefix, _ = last_step(estimator)
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
