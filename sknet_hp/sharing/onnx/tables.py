"""The columns of a table as tensors of an ONNX graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sknet_hp.sharing.onnx.builder import GraphBuilder

_NAMES: dict[Any, str] = {np.float64: "a number", object: "text"}


class TensorTable(Protocol):
    """A table whose columns are tensors, numbers as float64, text as strings."""

    @property
    def n_columns(self) -> int:
        """How many columns it has."""

    def list_tensors(self) -> list[tuple[str, str, type, int]]:
        """Return of each tensor what users call it, its name, type and width."""

    def read_numbers(self, b: GraphBuilder, columns: Sequence[int]) -> str:
        """Return the name of some columns, (rows, columns) float64, NaN if missing."""

    def read_text(self, b: GraphBuilder, column: int) -> str:
        """Return the name of a column, (rows, 1) strings, empty if missing."""

    def select(self, b: GraphBuilder, columns: Sequence[int]) -> "TensorTable":
        """Return a table of some columns."""


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

    @property
    def n_columns(self) -> int:
        """How many columns it has."""
        return len(self.names)

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

    def select(self, b: GraphBuilder, columns: Sequence[int]) -> TensorTable:
        """Return a table of some columns."""
        return ColumnTensors(
            [self.columns[column] for column in columns],
            [self.names[column] for column in columns],
            [self.dtypes[column] for column in columns],
        )

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

    def select(self, b: GraphBuilder, columns: Sequence[int]) -> TensorTable:
        """Return a table of some columns."""
        return MatrixTensor(self._select(b, columns), len(columns), self.dtype)

    def _select(self, b: GraphBuilder, columns: Sequence[int]) -> str:
        return b.add("Gather", self.name, np.array(columns, np.int64), axis=1)


@dataclass(frozen=True)
class JoinedTables:
    """Tables side by side.

    Attributes
    ----------
    parts : the tables.
    """

    parts: Sequence[TensorTable]

    @property
    def n_columns(self) -> int:
        """How many columns it has."""
        return sum(part.n_columns for part in self.parts)

    def list_tensors(self) -> list[tuple[str, str, type, int]]:
        """Return of each tensor what users call it, its name, type and width."""
        return [tensor for part in self.parts for tensor in part.list_tensors()]

    def read_numbers(self, b: GraphBuilder, columns: Sequence[int]) -> str:
        """Return the name of some columns, (rows, columns) float64, NaN if missing."""
        return b.concatenate([part.read_numbers(b, own) for part, own in self._locate(columns)])

    def read_text(self, b: GraphBuilder, column: int) -> str:
        """Return the name of a column, (rows, 1) strings, empty if missing."""
        [(part, [own])] = self._locate([column])
        return part.read_text(b, own)

    def select(self, b: GraphBuilder, columns: Sequence[int]) -> TensorTable:
        """Return a table of some columns."""
        return join_tables([part.select(b, own) for part, own in self._locate(columns)])

    def _locate(self, columns: Sequence[int]) -> list[tuple[TensorTable, list[int]]]:
        """Return where columns are: tables, each with columns of its own, in order."""
        places = [(part, own) for part in self.parts for own in range(part.n_columns)]
        found: list[tuple[TensorTable, list[int]]] = []
        for part, own in (places[column] for column in columns):
            if found and found[-1][0] is part:
                found[-1][1].append(own)
            else:
                found.append((part, [own]))
        return found


def join_tables(parts: Sequence[TensorTable]) -> TensorTable:
    """Return the columns of several tables as one table."""
    return parts[0] if len(parts) == 1 else JoinedTables(parts)
