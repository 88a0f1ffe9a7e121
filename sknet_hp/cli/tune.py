"""`sknet-hp tune`: check everything that can be checked before training, run the study,
write and print what came out.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from rich.console import Console

from sknet_hp.cli.checks import check_folds, check_scoring
from sknet_hp.cli.data import BUNDLED_TARGET, load_table, table_name
from sknet_hp.cli.errors import BadInput, listed
from sknet_hp.cli.output import MODEL, RESULTS, SUMMARY, require_directory_can_be_written, write_directory
from sknet_hp.cli.problem import Problem, pose_problem
from sknet_hp.cli.versions import installed_version

if TYPE_CHECKING:
    from sknet_hp.cli.study import Outcome


@dataclass(frozen=True)
class Settings:
    """The options of `tune`, as its help describes them."""

    data: str
    target: str | None
    task: Literal["auto", "classification", "regression"]
    search: Literal["random", "grid"]
    candidates: int
    cv: int
    outer_cv: int
    scoring: str | None
    time_budget: float | None
    seed: int
    out: Path | None
    overwrite: bool
    device: str


def tune_table(settings: Settings) -> None:
    """Tune a network for a table and write model, results and summary.

    Raises
    ------
    BadInput
        If something in the settings or the table makes this impossible; nothing has
        been written then.
    """
    start = time.monotonic()
    out = settings.out or Path(f"{table_name(settings.data)}-tuned")
    require_directory_can_be_written(out, settings.overwrite)
    problem = _read_problem(settings)
    check_folds(problem, settings.outer_cv, settings.cv)
    usual = "accuracy" if problem.task == "classification" else "r2"
    scoring = usual if settings.scoring is None else settings.scoring
    check_scoring(problem, scoring)
    from sknet_hp.cli.study import Study, check_device  # imports torch: after the checks, which are quick without it

    check_device(settings.device)
    console = Console(highlight=False, soft_wrap=True)
    _print_problem(console, problem, settings)
    study = Study(problem, settings.search, settings.cv, settings.outer_cv, scoring, settings.seed, settings.device)
    candidates = study.candidates_up_to(settings.candidates)
    if settings.time_budget is not None:
        pilot = study.fit_into(settings.time_budget, start, settings.candidates)
        candidates = study.candidates_up_to(pilot.affordable)
        asked = study.candidates_up_to(settings.candidates)
        console.print(
            f"A pilot of {pilot.networks} networks took {pilot.seconds:.1f} s: {candidates} of {asked} candidates fit "
            f"into {settings.time_budget:g} s.",
        )
        if candidates < asked:
            console.print(
                f"To repeat this run whatever the time, say --candidates {candidates} in place of --time-budget."
            )
    console.print(study.cost_of(candidates))
    from sknet_hp.estimators.persistence import save

    outcome = study.run(candidates)
    seconds = time.monotonic() - start
    summary = _summarise(settings, problem, scoring, candidates, outcome, seconds)
    write_directory(
        out,
        {
            MODEL: lambda path: save(outcome.model, path),
            RESULTS: lambda path: _results_table(outcome.cv_results).to_csv(path, index=False),
            SUMMARY: lambda path: path.write_text(
                json.dumps(summary, indent=2, allow_nan=False) + "\n", encoding="utf-8"
            ),
        },
    )
    _print_outcome(console, outcome, scoring, seconds, out)


def _read_problem(settings: Settings) -> Problem:
    table = load_table(settings.data)
    target = settings.target
    if target is None:
        if not settings.data.startswith("sklearn:"):
            raise BadInput(f"--target is missing: name the column to predict, one of {listed(table.columns)}")
        target = BUNDLED_TARGET
    return pose_problem(table, target, settings.task)


def _summarise(
    settings: Settings, problem: Problem, scoring: str, candidates: int, outcome: "Outcome", seconds: float
) -> dict[str, Any]:
    return _plain(
        {
            "nested_cv": {"scoring": scoring, "mean": outcome.mean, "std": outcome.std, "folds": outcome.fold_scores},
            "best_params": outcome.best_params,
            "best_inner_score": outcome.best_inner_score,
            "best_params_of_outer_folds": outcome.fold_params,
            "networks_trained": outcome.networks,
            "seconds": round(seconds, 2),
            "task": problem.task,
            "target": problem.target,
            "rows": len(problem.X),
            "features": list(problem.X.columns),
            "candidates": candidates,
            "settings": {
                name: str(value) if isinstance(value, Path) else value for name, value in asdict(settings).items()
            },
            "warnings": outcome.warnings,
            "versions": {
                name: installed_version(name) for name in ("sknet_hp", "scikit-learn", "skorch", "torch", "numpy")
            },
        }
    )


def _results_table(cv_results: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(cv_results | {"params": [json.dumps(_plain(params)) for params in cv_results["params"]]})


def _plain(value: Any) -> Any:
    """Plain Python for JSON, which knows neither NumPy's numbers nor NaN."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _print_problem(console: Console, problem: Problem, settings: Settings) -> None:
    n_classes = f" with {len(np.unique(problem.y))} classes" if problem.task == "classification" else ""
    n_features = f"{problem.X.shape[1]:,} feature{'' if problem.X.shape[1] == 1 else 's'}"
    console.print(
        f"{settings.data}: {len(problem.X):,} rows, {n_features}; {problem.task} of {problem.target!r}{n_classes} "
        f"({problem.reason}).",
        markup=False,
    )
    for note in problem.notes:
        console.print(f"Note: {note}.", markup=False)


def _print_outcome(console: Console, outcome: "Outcome", scoring: str, seconds: float, out: Path) -> None:
    for message, count in outcome.warnings.items():
        console.print(f"Warning{f' ({count} times)' if count > 1 else ''}: {message}", markup=False)
    n_folds = len(outcome.fold_scores)
    lines = {
        "Nested-CV score": f"{scoring} {outcome.mean:.4f} ± {outcome.std:.4f} (mean ± standard deviation over "
        f"{n_folds} outer folds)",
        "Best parameters": ", ".join(f"{name}={_short(value)}" for name, value in outcome.best_params.items()),
        "Networks trained": f"{outcome.networks:,} in {seconds:.1f} s",
        "Model": str(out / MODEL),
        "Results": f"{out / RESULTS}, {out / SUMMARY}",
    }
    for name, text in lines.items():
        console.print(f"{name:<18}{text}", markup=False)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
