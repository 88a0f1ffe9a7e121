"""What a run remembers of its rows, to know them again in another table.

Of the hashes of all rows it keeps the smallest: a random sample that any other table
with some of these rows has too (a bottom-k sketch; Cohen and Kaplan 2007).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

KEPT = 100
"""Hashes that are kept: shares of rows are known to about five percent."""

DIGITS = 8


def describe_rows(X: "pd.DataFrame", y: "np.ndarray") -> dict[str, Any]:
    """Return what is kept of the rows of a table: their number, and some hashes."""
    hashes = _hash_rows(X, y)
    kept = sorted(set(hashes.tolist()))[:KEPT]
    return {"n": len(hashes), "hashes": "".join(f"{each:0{DIGITS}x}" for each in kept)}


def estimate_known_share(described: Any, X: "pd.DataFrame", y: "np.ndarray") -> float | None:
    """Return the share of rows that are among those described.

    Parameters
    ----------
    described : what `describe_rows` has returned for other rows of the same columns.
    X, y : the rows.

    Returns
    -------
    float or None
        None where nothing is known, as none of the rows are in the sample.
    """
    text = described.get("hashes") if isinstance(described, dict) else None
    if not text:
        return None
    kept = {int(text[start : start + DIGITS], 16) for start in range(0, len(text), DIGITS)}
    hashes = _hash_rows(X, y)
    if len(kept) == KEPT:  # of more rows only the smallest hashes are kept
        hashes = hashes[hashes <= max(kept)]
    return None if not len(hashes) else sum(each in kept for each in hashes.tolist()) / len(hashes)


def _hash_rows(X: "pd.DataFrame", y: "np.ndarray") -> "np.ndarray":
    """Return a hash of 32 bits for each row, whatever the types of its columns are."""
    import pandas as pd

    from sknet_hp.report.page.origin import hash_rows

    return hash_rows(pd.concat([X, pd.Series(y, index=X.index)], axis=1)) >> (64 - 4 * DIGITS)
