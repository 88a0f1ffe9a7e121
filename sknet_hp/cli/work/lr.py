"""`sknet-hp lr`: a learning rate, by short trainings at many rates."""

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from sknet_hp.cli.budget import compute_seconds_left
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.devices import check_device
from sknet_hp.cli.models.named import make_contestant, take_network
from sknet_hp.cli.options import BASELINES, RateOptions
from sknet_hp.cli.output.files import require_file_can_be_written, write_file
from sknet_hp.cli.output.json_text import describe_table, print_json
from sknet_hp.cli.output.page import print_end
from sknet_hp.cli.output.text import describe_finding, make_console, print_problem, wrap_lines
from sknet_hp.cli.output.training import print_warnings, show_training
from sknet_hp.cli.output.wording import name_options
from sknet_hp.cli.tables.reading import read_problem
from sknet_hp.cli.work.following import write_following

if TYPE_CHECKING:
    from sknet_hp.tuning import LRResult

PICTURES = (".png", ".pdf", ".svg")
BAR = 40
"""Characters of the longest bar."""

NAMES = ("suggestion", "steepest", "tenth_of_lowest", "edge_of_divergence")


def find_rate(options: RateOptions) -> None:
    """Find a learning rate for a network and a table, and print it.

    Raises
    ------
    BadInput
        If the options do not suit the table, or the model has no learning rate.
    """
    start = time.monotonic()
    if options.plot is not None:
        _require_picture(options)
    if options.model in BASELINES:
        raise BadInput(f"--model {options.model} has no learning rate: give default, a preset or a saved network")
    problem = read_problem(options)
    # It imports torch: after the checks, which are quick without it.
    from sknet_hp.tuning import find_lr

    check_device(options.device)
    model = make_contestant(options.model, problem.task, seed=options.seed, device=options.device)
    console = make_console(quiet=options.as_json)
    print_problem(console, problem, options.data)
    seconds = compute_seconds_left(options.time_budget, start)
    with show_training("Trying rates") as (warnings, _):
        try:
            result = find_lr(
                take_network(model.estimator),
                problem.X,
                problem.y,
                n_seeds=options.seeds,
                method=options.method,
                groups=problem.groups,
                random_state=options.seed,
                time_budget=seconds,
            )
        except TypeError as error:
            raise BadInput(f"--model {options.model}: {error}") from error
    if options.plot is not None:
        from sknet_hp.report import RangeTestDisplay

        figure = RangeTestDisplay.from_result(result).figure_
        write_file(options.plot, lambda path: figure.savefig(path, format=_get_format(options)))
    if options.as_json:
        print_json(_describe(result, options, time.monotonic() - start))
        return
    print_warnings(console, warnings)
    console.print()
    _print_curve(console, result)
    console.print(f"\n{wrap_lines(name_options(result.summary()))}")
    if options.plot is not None:
        console.print(f"The picture is in {options.plot}")
    print_end(console, {}, [write_following("tune", options, model=options.model)])


def _require_picture(options: RateOptions) -> None:
    assert options.plot is not None
    if options.plot.suffix.lower() not in PICTURES:
        raise BadInput(f"--plot {str(options.plot)!r} does not end in {', '.join(PICTURES)}: give such a name")
    require_file_can_be_written(options.plot, options.overwrite, option="--plot")
    if find_spec("matplotlib") is None:
        raise BadInput("--plot needs matplotlib: pip install 'sknet_hp[plot]', or leave --plot out")


def _get_format(options: RateOptions) -> str:
    assert options.plot is not None
    return options.plot.suffix.lower().removeprefix(".")


def _print_curve(console: Console, result: "LRResult") -> None:
    """Print the mean loss at each rate as a bar, with the rates that were read off."""
    losses = _average_losses(result)
    finite = losses[np.isfinite(losses)]
    low = float(finite.min())
    # Bars are cut at what training starts from: rates that are far too large would make all others look alike.
    high = result.chance_loss if np.isfinite(result.chance_loss) else float(finite.max())
    console.print(f"{'rate':>8}  {'loss':>9}")
    marked = {name: _find_nearest(losses.index.to_numpy(), getattr(result, name)) for name in NAMES}
    for number, (rate, loss) in enumerate(losses.items()):
        share = 1.0 if not np.isfinite(loss) else float(np.clip((loss - low) / max(high - low, 1e-12), 0, 1))
        marks = ", ".join(name.replace("_", " ") for name, place in marked.items() if place == number)
        text = f"{loss:9.4g}" if np.isfinite(loss) else " diverged"
        console.print(f"{rate:8.2g}  {text}  {'▪' * round(share * BAR):<{BAR}}  {marks}".rstrip())


def _average_losses(result: "LRResult") -> Any:
    """Return the mean loss over seeds by rate; infinite where half of them diverged."""
    if result.method == "ramp":
        curve = result.curve.iloc[:: max(1, len(result.curve) // 20)]
        return curve.set_index("rate")["loss"]
    return result.table.groupby("rate")["loss"].median()


def _find_nearest(rates: np.ndarray, rate: float) -> int:
    """Return the place of the rate nearest to another one, -1 if that is infinite."""
    return int(np.abs(np.log(rates) - np.log(rate)).argmin()) if np.isfinite(rate) else -1


def _describe(result: "LRResult", options: RateOptions, seconds: float) -> dict[str, Any]:
    return {
        **{name: getattr(result, name) for name in NAMES},
        "spread": dict(result.spread),
        "lr": result.lr,
        "curve": describe_table(result.curve),
        "held_constant": dict(result.held_constant),
        "findings": [describe_finding(finding) for finding in result.findings],
        "settings": vars(options),
        "seconds": round(seconds, 2),
    }
