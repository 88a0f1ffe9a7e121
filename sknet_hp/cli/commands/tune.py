"""The command `tune`."""

from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.budget import check_time_budget
from sknet_hp.cli.commands import arguments
from sknet_hp.cli.options import INNER_FOLDS, SearchMethod, TuneOptions


def tune(
    data: arguments.Data,
    target: arguments.Target = None,
    task: arguments.Task = "auto",
    model: arguments.Network = "default",
    search: Annotated[
        SearchMethod | None,
        typer.Option(
            help="How settings are chosen. guided tunes step by step, as a practitioner would, and explains each step.",
            show_default="guided; halving with --space or --candidates",
        ),
    ] = None,
    space: arguments.Space = None,
    ensemble: Annotated[
        bool | None,
        typer.Option(
            "--ensemble/--single",
            metavar="",
            help="Average several of the best settings, or fit the best one alone.",
            show_default="ensemble for guided, else single",
        ),
    ] = None,
    candidates: arguments.Candidates = None,
    cv: arguments.InnerFolds = INNER_FOLDS,
    outer_cv: Annotated[
        int,
        typer.Option(min=0, help="Outer folds, which score the whole search on rows it has not seen; 0 for no score."),
    ] = 5,
    scoring: arguments.Scoring = None,
    positive_class: arguments.PositiveClass = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Time for the whole command. For random and grid, a pilot run measures how many candidates fit in; "
            "guided gives its model and its score equal shares; the others start no new rung when it is up.",
            show_default="none; 60, 120 or 300 for guided, by rows",
        ),
    ] = None,
    seed: arguments.Seed = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the results go.", show_default="NAME-tuned, after DATA")
    ] = None,
    resume: arguments.Resume = False,
    overwrite: arguments.Overwrite = False,
    as_json: arguments.Json = False,
    device: arguments.Device = "auto",
    groups: arguments.Groups = None,
    time: arguments.Time = None,
    drop: arguments.Drop = None,
) -> None:
    """Tune a network for a table, and score the tuning on rows that it has not seen.

    The table may hold numbers, text, categories and missing values; you need not
    prepare it. The score comes from nested cross-validation: the whole search runs in
    each outer fold, and is scored on rows that took no part in it. The untuned network,
    a linear model and a constant prediction are scored for comparison.

    If rows depend on each other, scores are too good. Name the column of the person,
    place or machine that several rows come from with --groups, or the column of their
    time with --time.

    DIR gets **model.safetensors** (the tuned network, fitted on all rows),
    **cv_results.csv** (every candidate), **summary.json** and **report.html**, all or
    none. Its **journal** lets --resume continue after Ctrl-C or a crash. The same
    --candidates and --seed give the same numbers. With --time-budget, they depend on
    the speed of the machine.

    **Examples**

    * `sknet-hp tune titanic.csv --target survived`

    * `sknet-hp tune loans.csv --target default --scoring f1 --positive-class yes`

    * `sknet-hp tune houses.parquet --target price --model tabm_s --out
      houses`

    * `sknet-hp tune houses.parquet --target price --space space.toml`
    """
    check_time_budget(time_budget)
    table = arguments.collect_table_options(data, target, task, groups, time, drop)
    from sknet_hp.cli.work.tune import tune_table

    tune_table(
        TuneOptions(
            **vars(table),
            model=model,
            search=search,
            space=arguments.expand(space),
            ensemble=ensemble,
            candidates=candidates,
            cv=cv,
            outer_cv=outer_cv,
            scoring=scoring,
            positive_class=positive_class,
            time_budget=time_budget,
            seed=seed,
            out=arguments.expand(out),
            resume=resume,
            overwrite=overwrite,
            as_json=as_json,
            device=device,
        )
    )
