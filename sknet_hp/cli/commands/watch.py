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
    every: Annotated[float, typer.Option(min=0.2, max=3600, metavar="SECONDS", help="Look again so often.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", metavar="", help="Show how far it is, and end.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="An .html file with a report, written anew whenever something has changed.",
            show_default="none",
        ),
    ] = None,
    as_json: arguments.Json = False,
) -> None:
    """Watch a run that is under way, or see what came of it.

    Shows how far it is, the best score so far, the best candidates and how long the
    rest will take, until the run has ended or Ctrl-C is pressed. The run itself takes
    no notice: watch it from another terminal.

    **Examples**

    * `sknet-hp watch runs/titanic`

    * `sknet-hp watch runs/titanic --html titanic.html --every 10`

    * `sknet-hp watch runs/titanic --json`
    """
    from sknet_hp.cli.work.watch import watch_run

    path, page = arguments.expand(run), arguments.expand(html)
    assert path is not None
    watch_run(WatchOptions(run=path, every=every, once=once, html=page, as_json=as_json))
