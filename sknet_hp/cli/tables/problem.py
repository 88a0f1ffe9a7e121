"""From a table to a problem that can be learned: features, target and task.

Everything that would fail later is refused here.
"""

import decimal
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sknet_hp.cli.errors import BadInput, list_names, suggest
from sknet_hp.cli.memory import require_memory
from sknet_hp.cli.options import TaskOption
from sknet_hp.cli.tables.notes import write_id_notes, write_notes
from sknet_hp.estimators.encoding.categorical.numbers_as_text import find_nonnumeric_cell
from sknet_hp.estimators.encoding.dates.columns import list_dates
from sknet_hp.estimators.encoding.tables.frames import open_table
from sknet_hp.estimators.encoding.tables.moments import is_date_type, is_duration_type
from sknet_hp.presets import TaskKind

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_CLASSES_GUESSED = 20
MOST_CATEGORIES = 100  # columns that the estimators give a categorical feature
NUMBERS_OF_A_DATE = 14  # and a date, at most

COPIES_OF_THE_TABLE = 3
COPIES_ENCODED = 4
_FLOAT32_MAX = 3.4028234e38
_WHOLE_UNTIL = 2**53  # beyond it a float no longer holds every whole number


@dataclass(frozen=True)
class Problem:
    """What is to be learned.

    Attributes
    ----------
    X : DataFrame of shape (rows, features)
    y : ndarray of shape (rows,)
    task : {"classification", "regression"}
    target : str
        The column's name.
    reason : str
        Why it is this task.
    dates : tuple of str
        The columns that hold dates.
    notes : tuple of str
        What in the table may not be meant, a sentence each.
    id_notes : tuple of str
        Columns that may only identify rows, a sentence each: to be left out before a
        network is trained.
    rows : ndarray of shape (rows,) or None
        The place of each row in the table that was read, from 0; None if it is the
        same.
    groups : ndarray of shape (rows,) or None
        The number of each row's group, from `group_column`, which is no feature.
    group_column, time_column : str or None
        Rows stand in the order of `time_column`, which is no feature.
    """

    X: "pd.DataFrame"
    y: "np.ndarray"
    task: TaskKind
    target: str
    reason: str
    dates: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    id_notes: tuple[str, ...] = ()
    rows: "np.ndarray | None" = None
    groups: "np.ndarray | None" = None
    group_column: str | None = None
    time_column: str | None = None

    @property
    def named_y(self) -> "pd.Series":
        """The target with the column's name, which results and charts show."""
        import pandas as pd

        return pd.Series(self.y, index=self.X.index, name=self.target, dtype=self.y.dtype)


def pose_problem(table: "pd.DataFrame", target: str, task: TaskOption = "auto") -> Problem:
    """Split a table into features and target, which is in all rows, and check both.

    Raises
    ------
    BadInput
        If the target is no column, has infinite values, has one value only
        or does not suit the task, or if a feature can't be used.
    """
    if target not in table.columns:
        raise BadInput(
            f"there is no column {target!r}{suggest(target, table.columns)}: --target must be one of "
            f"{list_names(table.columns, 40)}"
        )
    if table.shape[1] == 1:
        raise BadInput(f"the table has no column but the target {target!r}: give at least one more to predict it from")
    column = table[target].infer_objects()  # booleans of which some were missing are objects
    if all(isinstance(cell, decimal.Decimal) for cell in column):
        column = column.astype(float)
    chosen, reason = _choose_task(column, task)
    y = _read_numbers(column) if chosen == "regression" else _read_classes(column)
    X = table.drop(columns=target)
    _check_features(X)
    dates = _list_dates(X)
    require_memory(_estimate_memory(X, dates), f"training on this table ({len(X):,} rows, {X.shape[1]:,} features)")
    return Problem(X, y, chosen, target, reason, tuple(dates), write_notes(X, dates), write_id_notes(X))


def _choose_task(column: "pd.Series", task: TaskOption) -> tuple[TaskKind, str]:
    from pandas.api import types

    numeric = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    if task == "regression":
        if not numeric:
            odd = find_nonnumeric_text(column)
            instead = (
                "say --task classification"
                if odd is None
                else "write numbers plainly (1234.5), and remove rows that have none"
            )
            raise BadInput(
                f"--task regression needs numbers and the target {column.name!r} has values like "
                f"{odd or column.iloc[0]!r}: {instead}"
            )
        return "regression", "asked for"
    if task == "classification":
        if numeric and not _is_whole(column):
            raise BadInput(
                f"--task classification needs classes and the target {column.name!r} has numbers like "
                f"{_find_fraction(column)}: say --task regression"
            )
        return "classification", "asked for"
    if not numeric:
        return "classification", "the target is not a number"
    n_distinct = column.nunique()
    if not _is_whole(column):
        return "regression", "the target has fractions"
    if n_distinct > MOST_CLASSES_GUESSED:
        return (
            "regression",
            f"the target has {n_distinct} distinct numbers; say --task classification if they are classes",
        )
    return (
        "classification",
        f"the target has {n_distinct} distinct whole numbers; say --task regression if it is a quantity",
    )


