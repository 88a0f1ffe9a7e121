"""Models of scikit-learn's that a network must beat: constant, linear, boosted trees.

They take tables as they are, with text, dates and missing cells, and are at their
defaults.
"""

from collections.abc import Callable
from typing import Any, Self

import narwhals as nw
import numpy as np
from sklearn import ensemble
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from sknet_hp.estimators.encoding.dates.columns import list_dates
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.encoding.tables.frames import open_table
from sknet_hp.estimators.types import ArrayLike, TableLike
from sknet_hp.presets import TaskKind

MOST_CATEGORIES = 100
"""Of a column; rarer ones are one category together, as in our networks."""

MOST_CODES = 254
"""What a column of boosted trees can hold, which cut numbers into 255 bins."""


def make_baseline(name: str, task: TaskKind, random_state: int | None = None) -> Any:
    """Return a simple model of scikit-learn, not fitted, to compare a network with.

    Parameters
    ----------
    name : {"constant", "linear", "boosting"}
        "constant" predicts the shares of the classes, or the mean. "linear" is logistic
        or ridge regression. "boosting" is histogram gradient boosting.
    task : {"classification", "regression"}
    random_state : int, default=None
        Seed of boosted trees, which hold out rows if there are many.

    Returns
    -------
    estimator : estimator
        It takes data frames with numbers, text, dates and missing cells, and arrays.

    Raises
    ------
    ValueError
        If the name is none of these.

    Examples
    --------
    >>> make_baseline("constant", "classification")
    DummyClassifier()
    """
    if name not in BASELINES:
        raise ValueError(f"name={name!r} must be one of {list(BASELINES)}")
    return BASELINES[name](task, random_state)


class _OneThread:
    """A mixin that fits boosted trees on one core.

    Their threads wait for each other after each of thousands of small steps. Where
    networks train beside them and take cores away, one thread was thirty times faster
    than two.
    """

    def fit(self, X: TableLike, y: ArrayLike, **fit_params: Any) -> Self:
        """Fit as the original does."""
        with threadpool_limits(1, user_api="openmp"):
            return super().fit(X, y, **fit_params)  # type: ignore[misc]


class HistGradientBoostingClassifier(_OneThread, ensemble.HistGradientBoostingClassifier):
    """Scikit-learn's, fitted on one core."""


class HistGradientBoostingRegressor(_OneThread, ensemble.HistGradientBoostingRegressor):
    """Scikit-learn's, fitted on one core."""


class TimesAsNumbers(TransformerMixin, BaseEstimator):
    """Makes the numbers that our networks are given of dates and durations."""

    encoder_: TableEncoder

    def fit(self, X: TableLike, y: ArrayLike | None = None) -> Self:
        """Learn which numbers there are."""
        self.encoder_ = TableEncoder(numeric_transform="none")
        self.encoder_.fit_transform(X)
        return self

    def transform(self, X: TableLike) -> np.ndarray:
        """Return the numbers, float32 of shape (n_rows, n_numbers)."""
        return self.encoder_.transform(X)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the numbers, such as ``day_elapsed``."""
        return self.encoder_.get_feature_names_out(input_features)


def _make_constant(task: TaskKind, random_state: int | None) -> Any:
    return DummyClassifier() if task == "classification" else DummyRegressor()


def _make_linear(task: TaskKind, random_state: int | None) -> Pipeline:
    # Columns without any value are kept, as zeros: dropping them comes with a warning in each fit.
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    numbers = make_pipeline(imputer, StandardScaler())
    text = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES)
    times = make_pipeline(TimesAsNumbers(), StandardScaler())
    columns = ColumnTransformer(
        [("numbers", numbers, list_numeric), ("times", times, list_times), ("text", text, list_others)]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000) if task == "classification" else Ridge())


def _make_boosting(task: TaskKind, random_state: int | None) -> Pipeline:
    # Codes in the order of the alphabet serve trees about as well as categories do, and hold any number of them.
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=float("nan"),
        encoded_missing_value=float("nan"),
        max_categories=MOST_CODES,
    )
    columns = ColumnTransformer(
        [("text", codes, list_others), ("times", TimesAsNumbers(), list_times)], remainder="passthrough"
    )
    trees = HistGradientBoostingClassifier if task == "classification" else HistGradientBoostingRegressor
    return make_pipeline(columns, trees(random_state=random_state))


BASELINES: dict[str, Callable[[TaskKind, int | None], Any]] = {
    "constant": _make_constant,
    "linear": _make_linear,
    "boosting": _make_boosting,
}


def list_numeric(X: Any) -> list[Any]:
    """List the columns of a table that hold numbers; their positions, in an array."""
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return [] if X.dtype.kind in "mM" else list(range(X.shape[1]))
    return [name for name, kind in frame.schema.items() if kind.is_numeric()]


def list_times(X: Any) -> list[Any]:
    """List the columns of dates, also as text, of durations and of number objects."""
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return list(range(X.shape[1])) if X.dtype.kind in "mM" else []
    table = open_table(X, TableEncoder())
    dates = [frame.columns[column] for column in list_dates(table)]
    numbers = {frame.columns[column] for column in range(table.n_columns) if table.is_numeric(column)}
    return [name for name in frame.columns if name in dates or name in numbers - set(list_numeric(X))]


def list_others(X: Any) -> list[Any]:
    """List the columns of a table that hold no numbers or dates, such as text."""
    known = {*list_numeric(X), *list_times(X)}
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    return [name for name in frame.columns if name not in known] if isinstance(frame, nw.DataFrame) else []
