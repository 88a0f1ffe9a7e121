"""`sknet-hp tune`: from a table to a tuned network.

All that can be checked is checked before training; then it searches, writes and prints
what came out.
"""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console

from sknet_hp.cli.models.devices import check_device
from sknet_hp.cli.options import TuneOptions
from sknet_hp.cli.output.files import MODEL, RESULTS, SUMMARY, require_directory_can_be_written, write_directory
from sknet_hp.cli.output.json_text import convert_to_json, describe_table, print_json, write_json
from sknet_hp.cli.output.text import describe_finding, format_params, make_console, print_findings, print_problem
from sknet_hp.cli.output.training import print_warnings
from sknet_hp.cli.tables.checks import check_folds, choose_scoring
from sknet_hp.cli.tables.loading import shorten_source
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.reading import read_problem
from sknet_hp.cli.versions import find_installed_version

if TYPE_CHECKING:
    from sknet_hp.cli.tuning.nested_search import NestedSearch, TuningResult


SHARE_OF_SEARCHES = 0.9  # of the time left, what searches are given: their last rung and the refit come after it


def tune_table(options: TuneOptions) -> None:
    """Tune a network for a table and write model, results and summary.

    Raises
    ------
    BadInput
        If something in the options or the table makes this impossible; nothing has been
        written then.
    """
    start = time.monotonic()
    out = options.out or Path(f"{shorten_source(options.data)}-tuned")
    require_directory_can_be_written(out, options.overwrite)
    problem = read_problem(options)
    check_folds(problem, options.outer_cv, options.cv)
    scoring = choose_scoring(problem, options.scoring)
    # It imports torch: after the checks, which are quick without it.
    from sknet_hp.cli.tuning.nested_search import NestedSearch

    check_device(options.device)
    console = make_console(quiet=options.as_json)
    print_problem(console, problem, options.data)
    search = NestedSearch(problem, options.search, options.cv, options.outer_cv, scoring, options.seed, options.device)
    candidates = _choose_candidates(console, search, options, start)
    left = (
        None if options.time_budget is None else SHARE_OF_SEARCHES * (options.time_budget - (time.monotonic() - start))
    )
    console.print(search.describe_cost(candidates, left))
    result = search.run(candidates, left)
    seconds = time.monotonic() - start
    summary = _summarise(options, problem, scoring, candidates, result, seconds)
    _write_result(out, result, summary)
    if options.as_json:
        print_json(summary | {"model": str(out / MODEL)})
        return
    _print_result(console, result, scoring, seconds, out)


def _choose_candidates(console: Console, search: "NestedSearch", options: TuneOptions, start: float) -> int | None:
    """Return how many candidates to search.

    As many as asked for, or as many of them as fit into the time, which a pilot
    measures; None where the method has its own number.
    """
    from sknet_hp.cli.tuning.methods import DEFAULT_CANDIDATES, OWN_NUMBER, WITH_PILOT
    from sknet_hp.cli.tuning.pilot import run_pilot

    if options.search in OWN_NUMBER:
        return options.candidates
    wanted = DEFAULT_CANDIDATES if options.candidates is None else options.candidates
    asked = search.count_candidates(wanted)
    if options.time_budget is None or options.search not in WITH_PILOT:
        return asked
    pilot = run_pilot(search, options.time_budget, start, wanted)
    candidates = search.count_candidates(pilot.affordable)
    console.print(
        f"A pilot of {pilot.networks} networks took {pilot.seconds:.1f} s: {candidates} of {asked} candidates fit "
        f"into {options.time_budget:g} s.",
    )
    if candidates < asked:
        console.print(f"To repeat this run whatever the time, say --candidates {candidates} in place of --time-budget.")
    return candidates


def _write_result(out: Path, result: "TuningResult", summary: dict[str, Any]) -> None:
    from sknet_hp.estimators.persistence import save

    write_directory(
        out,
        {
            MODEL: lambda path: save(result.model, path),
            RESULTS: lambda path: _make_results_table(result.search.cv_results_).to_csv(path, index=False),
            SUMMARY: lambda path: path.write_text(write_json(summary), encoding="utf-8"),
        },
    )


def _summarise(
    options: TuneOptions, problem: Problem, scoring: str, candidates: int | None, result: "TuningResult", seconds: float
) -> dict[str, Any]:
    return {
        "nested_cv": {
            "scoring": scoring,
            "mean": result.mean,
            "std": result.std,
            "folds": result.fold_scores,
            "interval": _describe_interval(result),
        },
        "best_params": result.search.best_params_,
        "best_inner_score": float(result.search.best_score_),
        "stages": describe_table(result.search.stages_.table) if hasattr(result.search, "stages_") else [],
        "best_params_of_outer_folds": result.fold_params,
        "networks_trained": result.networks,
        "seconds": round(seconds, 2),
        "task": problem.task,
        "target": problem.target,
        "rows": len(problem.X),
        "features": list(problem.X.columns),
        "candidates": candidates,
        "settings": {name: str(value) if isinstance(value, Path) else value for name, value in asdict(options).items()},
        "warnings": result.warnings,
        "findings": [describe_finding(finding) for finding in result.findings],
        "versions": {
            name: find_installed_version(name) for name in ("sknet_hp", "scikit-learn", "skorch", "torch", "numpy")
        },
    }


def _describe_interval(result: "TuningResult") -> dict[str, float] | None:
    if result.nested is None:
        return None
    low, high = result.nested.interval()
    return {"low": low, "high": high}


def _make_results_table(cv_results: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(
        cv_results | {"params": [json.dumps(convert_to_json(params)) for params in cv_results["params"]]}
    )


def _print_result(console: Console, result: "TuningResult", scoring: str, seconds: float, out: Path) -> None:
    print_warnings(console, result.warnings)
    if hasattr(result.search, "stages_"):
        console.print(f"\n{result.search.summary()}\n")
    lines = {
        "Nested-CV score": _describe_score(console, result, scoring),
        "Best parameters": format_params(result.search.best_params_),
        "Networks trained": f"{result.networks:,} in {seconds:.1f} s",
        "Model": str(out / MODEL),
        "Results": f"{out / RESULTS}, {out / SUMMARY}",
    }
    for name, text in lines.items():
        console.print(f"{name:<18}{text}")
    print_findings(console, result.findings)


def _describe_score(console: Console, result: "TuningResult", scoring: str) -> str:
    best = float(result.search.best_score_)
    if result.nested is None:
        return f"none, because --outer-cv is 0 (the search itself reports {scoring} {best:.4f}, which is too good)"
    low, high = result.nested.interval()
    n_done = result.nested.statuses.count("done")
    if n_done < len(result.fold_scores):
        console.print(
            f"Warning: {len(result.fold_scores) - n_done} of {len(result.fold_scores)} outer folds failed or were not "
            f"finished; the score is from the others."
        )
    return (
        f"{scoring} {result.mean:.4f} ± {result.std:.4f} (mean ± standard deviation over {n_done} "
        f"outer folds; 95 % interval of the mean {low:.4f} to {high:.4f})"
    )