def _is_whole(column: "pd.Series") -> bool:
    from pandas.api import types

    return types.is_integer_dtype(column) or bool(((column % 1 == 0) & (column.abs() < _WHOLE_UNTIL)).all())


def _find_fraction(column: "pd.Series") -> float:
    return float(column[(column % 1 != 0) | (column.abs() >= _WHOLE_UNTIL)].iloc[0])


def _read_numbers(column: "pd.Series") -> "np.ndarray":
    import numpy as np

    y = column.to_numpy(dtype=np.float64)
    n_infinite = int((~(np.abs(y) <= _FLOAT32_MAX)).sum())
    if n_infinite:
        raise BadInput(
            f"the target {column.name!r} is infinite, or too large for 32 bits, in {n_infinite:,} of {len(y):,} rows: "
            f"correct or remove these rows"
        )
    if (y == y[0]).all():
        raise BadInput(
            f"the target {column.name!r} is constant, {y[0]:g} in all {len(y):,} rows: there is nothing to learn, "
            f"choose another column"
        )
    return y


def _read_classes(column: "pd.Series") -> "np.ndarray":
    import numpy as np
    from pandas.api import types

    if types.is_bool_dtype(column):
        y = column.to_numpy(dtype=bool)
    elif types.is_numeric_dtype(column):
        y = column.to_numpy(dtype=np.int64 if column.max() < 2**63 else np.uint64)
    else:
        y = column.to_numpy(dtype=object)
        if not all(isinstance(label, str) for label in y):
            kinds = list_names(sorted({type(label).__name__ for label in y}))
            raise BadInput(
                f"the target {column.name!r} holds values of type {kinds}: classes must be text, whole numbers or "
                f"booleans, convert them"
            )
    if (y == y[0]).all():
        raise BadInput(
            f"the target {column.name!r} has one class only, {str(y[0])!r} in all {len(y):,} rows: there is nothing "
            f"to learn, choose another column"
        )
    return y


def _check_features(X: "pd.DataFrame") -> None:
    import pandas as pd
    from pandas.api import types

    for name, column in X.items():
        if types.is_bool_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
            continue
        if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column):
            continue
        if types.is_complex_dtype(column):
            raise BadInput(
                f"the column {name!r} has the type {column.dtype}: convert it to numbers or text, or remove it"
            )
        if types.is_numeric_dtype(column):
            _check_finite(column, f"the column {name!r}")
        else:
            _check_cells(column, f"the column {name!r}")
    if all(column.nunique() + bool(column.isna().any()) < 2 for _, column in X.items()):
        raise BadInput(
            f"the columns beside the target are the same in all {len(X):,} rows ({list_names(X.columns)}): there is "
            f"nothing to predict it from, give a column that varies"
        )


def _check_finite(column: "pd.Series", subject: str) -> None:
    import numpy as np

    n_infinite = int(np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan)).sum())
    if n_infinite:
        raise BadInput(
            f"{subject} is infinite in {n_infinite:,} of {len(column):,} rows: correct these cells or leave them empty"
        )


def _check_cells(column: "pd.Series", subject: str) -> None:
    types = {type(cell) for cell in column.dropna()}
    if all(map(is_date_type, types)) or all(map(is_duration_type, types)):
        return
    plain = (str, bool, numbers.Real, decimal.Decimal)
    strange = {cell_type.__name__ for cell_type in types if not issubclass(cell_type, plain)}
    if strange:
        raise BadInput(
            f"{subject} holds values of type {list_names(sorted(strange))}: convert it to numbers or text, or remove it"
        )


def find_nonnumeric_text(cells: Any) -> str | None:
    """Find a cell of a column for which it is text, though it looks like numbers."""
    import pandas as pd

    return find_nonnumeric_cell(pd.Series(cells).value_counts().to_dict())


def _list_dates(X: "pd.DataFrame") -> list[str]:
    """Return the columns of dates, those of text among them."""
    from sklearn.base import BaseEstimator

    return [X.columns[column] for column in list_dates(open_table(X, BaseEstimator()))]


def _estimate_memory(X: "pd.DataFrame", dates: list[str]) -> int:
    """Return roughly how many bytes training takes.

    The table, a copy of it for each level of cross-validation, and the encoded float32
    copies of the splits in flight.
    """
    from pandas.api import types

    width = sum(
        NUMBERS_OF_A_DATE
        if name in dates
        else 2
        if types.is_numeric_dtype(column)
        else min(column.nunique(), MOST_CATEGORIES) + 2
        for name, column in X.items()
    )
    return COPIES_OF_THE_TABLE * int(X.memory_usage(deep=True).sum()) + COPIES_ENCODED * len(X) * width * 4
