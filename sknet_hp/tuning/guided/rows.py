"""Fewer training rows, where a network on all of them takes too much of the time."""

import numpy as np

from sknet_hp.estimators.types import ArrayLike
from sknet_hp.search.base.setup import Split


def thin_splits(splits: list[Split], y: ArrayLike, share: float, *, by_class: bool) -> list[Split]:
    """Return splits with a share of their training rows, in the same order.

    Test rows stay.

    Parameters
    ----------
    splits : of the rows.
    y : targets.
    share : of the training rows of each split that is kept.
    by_class : whether each class keeps this share, and one row at least.
    """
    if share >= 1:
        return splits
    draw = np.random.RandomState(0)
    labels = np.asarray(y) if by_class and np.ndim(y) == 1 else np.zeros(len(np.asarray(y)))
    thinned = []
    for train, test in splits:
        codes = np.unique(labels[train], return_inverse=True)[1]
        kept = [
            draw.permutation(own)[: max(1, round(share * len(own)))]
            for code in range(codes.max() + 1)
            if len(own := train[codes == code])
        ]
        order = np.isin(train, np.concatenate(kept))
        thinned.append((train[order], test))
    return thinned
