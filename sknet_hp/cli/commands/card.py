"""The command `card`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.commands import arguments
from sknet_hp.cli.slips import check_model_first


def card(
    model: arguments.SavedModel,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="The table that it was trained on: the card then describes its columns.",
            show_default="names only",
        ),
    ] = None,
    target: arguments.KnownTarget = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The card's title.", show_default="what is predicted")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write.", show_default="standard output")
    ] = None,
    overwrite: arguments.ReplaceFile = False,
) -> None:
    """Describe a saved model on a page: a model card, in Markdown.

    It says what the model predicts, from which columns, with which parameters, where
    its limits are and how to load it. For a model that `tune` wrote, it also has the
    score on new rows with its interval, and the findings.

    **Examples**

    * `sknet-hp card titanic-tuned titanic.csv --out CARD.md`
    """
    check_model_first(str(model), data)
    from sknet_hp.cli.work.card import write_card

    table = None if data is None else os.path.expanduser(data)
    write_card(Path(os.path.expanduser(model)), table, target, name, arguments.expand(out), overwrite)
