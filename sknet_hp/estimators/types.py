"""What users may give as tables and columns: too many types to be written down."""

from typing import Any, TypeAlias

TableLike: TypeAlias = Any
"""Array-like, dataframe or sparse matrix of shape (n_rows, n_columns)."""

ArrayLike: TypeAlias = Any
"""Array-like, series, or frame of one column: one value for each row."""
