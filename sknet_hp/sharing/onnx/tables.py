"""The columns of a table as tensors of an ONNX graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sknet_hp.sharing.onnx.builder import GraphBuilder

_NAMES: dict[Any, str] = {np.float64: "a number", object: "text"}


class TensorTable(Protocol):
    """A table whose columns are tensors, numbers as float64, text as strings."""

    def list_tensors(self) -> list[tuple[str, str, type, int]]:
        """Return of each tensor what users call it, its name, type and width."""

    def read_numbers(self, b: GraphBuilder, columns: Sequence[int]) -> str:
        """Return the name of some columns, (rows, columns) float64, NaN if missing."""

    def read_text(self, b: GraphBuilder, column: int) -> str:
        """Return the name of a column, (rows, 1) strings, empty if missing."""


@dataclass(frozen=True)
class ColumnTensors:
    """A table with a tensor, (rows, 1), for each column.

    Attributes
    ----------
    columns : what the columns are called.
    names : of their tensors.
    dtypes : what they hold: float64, or strings (object).
    """

    columns: Sequence[str]
    names: Sequence[str]
    dtypes: Sequence[type]

    def list_tensors(self) -> list[tuple[str, str, type, int]]:
        """Return of each tensor what users call it, its name, type and width."""
        return [(*each, 1) for each in zip(self.columns, self.names, self.dtypes, strict=True)]

    def read_numbers(self, b: GraphBuilder, columns: Sequence[int]) -> str:
        """Return the name of some columns, (rows, columns) float64, NaN if missing."""
        for column in columns:
            self._check(column, np.float64)
        return b.concatenate([self.names[column] for column in columns])

    def read_text(self, b: GraphBuilder, column: int) -> str:
        """Return the name of a column, (rows, 1) strings, empty if missing."""
        self._check(column, object)
        return self.names[column]

    def _check(self, column: int, dtype: type) -> None:
        if self.dtypes[column] is not dtype:
            raise TypeError(
                f"column {self.columns[column]!r} was {_NAMES[dtype]} in training and is {_NAMES[self.dtypes[column]]} "
                f"in the X given to export; give rows as in training"
            )


@dataclass(frozen=True)
class MatrixTensor:
    """A table that is one tensor, (rows, columns), of numbers or of strings.

    Attributes
    ----------
    name : of the tensor.
    n_columns : how many there are.
    dtype : what it holds: float64, float32, integers, booleans or strings (object).
    """

    name: str
    n_columns: int
    dtype: type

    def list_tensors(self) -> list[tuple[str, str, type, int]]:
        """Return of each tensor what users call it, its name, type and width."""
        return [("X", self.name, self.dtype, self.n_columns)]

    def read_numbers(self, b: GraphBuilder, columns: Sequence[int]) -> str:
        """Return the name of some columns, (rows, columns) float64, NaN if missing."""
        if self.dtype is object:
            raise TypeError(f"column {columns[0]} was a number in training, and the step before makes strings of it")
        x = self.name if list(columns) == list(range(self.n_columns)) else self._select(b, columns)
        return x if self.dtype is np.float64 else b.cast(x, np.float64)

    def read_text(self, b: GraphBuilder, column: int) -> str:
        """Return the name of a column, (rows, 1) strings, empty if missing."""
        if self.dtype is not object:
            raise TypeError(f"column {column} was text in training, and the step before makes numbers of it")
        return self._select(b, [column])

    def _select(self, b: GraphBuilder, columns: Sequence[int]) -> str:
        return b.add("Gather", self.name, np.array(columns, np.int64), axis=1)
