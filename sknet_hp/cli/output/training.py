"""While networks train: progress on the standard error, warnings kept for the end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.messages import collect_warnings
from sknet_hp.cli.output.progress_display import ProgressDisplay
from sknet_hp.fusion.session import fused


@contextmanager
def show_training(label: str) -> Iterator[Counter[str]]:
    """Train together whatever is fitted inside, show how far it is, count warnings.

    Parameters
    ----------
    label : what is being done, for the progress display.

    Raises
    ------
    BadInput
        If what is called inside refuses its arguments in one line: options do not suit
        the table then.
    """
    with collect_warnings() as warnings, fused() as session, ProgressDisplay(session, None, label):
        try:
            yield warnings
        except ValueError as error:
            if "\n" in str(error).strip():
                raise
            raise BadInput(str(error)) from error


def print_warnings(console: Console, warnings: Mapping[str, int]) -> None:
    """Print each warning once, and how often it came."""
    for message, count in warnings.items():
        console.print(f"Warning{f' ({count} times)' if count > 1 else ''}: {message}")
