"""Splitters that hold rows out once: the last ones, or whole groups."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _num_samples

from sknet_hp.estimators.targets.held_out import choose_fraction
from sknet_hp.estimators.types import ArrayLike, TableLike

_DRAWS = 16
"""So many choices of groups are drawn; the one that is most like the rest is taken."""


class _HoldOut(BaseCrossValidator):
    """A splitter of one split, whose second part is held out."""

    test_size: float | int | str

    def get_n_splits(self, X: TableLike = None, y: ArrayLike = None, groups: ArrayLike = None) -> int:
        """Return 1, the number of splits."""
        return 1

    def _count_held_out(self, n_rows: int) -> int:
        """Return how many of so many rows are wanted."""
        size = choose_fraction("auto", n_rows) if self.test_size == "auto" else self.test_size
        if isinstance(size, str) or size <= 0 or (size >= 1 and size != int(size)):
            raise ValueError(
                f"test_size must be 'auto', a share of the rows between 0 and 1, or a number of rows, got "
                f"{self.test_size!r}"
            )
        return int(np.ceil(size * n_rows)) if size < 1 else int(size)


class LastRows(_HoldOut):
    """Hold out the last rows of a table that is ordered in time.

    Parameters
    ----------
    test_size : float, int or "auto", default="auto"
        Share or number of rows to hold out. "auto" is as in `validation_fraction` of
        the networks.
    gap : int, default=0
        Number of rows before the held-out rows to leave out, if neighbouring rows are
        too similar.

    Examples
    --------
    >>> import numpy as np
    >>> from sknet_hp.evaluation import LastRows
    >>> next(LastRows(test_size=2, gap=1).split(np.zeros((6, 1))))
    (array([0, 1, 2]), array([4, 5]))
    """

    def __init__(self, test_size: float | int | str = "auto", *, gap: int = 0):
        self.test_size = test_size
        self.gap = gap

    def split(
        self, X: TableLike, y: ArrayLike = None, groups: ArrayLike = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the only split: the numbers of the first rows, and of the last ones.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Its rows are counted.
        y, groups : ignored

        Raises
        ------
        ValueError
            If no row is left to train on.
        """
        n_rows = _num_samples(X)
        n_held_out = self._count_held_out(n_rows)
        n_train = n_rows - n_held_out - self.gap
        if n_train < 1:
            raise ValueError(
                f"{n_rows} rows are too few to hold out the last {n_held_out} after a gap of {self.gap}: none is left "
                f"to train on"
            )
        rows = np.arange(n_rows)
        yield rows[:n_train], rows[n_rows - n_held_out :]


class GroupHoldOut(_HoldOut):
    """Hold out whole groups, chosen at random, with about the requested number of rows.

    Of several draws, the best one is used: its number of rows is nearest to the
    requested one, and classes are about as frequent as in the other rows.

    Parameters
    ----------
    test_size : float, int or "auto", default="auto"
        Share or number of rows to hold out. "auto" is as in `validation_fraction` of
        the networks. At least one group is held out, and at least one is not.
    random_state : int, RandomState instance or None, default=0
        Seed for choosing groups.

    Examples
    --------
    >>> import numpy as np
    >>> from sknet_hp.evaluation import GroupHoldOut
    >>> X, groups = np.zeros((6, 1)), [1, 1, 2, 2, 3, 3]
    >>> train, held_out = next(GroupHoldOut(0.3).split(X, groups=groups))
    >>> len(train), len(held_out)
    (4, 2)
    """

    __metadata_request__split: ClassVar[dict[str, Any]] = {"groups": True}

    def __init__(self, test_size: float | int | str = "auto", *, random_state: Any = 0):
        self.test_size = test_size
        self.random_state = random_state

    def split(
        self, X: TableLike, y: ArrayLike = None, groups: ArrayLike = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the only split: row numbers of some groups, and of the others.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Its rows are counted.
        y : array-like of shape (n_rows,), default=None
            Classes, which are held out evenly as far as groups allow.
        groups : array-like of shape (n_rows,)

        Raises
        ------
        ValueError
            If there are no groups, or only one.
        """
        if groups is None:
            raise ValueError("GroupHoldOut needs groups, one value for each row")
        n_rows = _num_samples(X)
        names, members = np.unique(np.asarray(groups), return_inverse=True)
        if len(names) < 2:
            raise ValueError(
                f"all {n_rows} rows are of one group, {names.tolist()[0]!r}, so that none can be held out whole"
            )
        sizes = np.bincount(members)
        classes = _count_classes(y, members, len(names))
        wanted, draw = self._count_held_out(n_rows), check_random_state(self.random_state)
        draws = [_take_groups(draw.permutation(len(names)), sizes, wanted) for _ in range(_DRAWS)]
        best = min(draws, key=lambda chosen: _measure_difference(chosen, sizes, classes, wanted))
        held_out = np.isin(members, best)
        yield np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _count_classes(y: ArrayLike, members: np.ndarray, n_groups: int) -> np.ndarray | None:
    """Return how many rows of each class each group has, (groups, classes).

    None stands for a target of other kinds.
    """
    if y is None or type_of_target(y) not in ("binary", "multiclass"):
        return None
    names, codes = np.unique(np.asarray(y).ravel(), return_inverse=True)
    counts = np.zeros((n_groups, len(names)))
    np.add.at(counts, (members, codes), 1)
    return counts


def _take_groups(order: np.ndarray, sizes: np.ndarray, wanted: int) -> np.ndarray:
    """Return the first groups of an order, as many as come nearest to so many rows."""
    reached = np.cumsum(sizes[order])[:-1]  # one group is left to train on
    return order[: int(np.argmin(np.abs(reached - wanted))) + 1]


def _measure_difference(chosen: np.ndarray, sizes: np.ndarray, classes: np.ndarray | None, wanted: int) -> float:
    """Return how far rows held out are from what is wanted; 0 is best."""
    n_held_out = sizes[chosen].sum()
    difference = abs(n_held_out - wanted) / sizes.sum()
    if classes is not None:
        held_out = classes[chosen].sum(axis=0)
        rest = classes.sum(axis=0) - held_out
        difference += np.abs(held_out / held_out.sum() - rest / rest.sum()).max() + (rest == 0).sum()
    return float(difference)
