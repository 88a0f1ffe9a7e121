"""The command `tune`."""

from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.commands import arguments
from sknet_hp.cli.options import SearchMethod, TuneOptions


def tune(
    data: arguments.Data,
    target: arguments.Target = None,
    task: arguments.Task = "auto",
    search: Annotated[
        SearchMethod,
        typer.Option(help="How candidates are chosen. guided goes step by step, learning rate first, and explains."),
    ] = "random",
    candidates: arguments.Candidates = None,
    cv: arguments.InnerFolds = 3,
    outer_cv: Annotated[
        int,
        typer.Option(min=0, help="Outer folds, which score the whole search on rows it has not seen; 0 for no score."),
    ] = 5,
    scoring: arguments.Scoring = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Time for the whole command. For random and grid a pilot measures how many of the candidates fit in; "
            "guided takes half of it for the model and half for its score; the others start no new rung when it is up.",
            show_default="none; 120 for guided",
        ),
    ] = None,
    seed: arguments.Seed = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the results go.", show_default="NAME-tuned, after DATA")
    ] = None,
    overwrite: arguments.Overwrite = False,
    as_json: arguments.Json = False,
    device: arguments.Device = "auto",
    groups: arguments.Groups = None,
    time: arguments.Time = None,
    drop: arguments.Drop = None,
) -> None:
    """Search for the best network for a table, and score the search by nested
    cross-validation.

    The table may hold numbers, text, categories and missing values; nothing need be
    prepared. All networks, those of the outer folds and those of the final search on
    all rows, train together.

    The score printed is that of the *outer* folds, whose rows took no part in choosing:
    what the final model may be expected to reach on new rows of the same kind. Folds
    are shuffled. Where rows depend on each other, that score is too good: name the
    column of the person, place or machine that several rows come from with --groups, or
    that of their time with --time.

    DIR gets **model.safetensors** (the best network, fitted on all rows),
    **cv_results.csv** (every candidate of the final search) and **summary.json**
    (scores, parameters, settings), all or none. The same seed on the same machine gives
    the same numbers.

    **Examples**

    * `sknet-hp tune sklearn:digits`

    * `sknet-hp tune titanic.csv --target survived --scoring roc_auc`

    * `sknet-hp tune titanic.csv --target survived --search guided --time-budget 120`

    * `sknet-hp tune houses.parquet --target price --candidates 60 --time-budget 300
      --out houses`
    """
    arguments.check_time_budget(time_budget)
    table = arguments.collect_table_options(data, target, task, groups, time, drop)
    from sknet_hp.cli.work.tune import tune_table

    tune_table(
        TuneOptions(
            **vars(table),
            search=search,
            candidates=candidates,
            cv=cv,
            outer_cv=outer_cv,
            scoring=scoring,
            time_budget=time_budget,
            seed=seed,
            out=arguments.expand(out),
            overwrite=overwrite,
            as_json=as_json,
            device=device,
        )
    )
