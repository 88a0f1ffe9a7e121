"""The scores of one contestant, and whether two may be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknet_hp.evaluation.nested.result import NestedResult

Rows = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Scored:
    """The scores of one contestant in each split.

    Attributes
    ----------
    name : str
    scores : dict
        By metric, an array of shape (n_splits,); NaN where a fit failed.
    n_train, n_test : array of shape (n_splits,)
        Rows of each split.
    splits : list of (train, test), or None
        Row numbers of each split, if they are known.
    n_repeats : int
        How often the rows were split anew.
    """

    name: str
    scores: Mapping[str, np.ndarray]
    n_train: np.ndarray
    n_test: np.ndarray
    splits: Sequence[Rows] | None = None
    n_repeats: int = 1

    @property
    def n_splits(self) -> int:
        """In how many splits it was scored, repeats included."""
        return len(self.n_train)


def read_scores(given: Any, name: str, n_train: Any, n_test: Any) -> Scored:
    """Return scores that were given as an array, or as `cross_validate` returns them.

    Parameters
    ----------
    given : array-like of shape (n_splits,), or dict
        A score for each split. Of a dict, what is called "test_…" counts, without that.
    name : of the contestant.
    n_train, n_test : int or array-like of shape (n_splits,)
        Rows of each split.

    Raises
    ------
    TypeError
        If it is a table.
    ValueError
        If the numbers of rows are missing, or shapes do not fit.
    """
    if isinstance(given, Mapping):
        found = {key.removeprefix("test_"): given[key] for key in given if str(key).startswith("test_")}
        if not found:
            raise ValueError(f"{name} is a dict without scores: none of {list(given)} begins with 'test_'")
    else:
        found = {"score": given}
    if np.ndim(given) > 1:
        raise TypeError(
            f"{name} is neither an estimator nor scores, but a table of shape {np.shape(given)}: X and y are given by "
            f"name, compare(a, b, X=X, y=y)"
        )
    if given is None or isinstance(given, str):
        raise TypeError(
            f"{name} is {given!r}: give an estimator, a search, a result of nested_cross_validate, or scores"
        )
    scores = {metric: np.asarray(values, dtype=float) for metric, values in found.items()}
    for metric, values in scores.items():
        if values.ndim != 1 or len(values) < 2:
            raise ValueError(
                f"{name} must have one {metric} for each of two or more splits, got an array of shape {values.shape}"
            )
    if n_train is None or n_test is None:
        raise ValueError(
            f"{name} is given as scores; give n_train= and n_test=, the numbers of rows of each split, too: scores "
            f"of cross-validation depend on each other, and the correction for it needs them"
        )
    [n_splits] = {len(values) for values in scores.values()}
    return Scored(name, scores, _spread("n_train", n_train, n_splits), _spread("n_test", n_test, n_splits))


def _spread(name: str, given: Any, n_splits: int) -> np.ndarray:
    """Return numbers of rows for each split."""
    counts = np.asarray(given, dtype=float)
    if counts.shape not in ((), (1,), (n_splits,)):
        raise ValueError(f"{name} must be one number, or one for each of the {n_splits} splits, got {given!r}")
    return np.broadcast_to(counts, n_splits)


def read_result(result: NestedResult, name: str) -> Scored:
    """Return the scores of a nested cross-validation."""
    pairs = [(split.train, split.test) for split in result.splits]
    train, test = (np.array([len(rows) for rows in part]) for part in zip(*pairs, strict=True))
    scores = {metric: result.get_scores(metric) for metric in result.metrics}
    return Scored(name, scores, train, test, pairs, 1 + max(split.repeat for split in result.splits))


def check_same_target(results: Sequence[NestedResult], y: Any = None) -> None:
    """Check that all results were scored by the same values of y.

    Parameters
    ----------
    results : of nested cross-validations.
    y : on which estimators will be scored beside them, or None.

    Raises
    ------
    ValueError
        If they were not. Scores of different targets cannot be compared.
    """
    targets = [np.asarray(each) for each in (*(result.data.y for result in results), y) if each is not None]
    for other in targets[1:]:
        if len(other) != len(targets[0]):
            raise ValueError(f"what is compared was scored on {len(targets[0])} rows and on {len(other)} rows")
        if not np.array_equal(other, targets[0]):
            n_different = int(np.sum(np.any((other != targets[0]).reshape(len(other), -1), axis=1)))
            raise ValueError(
                f"what is compared was scored by different y: they differ in {n_different} of {len(other)} rows. "
                f"Evaluate all with the same X and y, in the same order"
            )


def check_same_splits(contestants: Sequence[Scored]) -> None:
    """Check that all contestants were scored on the same rows.

    Raises
    ------
    ValueError
        If not; it says what differs.
    """
    first = contestants[0]
    for other in contestants[1:]:
        difference = _describe_difference(first, other)
        if difference:
            raise ValueError(
                f"{first.name!r} and {other.name!r} were not scored on the same splits: {difference}. Scores can only "
                f"be compared split by split; evaluate both with the same data, cv, n_repeats and an integer "
                f"random_state, or give the estimators themselves to compare"
            )


def _describe_difference(a: Scored, b: Scored) -> str:
    """Return what differs between the splits of two contestants, or nothing."""
    if a.n_splits != b.n_splits:
        return f"{a.n_splits} splits against {b.n_splits}"
    for name in ("n_train", "n_test"):
        of_a, of_b = getattr(a, name), getattr(b, name)
        if not np.array_equal(of_a, of_b):
            k = int(np.flatnonzero(of_a != of_b)[0])
            rows = "training" if name == "n_train" else "test"
            return f"split {k} has {of_a[k]:g} {rows} rows against {of_b[k]:g}"
    if a.splits is None or b.splits is None:
        return ""
    for k, (of_a, of_b) in enumerate(zip(a.splits, b.splits, strict=True)):
        for rows, part_a, part_b in zip(("training", "test"), of_a, of_b, strict=True):
            n_common = len(np.intersect1d(part_a, part_b))
            if n_common < len(part_a):
                return f"split {k} has {n_common} of {len(part_a)} {rows} rows in common"
    return ""


def find_common_metrics(contestants: Sequence[Scored]) -> list[str]:
    """Return the metrics that all contestants were scored by.

    Raises
    ------
    ValueError
        If there are none.
    """
    common = [metric for metric in contestants[0].scores if all(metric in other.scores for other in contestants)]
    if not common:
        lists = "; ".join(f"{each.name!r} has {list(each.scores)}" for each in contestants)
        raise ValueError(f"there is no metric that all were scored by: {lists}")
    return common
