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

from sknet_hp.cli.errors import BadInput, Interrupted
from sknet_hp.cli.models.beside import Beside, compare_beside, describe_beside, describe_names
from sknet_hp.cli.models.devices import check_device
from sknet_hp.cli.models.kernels import compile_kernels
from sknet_hp.cli.options import BASELINES, DEFAULT, SearchMethod, TuneOptions, write_command
from sknet_hp.cli.output.files import MODEL, REPORT, RESULTS, SUMMARY
from sknet_hp.cli.output.json_text import convert_to_json, describe_table, print_json, write_json
from sknet_hp.cli.output.page import write_page, write_title
from sknet_hp.cli.output.run_folder import RunFolder
from sknet_hp.cli.output.text import describe_finding, make_console, print_problem, wrap
from sknet_hp.cli.tables.checks import check_folds
from sknet_hp.cli.tables.fingerprint import describe_rows
from sknet_hp.cli.tables.loading import shorten_source
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.reading import read_problem
from sknet_hp.cli.tables.scoring import Scoring, choose_scoring
from sknet_hp.cli.versions import find_installed_version
from sknet_hp.formatting.numbers import format_seconds

if TYPE_CHECKING:
    from sknet_hp.cli.tuning.nested_search import NestedSearch, TuningResult
    from sknet_hp.evaluation import NestedResult

SHARE_OF_SEARCHES = 0.85
"""Of the time left, what searches are given: their last rung, the refit and what stands
beside the score come after it.
"""

SECONDS = ((2_000, 60.0), (20_000, 120.0))
"""For a guided search and its score, where nothing is said: up to so many rows."""

MOST_SECONDS = 300.0

LEAST_SECONDS = 1.0
"""In less nothing can be searched."""


def tune_table(options: TuneOptions) -> None:
    """Tune a network for a table and write model, results and summary.

    Raises
    ------
    BadInput
        If something in the options or the table makes this impossible; nothing has been
        written then.
    Interrupted
        After Ctrl-C; the journal is there, and the run can be resumed.
    """
    start = time.monotonic()
    out = options.out or Path(f"{shorten_source(options.data)}-tuned")
    problem = read_problem(options)
    folder = RunFolder(out, "tune", asdict(options), resume=options.resume, overwrite=options.overwrite)
    check_folds(problem, options.outer_cv, options.cv)
    scoring = choose_scoring(problem, options.scoring, options.positive_class)
    search = _make_search(problem, scoring, options)
    console = make_console(quiet=options.as_json)
    print_problem(console, problem, options.data, scoring.note)
    start += compile_kernels(problem, search.network)
    seconds = _choose_seconds(console, search, options)
    candidates = folder.known.get("candidates", 0) or _choose_candidates(console, search, options, start)
    left = None if seconds is None else _share_out(seconds, time.monotonic() - start)
    if folder.is_resumed:
        console.print(f"Continuing the run in {out}.")
    console.print(wrap(search.describe_cost(candidates, left)))
    folder.begin({"candidates": candidates})
    try:
        result = search.run(candidates, left, folder)
        beside = _compare(search, result, scoring, options, None if seconds is None else start + seconds)
    except KeyboardInterrupt:
        folder.stop(forget=False)
        raise Interrupted(
            f"no result was written; the same command with --resume continues from here ({out})"
        ) from None
    except BadInput:
        folder.stop(forget=True)
        raise
    summary = _summarise(options, problem, scoring, candidates, result, beside, time.monotonic() - start)
    _write_result(folder, result, summary)
    if not options.as_json:
        from sknet_hp.cli.tuning.tuned import print_tuned, print_tuned_end

        print_tuned(console, result, beside, scoring, time.monotonic() - start)
    missing = write_page(
        out,
        result.search,
        evaluation=result.nested,
        comparison=beside.comparison,
        X=problem.X,
        y=problem.y,
        title=write_title(options.data, problem.target),
        next_steps={"Predict new rows:": write_command("predict", str(out), "NEW.csv")},
    )
    if options.as_json:
        print_json(summary | {"model": str(out / MODEL)} | ({} if missing else {"report": str(out / REPORT)}))
    else:
        print_tuned_end(console, out, missing)


def _make_search(problem: Problem, scoring: Scoring, options: TuneOptions) -> "NestedSearch":
    """Return the search that the options ask for, checked before it trains."""
    if options.model in BASELINES:
        raise BadInput(f"--model {options.model} is not a network: give default, a preset or a saved network")
    # It imports torch: after the checks, which are quick without it.
    from sknet_hp.cli.tuning.methods import GUIDED, check_method
    from sknet_hp.cli.tuning.nested_search import NestedSearch
    from sknet_hp.cli.tuning.searched import choose_searched

    is_plain = options.space is None and options.candidates is None
    method: SearchMethod = options.search or (GUIDED if is_plain else "halving")
    is_given = options.space is not None
    check_method(method, candidates=options.candidates, is_given=is_given, ensemble=options.ensemble)
    check_device(options.device)
    network, space = choose_searched(options, problem.task, method)
    return NestedSearch(problem, method, scoring.scorer, options, network, space, is_given=is_given)


