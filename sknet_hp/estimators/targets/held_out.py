"""What `fit` was given, and which of its rows are held out."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from sknet_hp.estimators.targets.row_weights import counting


class Data(NamedTuple):
    """What `fit` was given, checked."""

    X: Any
    y: Any
    codes: np.ndarray  # y as class numbers or a matrix of numbers
    sample_weight: np.ndarray | None
    weight: np.ndarray | None  # with `class_weight`, what rows count for in the loss
    held_out: tuple[Any, Any] | None  # X_val, y_val
    groups: Any

    @property
    def counting(self) -> np.ndarray | None:
        """Numbers of the rows of positive weight, which are those that take part; None
        stands for all.
        """
        return counting(self.weight)


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Have errors begin with the arguments that they are about."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise (TypeError if isinstance(error, TypeError) else ValueError)(f"{what}: {error}") from error


def auto_fraction(n_rows: int) -> float:
    """What "auto" holds out of so many rows.

    Few rows say little about the best epoch: beside a tenth, this share brought log
    losses from 1.41 to 0.96 at 10 rows, from 0.70 to 0.58 at 40 and from 0.46 to 0.45
    at 160 (geometric means over six real tables, six seeds).
    """
    return max(0.1, min(0.3, 32 / max(n_rows, 1)))


def split_rows(net: Any, data: Data) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Numbers of the rows that count, for training and for validation; None stands for
    all, or for none.
    """
    rows, taking_part = np.arange(len(data.codes)), data.counting
    of = "" if taking_part is None else " of positive weight"
    if not net.early_stopping:
        return taking_part, None
    if net.validation_split is not None:
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
                f"validation_split={net.validation_split!r} leaves {len(train)} rows{of} for training and "
                f"{len(validation)} for validation"
            )
        return np.sort(train), np.sort(validation)
    if data.groups is not None:  # as scikit-learn's splitters without groups say
        warnings.warn(
            "groups are ignored: validation_fraction holds rows out whatever their groups; give a validation_split, "
            "for example GroupShuffleSplit(1, test_size=0.1)",
            UserWarning,
            stacklevel=4,
        )
    if taking_part is not None:
        rows = taking_part
    seed, share = (
        net.seed_ % 2**32,
        auto_fraction(len(rows)) if net.validation_fraction == "auto" else net.validation_fraction,
    )
    # Class by class if there are enough rows of each, else any rows.
    for strata in (net._strata(data.codes[rows]), None):
        try:
            train, validation = train_test_split(rows, test_size=share, random_state=seed, stratify=strata)
        except ValueError as raised:
            error = raised
        else:
            return np.sort(train), np.sort(validation)
    raise ValueError(
        f"early_stopping=True holds out validation_fraction={net.validation_fraction!r} of the rows, and "
        f"n_samples={len(rows)}{of} is too few; set early_stopping=False"
    ) from error
