"""The command `importances`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.commands import arguments
from sknet_hp.cli.options import ImportancesOptions
from sknet_hp.cli.slips import check_model_first, recall_target


def importances(
    model: arguments.SavedModel,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A table with the target, best of rows that the model has not seen.",
        ),
    ],
    target: arguments.KnownTarget = None,
    scoring: arguments.Scoring = None,
    positive_class: arguments.PositiveClass = None,
    n_repeats: Annotated[int, typer.Option(min=1, max=1000, help="How often each column is shuffled.")] = 5,
    seed: arguments.Seed = 0,
    as_json: arguments.Json = False,
) -> None:
    """Show which columns a model's predictions rest on (permutation importance).

    The values of one column are shuffled, so that they say nothing. By how much the
    score falls is the importance of that column. It is measured several times, which
    gives a spread.

    Use rows that the model has not seen; for those that `tune` trained on, there is a
    warning. Of more than 10,000 rows, a random sample is used.

    **Examples**

    * `sknet-hp importances titanic-tuned held_out.csv`

    * `sknet-hp importances titanic-tuned held_out.csv --scoring roc_auc --n-repeats 20`
    """
    check_model_first(str(model), data)
    path = Path(os.path.expanduser(model))
    target = recall_target(path) if target is None else target
    table = arguments.collect_table_options(data, target, "auto", None, None, None)
    from sknet_hp.cli.work.importances import measure_importances

    measure_importances(
        ImportancesOptions(
            **vars(table),
            model=path,
            scoring=scoring,
            positive_class=positive_class,
            n_repeats=n_repeats,
            seed=seed,
            as_json=as_json,
        )
    )
