"""While networks train: progress on the standard error, warnings kept for the end."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.messages import collect_warnings, shorten_failed_fits
from sknet_hp.cli.output.progress_display import ProgressDisplay
from sknet_hp.cli.output.text import wrap
from sknet_hp.cli.output.wording import name_options
from sknet_hp.fusion.session import Session, fused
from sknet_hp.search import JournalError


@contextmanager
def show_training(label: str | Callable[[], str], total: int | None = None) -> Iterator[tuple[Counter[str], Session]]:
    """Train together whatever is fitted inside, show how far it is, count warnings.

    Parameters
    ----------
    label : what is being done, for the progress display; a function where that changes.
    total : networks to train; None where nobody knows.

    Raises
    ------
    BadInput
        If what is called inside refuses its arguments: options do not suit the table
        then.
    """
    with (
        collect_warnings() as warnings,
        fused() as session,
        ProgressDisplay(session, total, label),
        shorten_failed_fits(),
    ):
        try:
            yield warnings, session
        except (ValueError, JournalError) as error:
            if not _is_refusal(error):
                raise
            raise BadInput(name_options(str(error))) from error


def _is_refusal(error: Exception) -> bool:
    """Return whether an error was raised on purpose, for a person to read.

    Others come out of a computation that went wrong, and keep their traceback.
    """
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (last.line or "").startswith("raise ") and "\n" not in str(error).strip()


def print_warnings(console: Console, warnings: Mapping[str, int]) -> None:
    """Print each warning once, and how often it came."""
    for message, count in warnings.items():
        console.print(wrap(f"Warning{f' ({count} times)' if count > 1 else ''}: {message}"))
