"""What `fit` was given, and which of its rows are held out."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from sknet_hp.estimators.parameters.protocols import FittingParameters
from sknet_hp.estimators.targets.row_weights import find_weighted_rows
from sknet_hp.estimators.types import ArrayLike, TableLike


def check_order(X: TableLike, y: ArrayLike) -> None:
    """Refuse a table and its target in the place of each other.

    Raises
    ------
    ValueError
        If X has one dimension, and y several columns.
    """
    shapes: list[tuple[int, ...]] = [getattr(part, "shape", ()) for part in (X, y)]
    if len(shapes[0]) == 1 and len(shapes[1]) == 2 and shapes[1][1] > 1:
        raise ValueError(
            f"X has one dimension and y has {shapes[1][1]} columns: they may be swapped. Call fit(X, y), with the "
            f"table of features first"
        )


class FitData(NamedTuple):
    """What `fit` was given, checked.

    Attributes
    ----------
    X, y, groups : as they were given.
    codes : y as class numbers or a matrix of numbers.
    sample_weight : shares of the largest, or None.
    weight : how much rows count in the loss, `class_weight` included.
    held_out : `X_val` and `y_val`, or None.
    strata : the class numbers of rows that are held out class by class, or None.
    """

    X: TableLike
    y: ArrayLike
    codes: np.ndarray
    sample_weight: np.ndarray | None
    weight: np.ndarray | None
    held_out: tuple[TableLike, ArrayLike] | None
    groups: ArrayLike | None
    strata: np.ndarray | None

    @property
    def weighted_rows(self) -> np.ndarray | None:
        """Numbers of the rows of positive weight; None stands for all."""
        return find_weighted_rows(self.weight)


@contextmanager
def name_in_errors(arguments: str) -> Iterator[None]:
    """Let errors begin with the arguments that they are about."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise (TypeError if isinstance(error, TypeError) else ValueError)(f"{arguments}: {error}") from error


def choose_fraction(fraction: float | str, n_rows: int) -> float:
    """Return the share of so many rows that is held out: as given, or that of "auto".

    Few rows say little about the best epoch: beside a tenth, this share brought log
    losses from 1.41 to 0.96 at 10 rows, from 0.70 to 0.58 at 40 and from 0.46 to 0.45
    at 160 (geometric means over six real tables, six seeds).
    """
    return max(0.1, min(0.3, 32 / max(n_rows, 1))) if isinstance(fraction, str) else fraction


def split_rows(net: FittingParameters, seed: int, data: FitData) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the numbers of the rows for training, and of those for validation.

    None stands for all rows of the one, and for none of the other.
    """
    if not net.early_stopping:
        return data.weighted_rows, None
    if net.validation_split is not None:
        return _split_by_splitter(net, data)
    if data.groups is not None:  # as scikit-learn's splitters without groups say
        warnings.warn(
            "groups are ignored: validation_fraction holds rows out whatever their groups; give a validation_split, "
            "for example GroupShuffleSplit(1, test_size=0.1)",
            UserWarning,
            stacklevel=5,
        )
    return _split_at_random(net, seed, data)


def _split_by_splitter(net: FittingParameters, data: FitData) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the rows in the first split of `validation_split`."""
    rows, taking_part = np.arange(len(data.codes)), data.weighted_rows
    try:
        train, validation = next(iter(net.validation_split.split(rows[:, None], data.y, data.groups)))
        train, validation = rows[train], rows[validation]  # a splitter may give masks
    except StopIteration:
        raise ValueError(
            f"validation_split={net.validation_split!r} gives no split of these {len(rows)} rows"
        ) from None
    except (ValueError, TypeError, IndexError) as refused:
        instead = (
            "give groups= to fit, which searches and pipelines hand on with "
            "sklearn.set_config(enable_metadata_routing=True) and set_fit_request(groups=True)"
            if data.groups is None and "groups" in str(refused)
            else "give a splitter of scikit-learn's kind that suits y and the rows, for example ShuffleSplit(1, "
            "test_size=0.1)"
        )
        raise ValueError(
            f"validation_split={net.validation_split!r} can not split these {len(rows)} rows ({refused}); {instead}"
        ) from refused
    if taking_part is not None:
        train, validation = (part[np.isin(part, taking_part)] for part in (train, validation))
    if len(train) == 0 or len(validation) == 0:
        raise ValueError(
            f"validation_split={net.validation_split!r} leaves {len(train)} rows{_describe_rows(taking_part)} for "
            f"training and {len(validation)} for validation"
        )
    return np.sort(train), np.sort(validation)


def _split_at_random(net: FittingParameters, seed: int, data: FitData) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the rows to train on, and of `validation_fraction`."""
    taking_part = data.weighted_rows
    rows = np.arange(len(data.codes)) if taking_part is None else taking_part
    fraction = choose_fraction(net.validation_fraction, len(rows))
    # Class by class if there are enough rows of each, else any rows.
    for strata in (None if data.strata is None else data.strata[rows], None):
        try:
            train, validation = train_test_split(rows, test_size=fraction, random_state=seed % 2**32, stratify=strata)
        except ValueError as raised:
            error = raised
        else:
            return np.sort(train), np.sort(validation)
    raise ValueError(
        f"early_stopping=True holds out validation_fraction={net.validation_fraction!r} of the rows, and "
        f"n_samples={len(rows)}{_describe_rows(taking_part)} is too few; set early_stopping=False"
    ) from error


def _describe_rows(taking_part: np.ndarray | None) -> str:
    return "" if taking_part is None else " of positive weight"
