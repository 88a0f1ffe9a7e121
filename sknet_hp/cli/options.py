"""The options of commands, and what they may be."""

import shlex
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sknet_hp import presets

GIVEN: ContextVar[tuple[str, ...]] = ContextVar("given", default=())
"""The words of the command line that runs, for whoever wants to type it again."""

INNER_FOLDS = 3
"""In which settings are compared, where nothing is said."""

DEFAULT = "default"
BASELINES = ("linear", "boosting", "constant")
NETWORKS = (DEFAULT, *presets.__all__)
MODELS = (*NETWORKS, *BASELINES)
"""What models are called that are not given by a path."""

TaskOption = Literal["auto", "classification", "regression"]
SearchMethod = Literal["random", "grid", "halving", "hyperband", "asha", "bohb", "tpe", "gp", "cma-es", "pbt", "guided"]

EvaluatedSearch = Literal[SearchMethod, "none"]


def write_command(*words: str) -> str:
    """Return a command of ours as it is typed."""
    return shlex.join(["sknet-hp", *words])


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

    model: str
    search: SearchMethod | None
    space: Path | None
    ensemble: bool | None
    candidates: int | None
    cv: int
    outer_cv: int
    scoring: str | None
    positive_class: str | None
    time_budget: float | None
    seed: int
    out: Path | None
    resume: bool
    overwrite: bool
    as_json: bool
    device: str


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(TableOptions):
    """The options of `evaluate`, as its help describes them."""

    model: str
    search: EvaluatedSearch | None
    space: Path | None
    candidates: int | None
    cv: int
    outer_cv: int
    repeats: int
    scoring: str | None
    positive_class: str | None
    time_budget: float | None
    seed: int
    journal: Path | None
    out: Path | None
    resume: bool
    overwrite: bool
    as_json: bool
    device: str


@dataclass(frozen=True, kw_only=True)
class CompareOptions(TableOptions):
    """The options of `compare`, as its help describes them."""

    contestants: tuple[str, ...]
    cv: int
    repeats: int
    rope: float | None
    scoring: str | None
    positive_class: str | None
    time_budget: float | None
    seed: int
    out: Path | None
    overwrite: bool
    as_json: bool
    device: str


@dataclass(frozen=True, kw_only=True)
class RateOptions(TableOptions):
    """The options of `lr`, as its help describes them."""

    model: str
    method: Literal["sweep", "ramp"]
    seeds: int
    time_budget: float | None
    seed: int
    plot: Path | None
    overwrite: bool
    as_json: bool
    device: str


@dataclass(frozen=True, kw_only=True)
class DiagnoseOptions(TableOptions):
    """The options of `diagnose`, as its help describes them."""

    fitted: Path | None
    model: str
    strict: bool
    time_budget: float | None
    seed: int
    as_json: bool
    device: str


@dataclass(frozen=True, kw_only=True)
class ImportancesOptions(TableOptions):
    """The options of `importances`, as its help describes them."""

    model: Path
    scoring: str | None
    positive_class: str | None
    n_repeats: int
    seed: int
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """The options of `watch`, as its help describes them."""

    run: Path
    every: float
    once: bool
    html: Path | None
    as_json: bool
