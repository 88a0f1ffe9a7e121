"""The command `report`."""

from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.commands import arguments


def report(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="The directory of a run of tune or evaluate, also of one that lasts, or the journal of a search.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the page goes.", show_default="RUN.html, beside RUN")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", metavar="", help="Replace FILE also if it is no report.")
    ] = False,
) -> None:
    """Write the page of a run from its journal, also while it lasts.

    tune and evaluate write the page of their result themselves, **report.html** in
    their directory, which also has what a journal has not: the score on unseen rows
    and what stands beside it. This command is for runs that last, that were broken off,
    and for journals of searches in Python.

    **Examples**

    * `sknet-hp report titanic-tuned`

    * `sknet-hp report runs/titanic --out titanic.html`
    """
    from sknet_hp.cli.work.report import write_report

    path = arguments.expand(run)
    assert path is not None
    write_report(path, arguments.expand(out), overwrite)
