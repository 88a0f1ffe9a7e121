"""The command `export`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.commands import arguments
from sknet_hp.cli.slips import check_model_first


def export(
    model: arguments.SavedModel,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="Rows like those of training, to check in onnxruntime that the file predicts as the model does. "
            "Pipelines need it.",
            show_default="no check",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write.", show_default="NAME.onnx, after MODEL")
    ] = None,
    overwrite: arguments.ReplaceFile = False,
) -> None:
    """Write a saved model as an ONNX file, which runs without this library.

    One file holds the encoding of the table, the network and the labels. Its inputs are
    the columns, by name. Its outputs are **label** and **probabilities**, or
    **prediction**.

    **Examples**

    * `sknet-hp export titanic-tuned titanic.csv`

    * `sknet-hp export titanic-tuned --out titanic.onnx --overwrite`
    """
    check_model_first(str(model), data)
    from sknet_hp.cli.work.export import export_model

    table = None if data is None else os.path.expanduser(data)
    export_model(Path(os.path.expanduser(model)), table, arguments.expand(out), overwrite)
