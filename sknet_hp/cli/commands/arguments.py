"""Arguments and options that several commands have, each described once."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli import completing
from sknet_hp.cli.errors import BadInput, list_names
from sknet_hp.cli.options import GIVEN, TableOptions, TaskOption, write_command
from sknet_hp.cli.slips import COLUMN, check_table_first
from sknet_hp.cli.tables.loading import BUNDLED, load_table, require_table

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        autocompletion=completing.complete_table,
        help=f"A .csv, .tsv, .txt (or .csv.gz …) or .parquet file, or sklearn:NAME ({', '.join(BUNDLED)}).",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        metavar="COL",
        autocompletion=completing.complete_column,
        help="The column to predict. May be left out for sklearn:NAME.",
    ),
]
Task = Annotated[
    TaskOption,
    typer.Option(
        help="auto: regression if the target has fractions or more than 20 distinct numbers, else classification."
    ),
]
Groups = Annotated[
    str | None,
    typer.Option(
        metavar="COL",
        autocompletion=completing.complete_column,
        help="A column that says which rows belong together, such as the person: folds never split them. It is not "
        "used as a feature.",
        show_default="none",
    ),
]
Time = Annotated[
    str | None,
    typer.Option(
        metavar="COL",
        autocompletion=completing.complete_column,
        help="A column of numbers or dates that says in which order rows came: later ones are predicted from earlier "
        "ones. It is not used as a feature.",
        show_default="none",
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COL",
        autocompletion=completing.complete_column,
        help="A column to leave out. May be given several times.",
    ),
]
Network = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        autocompletion=completing.complete_network,
        help="default, a preset (mlp, resnet, tabm, realmlp_td, …), or the path of a saved network, whose settings "
        "are taken.",
    ),
]
KnownTarget = Annotated[
    str | None, typer.Option(metavar="COL", help="What is predicted.", show_default="what tune was told")
]
SavedModel = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A model.safetensors that tune wrote, its directory, or a file that sknet_hp.save wrote.",
    ),
]
Scoring = Annotated[
    str | None,
    typer.Option(
        metavar="SCORER",
        autocompletion=completing.complete_scorer,
        help="A scorer of scikit-learn, such as roc_auc or neg_log_loss.",
        show_default="accuracy or r2",
    ),
]
PositiveClass = Annotated[
    str | None,
    typer.Option(
        metavar="LABEL",
        help="Which of two classes f1, recall, average_precision and the like are computed for.",
        show_default="1, or the rarer one",
    ),
]
Space = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="What is searched, in TOML or JSON: a list of choices, or {low, high, log}, for each parameter.",
        show_default="a space around MODEL",
    ),
]
TimeBudget = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="Time for the whole command.", show_default="none")
]
Candidates = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100_000,
        help="How many candidates to try; a grid has at most this many. hyperband, bohb and guided choose this "
        "themselves.",
        show_default="20",
    ),
]
InnerFolds = Annotated[int, typer.Option(min=2, help="Inner folds, which choose among the candidates.")]
Repeats = Annotated[
    int, typer.Option(min=1, help="How many times rows are split into folds; more repeats show smaller differences.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Fixes folds, candidates and networks.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Resume = Annotated[
    bool,
    typer.Option("--resume", metavar="", help="Continue a run in DIR that was interrupted or killed."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", metavar="", help="Replace the results of an earlier run in DIR.")
]
ReplaceFile = Annotated[bool, typer.Option("--overwrite", metavar="", help="Replace FILE if it is there.")]
Json = Annotated[
    bool,
    typer.Option("--json", metavar="", help="Print one JSON object on standard output, and nothing else."),
]


def collect_table_options(
    data: str,
    target: str | None,
    task: TaskOption,
    groups: str | None,
    time: str | None,
    drop: list[str] | None,
    others: Sequence[str] = (),
) -> TableOptions:
    """Return the options that say which table, and what its columns are for.

    Parameters
    ----------
    data, target, task, groups, time, drop : the options.
    others : the arguments that follow the table.

    Raises
    ------
    BadInput
        If there is no such file, or it is a model: said at once, before heavy libraries
        are imported. If the target is missing.
    """
    source = os.path.expanduser(data)
    check_table_first(data, others)
    require_table(source)
    if target is None and not source.startswith("sklearn:"):
        columns = list(load_table(source).columns)
        raise BadInput(
            f"--target is missing: name the column to predict, one of {list_names(columns, 40)}",
            write_command(*GIVEN.get(), "--target", COLUMN),
        )
    return TableOptions(data=source, target=target, task=task, groups=groups, time=time, drop=tuple(drop or ()))


def expand(path: Path | None) -> Path | None:
    """Put the home directory for a ``~``, which shells leave in ``--out=~/results``."""
    return None if path is None else Path(os.path.expanduser(path))
