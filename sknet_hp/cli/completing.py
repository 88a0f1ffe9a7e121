"""What the shell offers while a command is typed: columns, models, scorers.

It runs at each press of the tab key, so nothing heavy is imported.
"""

import csv
import gzip
import os
from collections.abc import Iterator
from typing import Any

from sknet_hp.cli.options import MODELS, NETWORKS
from sknet_hp.cli.tables.csv_files import UTF_8, choose_separator
from sknet_hp.cli.tables.loading import BUNDLED, CSV_ENDINGS

SCORERS = (
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "f1",
    "f1_macro",
    "neg_log_loss",
    "neg_mean_absolute_error",
    "neg_root_mean_squared_error",
    "precision",
    "r2",
    "recall",
    "roc_auc",
    "roc_auc_ovr",
)
"""Those that are asked for most; scikit-learn has more."""

_TYPED = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
"""Where shells say what is typed: bash, and the others."""

_MOST_BYTES = 1_000_000
"""A header that is longer than this is none."""


def complete_network(incomplete: str) -> list[str]:
    """Return names of networks, and files, that begin as what is typed."""
    return [*_begin(NETWORKS, incomplete), *_list_paths(incomplete)]


def complete_model(incomplete: str) -> list[str]:
    """Return names of models, and files, that begin as what is typed."""
    return [*_begin(MODELS, incomplete), *_list_paths(incomplete)]


def complete_scorer(incomplete: str) -> list[str]:
    """Return names of scorers that begin as what is typed."""
    return _begin(SCORERS, incomplete)


def complete_column(incomplete: str) -> list[str]:
    """Return columns of the table that was named before, as far as a CSV has them."""
    words = " ".join(os.environ.get(name, "") for name in _TYPED).split()  # while an option waits for its value,
    table = next(
        (word for word in words if word.lower().endswith(CSV_ENDINGS)), ""
    )  # typer has not read the arguments yet
    return _begin(read_header(os.path.expanduser(table)), incomplete)


def complete_table(incomplete: str) -> list[str]:
    """Return tables of scikit-learn, and files, that begin as what is typed."""
    return [*_begin([f"sklearn:{name}" for name in BUNDLED], incomplete), *_list_paths(incomplete)]


def _begin(names: Any, incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _list_paths(incomplete: str) -> Iterator[str]:
    """Return files and directories, the latter with a slash at their end."""
    folder, start = os.path.split(incomplete)
    try:
        entries = sorted(os.scandir(os.path.expanduser(folder) or "."), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(start) and (start or not entry.name.startswith(".")):
            yield os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")


def read_header(source: str) -> list[str]:
    """Return the columns of a CSV; none where it can't be read."""
    open_text: Any = gzip.open if source.endswith(".gz") else open
    try:
        with open_text(source, "rt", encoding=UTF_8, errors="replace") as file:
            head = [file.readline(_MOST_BYTES)]
        return next(csv.reader(head, delimiter=choose_separator(head)), [])
    except (OSError, ValueError, EOFError, csv.Error):  # there is none, or it is no text: nothing to offer
        return []