def _choose_seconds(console: Console, search: "NestedSearch", options: TuneOptions) -> float | None:
    """Return the seconds for the whole command, None for as many as it takes."""
    from sknet_hp.cli.tuning.methods import GUIDED

    if options.time_budget is not None or search.method != GUIDED:
        return options.time_budget
    n_rows = len(search.problem.X)
    seconds = next((seconds for rows, seconds in SECONDS if n_rows <= rows), MOST_SECONDS)
    told = f"Without --time-budget, tuning takes about {format_seconds(seconds)} for a table of this size."
    console.print(wrap(told))
    return seconds


def _share_out(seconds: float, spent: float) -> float:
    """Return the seconds that searches may take, of those that are left."""
    left = SHARE_OF_SEARCHES * (seconds - spent)
    if left < LEAST_SECONDS:
        raise BadInput(
            f"--time-budget {seconds:g} is too short: {format_seconds(spent)} of it have passed before anything is "
            f"trained; give 60 or more"
        )
    return left


def _choose_candidates(console: Console, search: "NestedSearch", options: TuneOptions, start: float) -> int | None:
    """Return how many candidates to search.

    As many as asked for, or as many of them as fit into the time, which a pilot
    measures; None where the method has its own number.
    """
    from sknet_hp.cli.tuning.methods import DEFAULT_CANDIDATES, OWN_NUMBER, WITH_PILOT
    from sknet_hp.cli.tuning.pilot import run_pilot

    if search.method in OWN_NUMBER:
        return options.candidates
    wanted = DEFAULT_CANDIDATES if options.candidates is None else options.candidates
    asked = search.count_candidates(wanted)
    is_fixed = search.method == "grid" and search.is_given
    if is_fixed and options.candidates is not None and asked > wanted:
        raise BadInput(
            f"the grid of --space {str(options.space)!r} has {asked} points, more than --candidates {wanted}: leave "
            f"--candidates out, or say --search random"
        )
    if options.time_budget is None or search.method not in WITH_PILOT:
        return asked
    pilot = run_pilot(search, options.time_budget, start, asked if is_fixed else wanted)
    if is_fixed and pilot.affordable < asked:
        raise BadInput(
            f"--time-budget {options.time_budget:g} is too short for the {asked} points of the grid, of which about "
            f"{pilot.affordable} fit in: give more time, or say --search random"
        )
    candidates = search.count_candidates(pilot.affordable)
    took = f"A pilot of {pilot.networks} networks took {format_seconds(pilot.seconds)}"
    console.print(wrap(f"{took}: {candidates} of {asked} candidates fit into {options.time_budget:g} s."))
    if candidates < asked:
        console.print(f"To repeat exactly this run, say --candidates {candidates} in place of --time-budget.")
    return candidates


def _compare(
    search: "NestedSearch", result: "TuningResult", scoring: Scoring, options: TuneOptions, deadline: float | None
) -> Beside:
    """Score what stands beside the result."""
    from sknet_hp.cli.output.training import show_training

    if result.nested is None:
        return Beside(None, {})
    names = describe_names(options.model, DEFAULT, is_tuned=True)
    with show_training("Scoring simple models"):
        return compare_beside(search.problem, result.nested, names, search.network, scoring, options.seed, deadline)


def _write_result(folder: RunFolder, result: "TuningResult", summary: dict[str, Any]) -> None:
    from sknet_hp.estimators.persistence import save

    folder.finish(
        {
            MODEL: lambda path: save(result.model, path, resumable=False),
            RESULTS: lambda path: _make_results_table(result.search.cv_results_).to_csv(path, index=False),
            SUMMARY: lambda path: path.write_text(write_json(summary), encoding="utf-8"),
        },
    )


def _summarise(
    options: TuneOptions,
    problem: Problem,
    scoring: Scoring,
    candidates: int | None,
    result: "TuningResult",
    beside: Beside,
    seconds: float,
) -> dict[str, Any]:
    return {
        "nested_cv": {"scoring": scoring.name, "positive_class": scoring.positive} | _describe_score(result.nested),
        **describe_beside(beside),
        "best_params": result.search.best_params_,
        "ensemble": getattr(result.search, "ensemble_", None) or [],
        "best_inner_score": float(result.search.best_score_),
        "stages": describe_table(result.search.stages_.table) if hasattr(result.search, "stages_") else [],
        "best_params_of_outer_folds": [] if result.nested is None else result.nested.params,
        "networks_trained": result.networks,
        "seconds": round(seconds, 2),
        "task": problem.task,
        "target": problem.target,
        "rows": len(problem.X),
        "features": list(problem.X.columns),
        "training_rows": describe_rows(problem.X, problem.y),
        "candidates": candidates,
        "settings": vars(options),
        "warnings": result.warnings,
        "findings": [describe_finding(finding) for finding in result.findings],
        "versions": {
            name: find_installed_version(name) for name in ("sknet_hp", "scikit-learn", "skorch", "torch", "numpy")
        },
    }


def _describe_score(nested: "NestedResult | None") -> dict[str, Any]:
    from sknet_hp.sharing.cards.scores import measure_calibration

    if nested is None:
        return {"mean": None, "std": None, "folds": [], "interval": None, "calibration_error": None}
    low, high = nested.interval()
    return {
        "mean": nested.mean,
        "std": nested.std,
        "folds": nested.get_scores(),
        "interval": {"low": low, "high": high},
        "calibration_error": measure_calibration(nested),
    }


def _make_results_table(cv_results: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(
        cv_results | {"params": [json.dumps(convert_to_json(params)) for params in cv_results["params"]]}
    )
