"""The command `lr`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sknet_hp.cli.budget import check_time_budget
from sknet_hp.cli.commands import arguments
from sknet_hp.cli.options import RateOptions


def lr(
    data: arguments.Data,
    target: arguments.Target = None,
    task: arguments.Task = "auto",
    model: arguments.Network = "default",
    method: Annotated[
        Literal["sweep", "ramp"],
        typer.Option(help="sweep trains at many rates from the same start; ramp is Smith's test, for comparison."),
    ] = "sweep",
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Networks for each rate, with different seeds.")] = 3,
    groups: arguments.Groups = None,
    drop: arguments.Drop = None,
    time_budget: arguments.TimeBudget = None,
    seed: arguments.Seed = 0,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A .png, .pdf or .svg file for a picture; needs matplotlib.", show_default="none"
        ),
    ] = None,
    overwrite: arguments.ReplaceFile = False,
    as_json: arguments.Json = False,
    device: arguments.Device = "auto",
) -> None:
    """Find a learning rate, by short trainings at many rates.

    Prints the loss at each rate as a bar chart, the suggested rate with its spread, and
    the rate at which training breaks down.

    **Examples**

    * `sknet-hp lr titanic.csv --target survived`

    * `sknet-hp lr houses.parquet --target price --model tabm --plot rates.png`
    """
    check_time_budget(time_budget)
    table = arguments.collect_table_options(data, target, task, groups, None, drop)
    from sknet_hp.cli.work.lr import find_rate

    find_rate(
        RateOptions(
            **vars(table),
            model=model,
            method=method,
            seeds=seeds,
            time_budget=time_budget,
            seed=seed,
            plot=arguments.expand(plot),
            overwrite=overwrite,
            as_json=as_json,
            device=device,
        )
    )
