"""The command `predict`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.commands import arguments
from sknet_hp.cli.slips import check_model_first


def predict(
    model: arguments.SavedModel,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A table like the one it was tuned on; columns that the model does not know are ignored.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A .csv, .csv.gz or .parquet file for the predictions.", show_default="standard output"
        ),
    ] = None,
    proba: Annotated[
        bool, typer.Option("--proba", metavar="", help="Add a column with the probability of each class.")
    ] = False,
    overwrite: arguments.ReplaceFile = False,
) -> None:
    """Predict the rows of a table with a model that `tune` or `sknet_hp.save` saved.

    Writes a table with one line per row, in the same order: the column **prediction**
    and, with --proba, a column **probability_CLASS** for each class.

    A model is a file of numbers and JSON. Loading it runs no code from it.

    **Examples**

    * `sknet-hp predict titanic-tuned new_passengers.csv`

    * `sknet-hp predict titanic-tuned/model.safetensors new_passengers.csv --proba --out
      predictions.csv`
    """
    check_model_first(str(model), data)
    from sknet_hp.cli.work.predict import predict_table

    predict_table(Path(os.path.expanduser(model)), os.path.expanduser(data), arguments.expand(out), proba, overwrite)
