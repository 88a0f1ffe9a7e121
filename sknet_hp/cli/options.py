"""The options of `tune`, and what they may be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TaskOption = Literal["auto", "classification", "regression"]
SearchMethod = Literal["random", "grid"]


@dataclass(frozen=True)
class TuneOptions:
    """The options of `tune`, as its help describes them."""

    data: str
    target: str | None
    task: TaskOption
    search: SearchMethod
    candidates: int
    cv: int
    outer_cv: int
    scoring: str | None
    time_budget: float | None
    seed: int
    out: Path | None
    overwrite: bool
    device: str
