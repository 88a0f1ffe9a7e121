"""The command `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli import completing
from sknet_hp.cli.budget import check_time_budget
from sknet_hp.cli.commands import arguments
from sknet_hp.cli.options import CompareOptions


def compare(
    data: arguments.Data,
    contestants: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL...",
            autocompletion=completing.complete_model,
            help="Two models or more: default, a preset (mlp, resnet, tabm, realmlp_td, …), linear, boosting, "
            "constant, or the path of a saved model, whose settings are taken.",
            show_default="default linear boosting",
        ),
    ] = None,
    target: arguments.Target = None,
    task: arguments.Task = "auto",
    cv: Annotated[int, typer.Option(min=2, help="Folds that models are scored in, the same for all.")] = 5,
    repeats: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many times rows are split into folds; more repeats show smaller differences.",
            show_default="2, or 1 with --time",
        ),
    ] = None,
    rope: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="DIFFERENCE",
            help="Differences up to this count as equivalent in practice.",
            show_default="0.01, or 1 % of the mean score of an error",
        ),
    ] = None,
    groups: arguments.Groups = None,
    time: arguments.Time = None,
    drop: arguments.Drop = None,
    scoring: arguments.Scoring = None,
    positive_class: arguments.PositiveClass = None,
    time_budget: arguments.TimeBudget = None,
    seed: arguments.Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A directory for scores and comparisons.", show_default="none"),
    ] = None,
    overwrite: arguments.Overwrite = False,
    as_json: arguments.Json = False,
    device: arguments.Device = "auto",
) -> None:
    """Say which of two or more models is better, and how certain that is.

    All models are scored in the same folds and compared fold by fold. The t-test allows
    for the training rows that folds share. With several comparisons, p-values are
    adjusted. Each comparison also has the probability that the difference is too small
    to matter.

    Nothing is tuned here; `evaluate` scores a search.

    The --out directory gets **summary.json**, **folds.csv** (the scores of each fold)
    and **pairs.csv** (a line for each pair of models).

    **Examples**

    * `sknet-hp compare titanic.csv --target survived`

    * `sknet-hp compare houses.parquet default boosting --target price --repeats 4`

    * `sknet-hp compare titanic.csv titanic-tuned default --target survived`
    """
    check_time_budget(time_budget)
    table = arguments.collect_table_options(data, target, task, groups, time, drop, contestants or ())
    from sknet_hp.cli.work.compare import compare_models

    compare_models(
        CompareOptions(
            **vars(table),
            contestants=tuple(contestants or ("default", "linear", "boosting")),
            cv=cv,
            repeats=repeats if repeats is not None else 2 if time is None else 1,
            rope=rope,
            scoring=scoring,
            positive_class=positive_class,
            time_budget=time_budget,
            seed=seed,
            out=arguments.expand(out),
            overwrite=overwrite,
            as_json=as_json,
            device=device,
        )
    )
