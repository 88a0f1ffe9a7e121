"""`sknet-hp evaluate`: an honest score, and what it is worth."""

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console

from sknet_hp.cli.budget import compute_seconds_left
from sknet_hp.cli.errors import BadInput, Interrupted
from sknet_hp.cli.models.beside import Beside, compare_beside, describe_beside, describe_names, print_beside
from sknet_hp.cli.models.devices import check_device
from sknet_hp.cli.models.kernels import compile_kernels
from sknet_hp.cli.models.named import Contestant, make_contestant
from sknet_hp.cli.options import BASELINES, DEFAULT, INNER_FOLDS, NETWORKS, EvaluateOptions
from sknet_hp.cli.output.files import CURVES, FOLDS, PREDICTIONS, REPORT, SUMMARY
from sknet_hp.cli.output.json_text import print_json, write_json
from sknet_hp.cli.output.page import print_end, write_page, write_title
from sknet_hp.cli.output.run_folder import SCORE, RunFolder
from sknet_hp.cli.output.text import describe_finding, make_console, print_findings, print_problem, wrap, wrap_lines
from sknet_hp.cli.output.training import print_warnings, show_training
from sknet_hp.cli.output.wording import name_options
from sknet_hp.cli.tables.checks import check_folds, check_scored_folds
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.reading import read_problem
from sknet_hp.cli.tables.scoring import Scoring, choose_scoring
from sknet_hp.cli.tables.splitting import make_splitter
from sknet_hp.cli.tuning.methods import Plan, check_method, make_searcher, write_unused_time
from sknet_hp.cli.tuning.searched import choose_searched
from sknet_hp.cli.work.following import write_after_choice, write_following
from sknet_hp.evaluation.nested.summary import write_outcome

if TYPE_CHECKING:
    from sknet_hp.evaluation import NestedResult

SHARE_OF_THE_SCORE = 0.8
"""Of the time, for what is evaluated; the rest is for what stands beside it."""


def evaluate_table(options: EvaluateOptions) -> None:
    """Score a search, or a model, on a table, and print what the score is worth.

    Raises
    ------
    BadInput
        If the options do not suit the table, or there is no such model.
    """
    start = time.monotonic()
    problem = read_problem(options)
    folder = _open_folder(options)
    method = _choose_method(options)
    if method == "none":
        check_scored_folds(problem, options.outer_cv, "--outer-cv")
    else:
        check_folds(problem, options.outer_cv, options.cv)
    if problem.time_column is not None and options.repeats > 1:
        raise BadInput(f"--repeats {options.repeats} and --time can't be combined, since rows have only one order")
    scoring = choose_scoring(problem, options.scoring, options.positive_class)
    check_device(options.device)
    outer = make_splitter(problem, options.outer_cv, options.seed)
    model, evaluated = _make_evaluated(problem, method, scoring, options)
    console = make_console(quiet=options.as_json)
    print_problem(console, problem, options.data, scoring.note)
    start += compile_kernels(problem, model.estimator)
    if folder is not None:
        folder.begin()
    result = None
    try:
        with show_training("Evaluating") as (warnings, _):
            result = _evaluate(problem, evaluated, outer, scoring, options, start, folder)
            beside = _compare(problem, result, model, method, scoring, options, start)
    except KeyboardInterrupt as interrupt:
        partial = getattr(interrupt, "result", None) if result is None else result
        raise _report_interrupt(partial, console, options, folder) from None
    except BadInput:
        if folder is not None:
            folder.stop(forget=True)
        raise
    summary = _describe(result, beside, options, method, time.monotonic() - start)
    if folder is not None:
        _write(folder, result, problem, summary)
    if not options.as_json:
        print_warnings(console, warnings)
        _print_result(console, result, beside, model, method)
        _print_unused_time(console, result, options, method, time.monotonic() - start)
    following = _write_following(options, problem, method)
    steps = {_write_lead(following, method): following}
    parts = {"comparison": beside.comparison, "title": write_title(options.data, problem.target), "next_steps": steps}
    missing = None if options.out is None else write_page(options.out, result, **parts)
    if options.as_json:
        print_json(summary | ({"report": str(options.out / REPORT)} if options.out and missing is None else {}))
        return
    places = {}
    if options.out is not None:
        results = ", ".join(str(options.out / name) for name in (FOLDS, PREDICTIONS, SUMMARY))
        places = {"Results": results, "Report": missing or str(options.out / REPORT)}
    print_end(console, places, [following])


def _write_following(options: EvaluateOptions, problem: Problem, method: str) -> str:
    """Return the command that comes next: the same search on all rows, if there was."""
    told = {"scoring": options.scoring, "positive_class": options.positive_class}
    options = replace(options, target=problem.target)
    if method == "none":
        return write_after_choice(options.model, options, **told)
    cv = None if options.cv == INNER_FOLDS else options.cv
    searched = {"search": method, "cv": cv, "space": options.space, "candidates": options.candidates}
    return write_following("tune", options, model=options.model, **searched, **told)


def _write_lead(following: str, method: str) -> str:
    """Return what the command that comes next is for."""
    if " tune " not in following:
        return "Predict new rows:"
    return f"Tune a network{'' if method == 'none' else ' in the same way'} on all rows, and keep it:"


def _open_folder(options: EvaluateOptions) -> RunFolder | None:
    """Return the directory of the results, checked, if there is one."""
    if options.out is None:
        if options.resume:
            raise BadInput("--resume needs the directory of the run: give it as --out DIR, or use --journal DIR")
        return None
    return RunFolder(options.out, "evaluate", asdict(options), resume=options.resume, overwrite=options.overwrite)


