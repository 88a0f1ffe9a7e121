"""The command `watch`."""

from pathlib import Path
from typing import Annotated

import typer

from sknet_hp.cli.commands import arguments
from sknet_hp.cli.options import WatchOptions


def watch(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="The --out directory of tune or evaluate, or a journal that Python was given."
        ),
    ],
    every: Annotated[float, typer.Option(min=0.2, max=3600, metavar="SECONDS", help="Seconds between updates.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", metavar="", help="Show the progress once and exit.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="An .html file with a report, rewritten whenever something has changed.",
            show_default="none",
        ),
    ] = None,
    as_json: arguments.Json = False,
) -> None:
    """Watch a run from another terminal, or see its results.

    Shows the progress, the best score so far, the best candidates and the time left,
    until the run has finished or you press Ctrl-C. Ctrl-C does not stop the run.

    **Examples**

    * `sknet-hp watch runs/titanic`

    * `sknet-hp watch runs/titanic --html titanic.html --every 10`

    * `sknet-hp watch runs/titanic --json`
    """
    from sknet_hp.cli.work.watch import watch_run

    path, page = arguments.expand(run), arguments.expand(html)
    assert path is not None
    watch_run(WatchOptions(run=path, every=every, once=once, html=page, as_json=as_json))
