"""The page of a result, report.html."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from sknet_hp.cli.errors import Interrupted
from sknet_hp.cli.options import GIVEN, write_command
from sknet_hp.cli.output.files import REPORT
from sknet_hp.cli.output.wording import name_options
from sknet_hp.cli.tables.loading import shorten_source


def write_page(out: Path, subject: Any, **parts: Any) -> str | None:
    """Write the page of a result into its directory.

    Parameters
    ----------
    out : the directory.
    subject : a search or an evaluation.
    parts : what else `sknet_hp.report.report` takes.

    Returns
    -------
    str or None
        What is missing, in a sentence, where it could not be written.

    Raises
    ------
    Interrupted
        After Ctrl-C; the other results are there.
    """
    from sknet_hp.report import report

    notes = {"Command": write_command(*GIVEN.get())}
    try:
        report(subject, out / REPORT, notes=notes, wording=name_options, **parts)
    except ImportError as error:
        return f"none ({error})"
    except KeyboardInterrupt:
        raise Interrupted(f"the results are in {out}, without a report") from None
    return None


def write_title(data: str, target: str) -> str:
    """Return the title of the page of a table."""
    return f"{shorten_source(data)}: predicting {target}"


def print_end(console: Console, places: Mapping[str, str], following: Sequence[str]) -> None:
    """Print the end of what a command says: where its files are, and what comes next.

    Parameters
    ----------
    places : by what they are, such as "Model".
    following : commands, and remarks on them.
    """
    console.print()
    for what, place in places.items():
        console.print(f"{what + ':':<9} {place}")
    for number, line in enumerate(following):
        console.print(f"{'' if number else 'Next:':<9} {line}")
