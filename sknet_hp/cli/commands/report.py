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
            help="The directory of a run of tune or evaluate, finished or not, or the journal of a search.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write the report.", show_default="report.html in RUN"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", metavar="", help="Replace FILE even if it is not a report.")
    ] = False,
) -> None:
    """Write the report of a run from its journal, even while it is running.

    Use it for runs that are still running or were interrupted, and for journals of
    searches in Python. The report is **report.html** in the directory of the run.

    When tune and evaluate finish, they write it themselves. It then has more than a
    journal knows: the score on unseen rows, and the comparison with simple models.
    Therefore it stays as it is; --out writes what the journal knows elsewhere.

    **Examples**

    * `sknet-hp report titanic-tuned`

    * `sknet-hp report runs/titanic --out titanic.html`
    """
    from sknet_hp.cli.work.report import write_report

    path = arguments.expand(run)
    assert path is not None
    write_report(path, arguments.expand(out), overwrite)
