"""Growing subsets of training rows, for searches that hand out rows."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import _safe_indexing

from sknet_hp.search.running.fitting import SplitData


class RowSubsets:
    """Subsets of the training rows of each split, of which smaller ones are in larger.

    Parameters
    ----------
    estimator : whose classes must all be among the rows, if it is a classifier.
    tables : the splits.
    least : how many rows the smallest subset has.
    seed : of the order in which rows are drawn.
    """

    def __init__(self, estimator: Any, tables: list[SplitData], least: int, seed: int):
        self.estimator, self.tables, self.least, self.seed = estimator, tables, least, seed
        self._orders: dict[int, np.ndarray] = {}

    def draw(self, split: int, n: int) -> np.ndarray:
        """Return n training rows of a split.

        Where splits differ in size, as many as the smallest split has are all rows of
        each.
        """
        if n >= min(len(table.train) for table in self.tables):
            return self.tables[split].train
        if split not in self._orders:
            self._orders[split] = self._shuffle(self.tables[split])
        return self._orders[split][:n]

    def _shuffle(self, table: SplitData) -> np.ndarray:
        """Return all training rows in a random order.

        Where the smallest subset would lack a class, one row of each class comes first:
        a class that is not learned is a score that fails.
        """
        order = np.random.RandomState(self.seed).permutation(table.train)
        if is_classifier(self.estimator) and np.ndim(table.y) == 1:
            _, first = np.unique(np.asarray(_safe_indexing(table.y, order)), return_index=True)
            if first.max() >= self.least:
                order = np.concatenate([order[np.sort(first)], np.delete(order, first)])
        return order
