"""The options of commands, and what they may be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TaskOption = Literal["auto", "classification", "regression"]
SearchMethod = Literal["random", "grid", "halving", "hyperband", "asha", "bohb", "tpe", "gp", "cma-es", "pbt"]


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """Which table, and what its columns are for."""

    data: str
    target: str | None
    task: TaskOption = "auto"
    groups: str | None = None
    time: str | None = None
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TuneOptions(TableOptions):
    """The options of `tune`, as its help describes them."""

    search: SearchMethod
    candidates: int | None
    cv: int
    outer_cv: int
    scoring: str | None
    time_budget: float | None
    seed: int
    out: Path | None
    overwrite: bool
    device: str
