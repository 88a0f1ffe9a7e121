"""The command `diagnose`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.budget import check_time_budget
from sknet_hp.cli.commands import arguments
from sknet_hp.cli.options import DiagnoseOptions
from sknet_hp.cli.slips import check_model_first, recall_target


def diagnose(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] DATA",
            help="A saved network (a model.safetensors that tune wrote, its directory, or a file that "
            "sknet_hp.save wrote) and "
            "the table it was trained on; or the table alone, and a network is trained.",
        ),
    ],
    target: arguments.Target = None,
    task: arguments.Task = "auto",
    model: arguments.Network = "default",
    groups: arguments.Groups = None,
    drop: arguments.Drop = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", metavar="", help="Exit with code 3 if there is an error or a warning among findings."),
    ] = False,
    time_budget: arguments.TimeBudget = None,
    seed: arguments.Seed = 0,
    as_json: arguments.Json = False,
    device: arguments.Device = "auto",
) -> None:
    """Say what is wrong with a trained network, and what to change.

    Reads the learning curve. On the table it measures dead units, gradients,
    predictions and leaks, and trains simple models of scikit-learn for comparison. Each
    finding has its numbers, what to do, and the parameters that do it. The worst come
    first.

    The exit code is 0, whatever is found, unless --strict is given.

    **Examples**

    * `sknet-hp diagnose titanic-tuned titanic.csv --target survived`

    * `sknet-hp diagnose houses.parquet --target price`
    """
    from sknet_hp.cli.errors import BadInput

    if len(paths) > 2:
        raise BadInput(f"diagnose takes a model and a table, or a table alone, and was given {len(paths)} paths")
    if len(paths) == 2:
        check_model_first(*paths)
    fitted = Path(os.path.expanduser(paths[0])) if len(paths) == 2 else None
    if fitted is not None and target is None:
        target = recall_target(fitted)
    check_time_budget(time_budget)
    table = arguments.collect_table_options(paths[-1], target, task, groups, None, drop)
    from sknet_hp.cli.work.diagnose import diagnose_network

    code = diagnose_network(
        DiagnoseOptions(
            **vars(table),
            fitted=fitted,
            model=model,
            strict=strict,
            time_budget=time_budget,
            seed=seed,
            as_json=as_json,
            device=device,
        )
    )
    if code:
        raise typer.Exit(code)
