"""`sknet-hp diagnose`: what is wrong with a trained network, and what to change."""

import time
from typing import TYPE_CHECKING, Any

from rich.console import Console
from sklearn.base import is_classifier

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.devices import check_device
from sknet_hp.cli.models.named import make_contestant
from sknet_hp.cli.models.saved import list_text_columns, load_model
from sknet_hp.cli.options import BASELINES, DiagnoseOptions
from sknet_hp.cli.output.json_text import print_json
from sknet_hp.cli.output.page import print_end
from sknet_hp.cli.output.text import describe_finding, make_console, print_findings, print_problem, wrap
from sknet_hp.cli.output.training import print_warnings, show_training
from sknet_hp.cli.tables.features import select_features
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.reading import read_problem
from sknet_hp.cli.work.following import write_after_choice, write_following

if TYPE_CHECKING:
    from sknet_hp.tuning import Diagnosis

FOUND = 3
"""Exit code of --strict where there is a finding that should change something."""


def diagnose_network(options: DiagnoseOptions) -> int:
    """Diagnose a saved network, or one that is trained here, and print what was found.

    Returns
    -------
    int
        The exit code: 0, or 3 if something was found and --strict asks for it.

    Raises
    ------
    BadInput
        If the options do not suit the table, or the model is no network.
    """
    start = time.monotonic()
    saved = None if options.fitted is None else load_model(options.fitted)
    if options.model in BASELINES:
        raise BadInput(f"--model {options.model} is not a network: give default, a preset or a saved network")
    problem = read_problem(options, () if saved is None else tuple(list_text_columns(saved)))
    # It imports torch: after the checks, which are quick without it.
    from sknet_hp.tuning import diagnose

    check_device(options.device)
    console = make_console(quiet=options.as_json)
    print_problem(console, problem, options.data)
    with show_training("Diagnosing") as (warnings, _):
        network, X = _train(problem, options) if saved is None else (saved, _read_features(saved, problem, options))
        # Learning curves are there at once, so that also a time that is up leaves something to say.
        seconds = None if options.time_budget is None else max(0.1, options.time_budget - (time.monotonic() - start))
        try:
            found = diagnose(network, X, problem.y, random_state=options.seed, time_budget=seconds)
        except TypeError as error:
            raise BadInput(f"{str(options.fitted or options.model)!r} can't be diagnosed: {error}") from error
    if options.as_json:
        print_json(_describe(found, options, time.monotonic() - start))
    else:
        print_warnings(console, warnings)
        _print_result(console, found)
        print_end(console, {}, [_write_following(found, options)])
    return FOUND if options.strict and any(finding.severity != "info" for finding in found) else 0


def _train(problem: Problem, options: DiagnoseOptions) -> tuple[Any, Any]:
    model = make_contestant(options.model, problem.task, seed=options.seed, device=options.device).estimator
    if problem.groups is None:
        return model.fit(problem.X, problem.y), problem.X
    return model.fit(problem.X, problem.y, groups=problem.groups), problem.X


def _read_features(model: Any, problem: Problem, options: DiagnoseOptions) -> Any:
    """Return the columns that a saved model was fitted on."""
    task = "classification" if is_classifier(model) else "regression"
    if task != problem.task:
        raise BadInput(
            f"{str(options.fitted)!r} is a model for {task}, and this is {problem.task}: give another model, or say "
            f"--task {task} if that is meant"
        )
    return select_features(problem.X, model, options.data)


def _write_following(found: "Diagnosis", options: DiagnoseOptions) -> str:
    """Return what comes next: predictions, or tuning if something should change."""
    if options.fitted is None:
        return write_following("tune", options, model=options.model)
    if all(finding.severity == "info" for finding in found):
        return write_after_choice(str(options.fitted), options)
    again = f"{options.fitted.with_suffix('') if options.fitted.is_file() else options.fitted}-2"
    return write_following("tune", options, model=options.fitted, out=again)


def _print_result(console: Console, found: "Diagnosis") -> None:
    print_findings(console, found)
    if not found:
        console.print(f"\n{found.extent}: nothing was found.")
    for reason in dict.fromkeys(found.unchecked.values()):
        codes = [code for code, own in found.unchecked.items() if own == reason]
        console.print(wrap(f"Not checked, because {reason}: {', '.join(codes)}."))


def _describe(found: "Diagnosis", options: DiagnoseOptions, seconds: float) -> dict[str, Any]:
    return {
        "findings": [describe_finding(finding) for finding in found],
        "codes": found.codes,
        "unchecked": found.unchecked,
        "stopped": found.stopped,
        "settings": vars(options),
        "seconds": round(seconds, 2),
    }
