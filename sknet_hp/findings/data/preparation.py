"""Tables that were prepared with all rows before they were split."""

from collections.abc import Iterable

import numpy as np

from sknet_hp.findings.check import check
from sknet_hp.findings.data.case import DataCase
from sknet_hp.findings.data.columns import begin_with_names
from sknet_hp.findings.data.table import NUMBER, Column
from sknet_hp.findings.finding import Finding

FEWEST_COLUMNS = 3
"""Of fewer, a mean of 0 or a largest value of 1 says nothing."""

FEWEST_VALUES = 10
"""A column with fewer different values is a code, not a measurement."""

PRECISION = 1e-4
"""How near to 0 and 1 means, deviations and ends are after scaling in float32."""

MOST_COLUMNS = 500


@check("prepared_outside_folds", "Preparation that has seen the test rows")
def find_preparation(case: DataCase) -> Iterable[Finding]:
    """Find columns that were scaled, rotated or filled with targets over all rows."""
    if case.is_sample or len(case.rows) < 20:
        return  # means of a sample are not 0
    numbers = [column for column in case.columns if column.kind == NUMBER and column.n_distinct >= FEWEST_VALUES]
    kind = _describe_scaling(numbers[:MOST_COLUMNS])
    if kind:
        yield Finding(
            "prepared_outside_folds",
            "info" if kind != ROTATED else "warning",
            f"{begin_with_names([column.name for column in numbers])} {kind} over all rows: the preparation has seen "
            f"the test rows.",
            {"columns": [column.name for column in numbers], "kind": kind},
            "Give the table as it was before, and make the preparation a step of a pipeline, which fits it on "
            "training rows only. Networks of this package scale numbers by themselves.",
        )
    encoded = [column.name for column in case.columns if holds_mean_targets(column, case)]
    if encoded:
        yield Finding(
            "prepared_outside_folds",
            "error",
            f"{begin_with_names(encoded)} {'has' if len(encoded) == 1 else 'have'} the mean target of each category, "
            f"over all rows, test rows included.",
            {"columns": encoded, "kind": "target encoding"},
            "Give the categories themselves. Networks encode them; in a pipeline, TargetEncoder does so fold by fold.",
        )


STANDARDISED = "have mean 0 and the same standard deviation"
SCALED = "reach from exactly 0 to exactly 1"
CENTRED = "have median 0 and quartiles at the same distance"
ROTATED = "have mean 0, are uncorrelated and come in order of variance, as principal components do,"


def _describe_scaling(columns: list[Column]) -> str:
    """Return what was made of numbers; "" if nothing that can be seen."""
    columns = [column for column in columns if np.ptp(column.present) > PRECISION]  # the last of components are noise
    if len(columns) < FEWEST_COLUMNS:
        return ""
    means = np.array([column.present.mean() for column in columns])
    deviations = np.array([column.present.std() for column in columns])
    scales = np.maximum(deviations, np.finfo(float).tiny)
    if _is_small(means / scales):
        # Divided by n, or by n - 1, whose deviations differ where cells are missing.
        if _is_small(deviations / deviations[0] - 1) or all(
            abs(column.present.std(ddof=1) - 1) < PRECISION for column in columns
        ):
            return STANDARDISED
        if _is_rotated(columns, deviations):
            return ROTATED
    lows, highs = (np.array([end(column.present) for column in columns]) for end in (np.min, np.max))
    if (lows == 0).all() and _is_small(highs - 1):
        return SCALED
    quartiles = np.array([np.quantile(column.present, [0.25, 0.5, 0.75]) for column in columns])
    if _is_small(quartiles[:, 1]) and _is_small(quartiles[:, 2] - quartiles[:, 0] - 1):
        return CENTRED
    return ""


def _is_small(numbers: np.ndarray) -> bool:
    return bool((np.abs(numbers) < PRECISION).all())


def _is_rotated(columns: list[Column], deviations: np.ndarray) -> bool:
    if (np.diff(deviations) > 0).any() or any(len(column.present) < len(column.cells) for column in columns):
        return False
    correlations = np.corrcoef(np.column_stack([column.cells for column in columns]), rowvar=False)
    return _is_small(correlations - np.eye(len(columns)))


def holds_mean_targets(column: Column, case: DataCase) -> bool:
    """Return whether each value of a column is the mean target of its rows.

    Of classes, the share of one of them.
    """
    target = case.target
    if target is None or column.kind != NUMBER or len(column.present) < len(column.cells):
        return False
    values, codes = np.unique(column.cells, return_inverse=True)
    if not 3 <= len(values) <= len(case.rows) / 5:
        return False
    counts = np.bincount(codes)
    targets = [target] if case.classes is None else [target == code for code in range(len(case.classes))]
    spread = np.ptp(values)
    return any(
        (np.abs(np.bincount(codes, weights=each) / counts - values) <= PRECISION * spread).all() for each in targets
    )