def _choose_method(options: EvaluateOptions) -> str:
    """Return how settings are chosen, which is by halving where nothing is said."""
    is_baseline = options.model in BASELINES
    if options.search is None:
        return "halving" if options.model in NETWORKS else "none"
    if is_baseline and options.search != "none":
        raise BadInput(
            f"--model {options.model} has no settings that are searched here: leave --search {options.search} out, or "
            f"evaluate a network"
        )
    return options.search


def _make_evaluated(
    problem: Problem, method: str, scoring: Scoring, options: EvaluateOptions
) -> tuple[Contestant, Any]:
    """Return the model, and the search over its settings or the model as it is.

    Network, space and searcher are those of `tune`, so the score is that of what `tune`
    does.
    """
    if method == "none":
        if options.space is not None:
            raise BadInput("--space has no effect with --search none: leave it out, or say --search halving")
        model = make_contestant(options.model, problem.task, seed=options.seed, device=options.device)
        return model, model.estimator
    check_method(method, candidates=options.candidates, is_given=options.space is not None)
    network, space = choose_searched(options, problem.task, method)
    plan = Plan(
        space=space,
        candidates=options.candidates,
        cv=make_splitter(problem, options.cv, options.seed),
        scoring=scoring.scorer,
        seed=options.seed,
        is_given=options.space is not None,
    )
    return Contestant(options.model, network), make_searcher(method, network, plan)


def _evaluate(
    problem: Problem,
    evaluated: Any,
    outer: Any,
    scoring: Scoring,
    options: EvaluateOptions,
    start: float,
    folder: RunFolder | None,
) -> "NestedResult":
    from sknet_hp.evaluation import nested_cross_validate

    seconds = compute_seconds_left(options.time_budget, start, SHARE_OF_THE_SCORE)
    journal = options.journal if folder is None or options.journal is not None else folder.find(SCORE)
    return nested_cross_validate(
        evaluated,
        problem.X,
        problem.named_y,
        cv=outer,
        scoring=scoring.scorer,
        groups=problem.groups,
        n_repeats=options.repeats,
        random_state=options.seed,
        journal=journal,
        time_budget=seconds,
    )


def _compare(
    problem: Problem,
    result: "NestedResult",
    model: Contestant,
    method: str,
    scoring: Scoring,
    options: EvaluateOptions,
    start: float,
) -> Beside:
    """Score what stands beside it in the same folds."""
    names = describe_names(model.name, DEFAULT, is_tuned=method != "none")
    deadline = None if options.time_budget is None else start + options.time_budget
    return compare_beside(problem, result, names, model.estimator, scoring, options.seed, deadline)


def _report_interrupt(
    partial: "NestedResult | None", console: Console, options: EvaluateOptions, folder: RunFolder | None
) -> Interrupted:
    """Print what was finished, and return what is said of the rest."""
    if partial is not None and "done" in partial.statuses:
        console.print(f"\n{partial.summary()}")
    if folder is not None:
        folder.stop(forget=False)
        return Interrupted(f"no result was written; the same command with --resume continues from here ({options.out})")
    if options.journal is None:
        return Interrupted("no file was written; with --journal DIR the same command would continue from here")
    return Interrupted(f"and the same command continues from here (--journal {options.journal})")


def _write(folder: RunFolder, result: "NestedResult", problem: Problem, summary: dict[str, Any]) -> None:
    folder.finish(
        {
            SUMMARY: lambda path: path.write_text(write_json(summary), encoding="utf-8"),
            FOLDS: lambda path: result.table.to_csv(path, index=False),
            PREDICTIONS: lambda path: _number_rows(result.predictions, problem).to_csv(path),
            CURVES: lambda path: result.curves.to_csv(path, index=False),
        },
    )


def _number_rows(predictions: "pd.DataFrame", problem: Problem) -> "pd.DataFrame":
    """Return predictions whose rows have the numbers that they have in the table."""
    if problem.rows is None:
        return predictions
    return predictions.set_axis(pd.Index(problem.rows[predictions.index], name="row"))


def _describe(
    result: "NestedResult", beside: Beside, options: EvaluateOptions, method: str, seconds: float
) -> dict[str, Any]:
    low, high = result.interval()
    return {
        "scoring": result.metrics[0],
        "mean": result.mean,
        "std": result.std,
        "interval": {"confidence": 0.95, "low": low, "high": high},
        "outer_scores": result.outer_scores,
        "inner_scores": result.inner_scores,
        "optimism": result.optimism,
        "params": result.params,
        **describe_beside(beside),
        "findings": [describe_finding(finding) for finding in result.findings],
        "stopped": result.stopped_,
        "search": method,
        "settings": vars(options),
        "seconds": round(seconds, 2),
    }


def _print_unused_time(
    console: Console, result: "NestedResult", options: EvaluateOptions, method: str, seconds: float
) -> None:
    """Print that searches ended long before their time, where none was cut short."""
    if method == "none" or options.resume or "time_budget" in result.stopped_searches:
        return
    is_given = options.space is not None
    told = write_unused_time(method, seconds, options.time_budget, candidates=options.candidates, is_given=is_given)
    if told:
        console.print(f"\n{wrap(told)}")


def _print_result(console: Console, result: "NestedResult", beside: Beside, model: Contestant, method: str) -> None:
    console.print()
    console.print(wrap_lines(name_options(write_outcome(result))))
    print_beside(console, beside)
    print_findings(console, result.findings)
    if model.is_tuned and method == "none":
        note = (
            f"Note: the settings of {model.name!r} were chosen earlier. If they were chosen on these rows, the score "
            f"is too good; --search halving chooses them inside each fold."
        )
        console.print(wrap(note))
