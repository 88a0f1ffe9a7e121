"""Warnings and errors of a search, in short."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.memory import is_out_of_memory


@contextmanager
def shorten_failed_fits() -> Iterator[None]:
    """Turn the report that all fits failed into a sentence.

    Its tracebacks are left out.
    """
    try:
        yield
    except ValueError as error:
        if not re.match(r"\s*(All the \d+ fits|all \d+ outer folds) failed", str(error)):
            raise
        if is_out_of_memory(error):
            raise MemoryError from error
        raise BadInput(f"no network could be trained: {_shorten(str(error))}") from error


@contextmanager
def collect_warnings() -> Iterator[Counter[str]]:
    """Keep warnings off the progress display, and count them for the report."""
    counted: Counter[str] = Counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        warnings.filterwarnings("ignore", message=".* is treated as text")  # the report has a note of its own
        try:
            yield counted
        finally:
            for warning in caught:
                kind = "" if warning.category is UserWarning else f"{warning.category.__name__}: "
                counted[kind + _shorten(str(warning.message))] += 1


def _shorten(message: str) -> str:
    """Return a message in one line.

    Of scikit-learn's report on failed fits it is the first line and the last.
    """
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        lines = [lines[0], lines[-1]]
    return " ".join(lines)
