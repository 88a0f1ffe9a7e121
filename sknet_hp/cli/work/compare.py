"""`sknet-hp compare`: which of two or more models is better on a table."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from sknet_hp.cli.budget import compute_seconds_left
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.devices import check_device
from sknet_hp.cli.models.kernels import compile_kernels
from sknet_hp.cli.models.named import Contestant, make_contestant
from sknet_hp.cli.options import CompareOptions
from sknet_hp.cli.output.files import FOLDS, PAIRS, SUMMARY, require_directory_can_be_written, write_directory
from sknet_hp.cli.output.json_text import describe_table, print_json, write_json
from sknet_hp.cli.output.page import print_end
from sknet_hp.cli.output.text import (
    describe_finding,
    find_width,
    make_console,
    print_findings,
    print_problem,
    print_ranking,
    wrap,
)
from sknet_hp.cli.output.training import print_warnings, show_training
from sknet_hp.cli.tables.checks import check_scored_folds
from sknet_hp.cli.tables.reading import read_problem
from sknet_hp.cli.tables.scoring import choose_scoring
from sknet_hp.cli.tables.splitting import make_splitter
from sknet_hp.cli.work.following import write_after_choice
from sknet_hp.evaluation.comparison.pair import SURE
from sknet_hp.formatting.numbers import format_percentage, format_score
from sknet_hp.formatting.words import capitalise
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    from sknet_hp.evaluation.comparison.pair import Pair
    from sknet_hp.evaluation.comparison.result import Comparison

FEW_SPLITS = 10
"""With fewer a comparison is told to have more."""


def compare_models(options: CompareOptions) -> None:
    """Compare models on a table, and print which is better.

    Raises
    ------
    BadInput
        If the options do not suit the table, or a model is none.
    """
    start = time.monotonic()
    _check_names(options.contestants)
    problem = read_problem(options)
    if options.out is not None:
        require_directory_can_be_written(options.out, options.overwrite)
    check_scored_folds(problem, options.cv, "--cv")
    scoring = choose_scoring(problem, options.scoring, options.positive_class)
    if problem.time_column is not None and options.repeats > 1:
        raise BadInput(f"--repeats {options.repeats} and --time can't be combined, since rows have only one order")
    # It imports torch: after the checks, which are quick without it.
    from sknet_hp.evaluation import compare

    check_device(options.device)
    models = [
        make_contestant(name, problem.task, seed=options.seed, device=options.device) for name in options.contestants
    ]
    console = make_console(quiet=options.as_json)
    print_problem(console, problem, options.data, scoring.note)
    estimators = [model.estimator for model in models]
    seconds = compute_seconds_left(options.time_budget, start)
    compile_kernels(problem, *estimators)
    with show_training("Comparing") as (warnings, _):
        result = compare(
            *estimators,
            X=problem.X,
            y=problem.y,
            cv=make_splitter(problem, options.cv, options.seed),
            scoring=scoring.scorer,
            n_repeats=options.repeats,
            rope=options.rope,
            names=[model.name for model in models],
            groups=problem.groups,
            random_state=options.seed,
            time_budget=seconds,
        )
    summary = _describe(result, options, time.monotonic() - start)
    if options.out is not None:
        _write(options.out, result, summary)
    if options.as_json:
        print_json(summary)
        return
    print_warnings(console, warnings)
    _print_result(console, result, can_repeat=problem.time_column is None)
    for model in models:
        _warn_of_choice(console, model)
    places = {} if options.out is None else {"Results": str(options.out)}
    print_end(console, places, [_write_following(result, options)])


def _warn_of_choice(console: Console, model: Contestant) -> None:
    if model.is_tuned:
        note = (
            f"Note: the settings of {model.name!r} were chosen earlier. If they were chosen on these rows, its score "
            f"is too good; evaluate chooses settings inside each fold."
        )
        console.print(wrap(note))


def _write_following(result: "Comparison", options: CompareOptions) -> str:
    """Return the command that comes next, by which model is the best."""
    best = str(result.ranking["name"].iloc[0])
    return write_after_choice(best, options, scoring=options.scoring, positive_class=options.positive_class)


def _check_names(names: tuple[str, ...]) -> None:
    if len(names) < 2:
        raise BadInput(f"one model, {names[0]!r}, can't be compared: name at least two")
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise BadInput(f"the model {repeated[0]!r} is named twice: name different ones")


def _write(out: Path, result: "Comparison", summary: dict[str, Any]) -> None:
    write_directory(
        out,
        {
            SUMMARY: lambda path: path.write_text(write_json(summary), encoding="utf-8"),
            FOLDS: lambda path: result.scores.to_csv(path, index=False),
            PAIRS: lambda path: result.table.to_csv(path, index=False),
        },
    )


def _print_result(console: Console, result: "Comparison", *, can_repeat: bool) -> None:
    metric = Metric(result.metrics[0])
    n_splits = result.contestants[0].n_splits
    heading = (
        f"{capitalise(metric.label)} in the same {n_splits} splits, mean and "
        f"{format_percentage(result.confidence, None)} interval"
        f"{' (lower is better)' if metric.is_error else ''}:"
    )
    console.print(f"\n{wrap(heading)}")
    print_ranking(console, result)
    console.print("\nAll pairs, and by how much the first is better:")
    numbers = [_write_differences(pair, result.confidence) for pair in result.pairs]
    width = max(len(pair.verdict) for pair in result.pairs)
    fits = 4 + width + max(map(len, numbers)) <= find_width()
    for pair, differences in zip(result.pairs, numbers, strict=True):
        console.print(f"  {pair.verdict:<{width}}  {differences}" if fits else f"  {pair.verdict}\n    {differences}")
    rope = result.pairs[0].rope
    console.print()
    for sentence in (
        f"A verdict is given where its probability is {format_percentage(SURE)} or more (Bayesian t-test).",
        f"Differences up to {rope.half:.3g} count as equivalent in practice ({rope.reason}; --rope sets it).",
    ):
        console.print(wrap(sentence))
    if n_splits < FEW_SPLITS:
        more = "more --repeats show smaller ones" if can_repeat else "more rows show smaller ones"
        console.print(wrap(f"{n_splits} splits can show large differences only; {more}."))
    console.print(f"\n{wrap(f'For a paper: {result.sentence}')}")
    print_findings(console, result.findings)


def _write_differences(pair: "Pair", confidence: float) -> str:
    test = pair.as_named
    low, high = map(write_difference, test.compute_interval(confidence))
    return f"{write_difference(test.mean)}  ({low} to {high})"


def write_difference(value: float) -> str:
    """Return a difference of scores, with its sign."""
    return f"{'-' if value < 0 else '+'}{format_score(abs(value))}"


def _describe(result: "Comparison", options: CompareOptions, seconds: float) -> dict[str, Any]:
    return {
        "ranking": describe_table(result.ranking),
        "pairs": describe_table(result.table),
        "sentences": result.sentences,
        "scores": {name: np.asarray(result.scores[name]) for name in result.scores},
        "findings": [describe_finding(finding) for finding in result.findings],
        "settings": vars(options),
        "seconds": round(seconds, 2),
    }
