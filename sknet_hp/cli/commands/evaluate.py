"""The command `evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli import completing
from sknet_hp.cli.budget import check_time_budget
from sknet_hp.cli.commands import arguments
from sknet_hp.cli.options import INNER_FOLDS, EvaluatedSearch, EvaluateOptions


def evaluate(
    data: arguments.Data,
    target: arguments.Target = None,
    task: arguments.Task = "auto",
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            autocompletion=completing.complete_model,
            help="default, a preset (mlp, resnet, tabm, realmlp_td, …), linear, boosting, constant, or the path of a "
            "saved model, whose settings are taken.",
        ),
    ] = "default",
    search: Annotated[
        EvaluatedSearch | None,
        typer.Option(
            help="How settings are chosen; none keeps those of the model.",
            show_default="halving for default and presets, else none",
        ),
    ] = None,
    space: arguments.Space = None,
    candidates: arguments.Candidates = None,
    cv: arguments.InnerFolds = INNER_FOLDS,
    outer_cv: Annotated[
        int, typer.Option(min=2, help="Outer folds, which score the search on rows it has not seen.")
    ] = 5,
    repeats: arguments.Repeats = 1,
    groups: arguments.Groups = None,
    time: arguments.Time = None,
    drop: arguments.Drop = None,
    scoring: arguments.Scoring = None,
    positive_class: arguments.PositiveClass = None,
    time_budget: arguments.TimeBudget = None,
    seed: arguments.Seed = 0,
    journal: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A directory that records progress. If the command is killed, the same command continues from there.",
            show_default="in DIR of --out",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A directory for scores, predictions and curves.", show_default="none"),
    ] = None,
    resume: arguments.Resume = False,
    overwrite: arguments.Overwrite = False,
    as_json: arguments.Json = False,
    device: arguments.Device = "auto",
) -> None:
    """Score a search, or a model, on rows that it has not seen.

    Settings are chosen inside each outer fold and scored on the rest of the table
    (nested cross-validation), so the score is that of the whole procedure, choosing
    included. The output has a confidence interval, and says what the folds chose and
    whether they agree. The untuned network, a linear model and a constant prediction
    are scored on the same folds. Checks look for what makes scores too good to be true.

    If several rows come from the same person, place or machine, name its column with
    --groups. If rows are ordered in time, name the column with --time. Both are then
    respected at every level: outer folds, inner folds, and the rows that early stopping
    holds out.

    The --out directory gets **summary.json**, **folds.csv** (one line per outer fold),
    **predictions.csv** (each row by a model that has not seen it), **curves.csv** and
    **report.html**. Its **journal** lets --resume continue after Ctrl-C or a crash.

    **Examples**

    * `sknet-hp evaluate titanic.csv --target survived --scoring roc_auc`

    * `sknet-hp evaluate visits.csv --target ill --groups patient --search tpe`

    * `sknet-hp evaluate sales.csv --target amount --time day --search none`
    """
    check_time_budget(time_budget)
    table = arguments.collect_table_options(data, target, task, groups, time, drop)
    from sknet_hp.cli.work.evaluate import evaluate_table

    evaluate_table(
        EvaluateOptions(
            **vars(table),
            model=model,
            search=search,
            space=arguments.expand(space),
            candidates=candidates,
            cv=cv,
            outer_cv=outer_cv,
            repeats=repeats,
            scoring=scoring,
            positive_class=positive_class,
            time_budget=time_budget,
            seed=seed,
            journal=arguments.expand(journal),
            out=arguments.expand(out),
            resume=resume,
            overwrite=overwrite,
            as_json=as_json,
            device=device,
        )
    )
