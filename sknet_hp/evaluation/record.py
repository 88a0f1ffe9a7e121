"""An evaluation as its journal alone tells it: finished, running or broken off."""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sknet_hp.evaluation.running.journal import OUTCOMES, SEARCHES, read_numbers
from sknet_hp.formatting.numbers import format_count, format_score
from sknet_hp.search.journal.lock import is_locked
from sknet_hp.search.journal.log import read_log
from sknet_hp.search.journal.states import JournalError
from sknet_hp.search.record.reading import read_journal as read_search
from sknet_hp.search.record.record import SearchRecord
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

Fold = tuple[str, int, int]
"""The name of the estimator, the repeat, and the outer fold."""

_WORDS = {
    "running": "It is still running.",
    "finished": "It is finished.",
    "unfinished": "It is not finished; the same call with the same journal continues from here.",
}


class EvaluationRecord:
    """The record of an evaluation, read from its journal.

    `read_journal` makes it.

    Attributes
    ----------
    path : Path
        The journal.
    state : {"running", "finished", "unfinished"}
        "unfinished": it was killed, ran out of time, or some folds failed.
    planned : list of tuple (name, repeat, fold)
        All outer folds of each estimator.
    table : pandas.DataFrame
        A row for each finished outer fold: name, repeat, fold, its scores by metric,
        inner_score (what a search reported), fit_time (seconds).
    searches : dict
        The `SearchRecord` of each search that has started, by (name, repeat, fold).
    """

    def __init__(self, path: Path, state: Literal["running", "finished", "unfinished"], keys: dict[Fold, Fold]):
        self.path, self.state, self.planned, self._keys = path, state, list(keys), keys

    @cached_property
    def table(self) -> "pd.DataFrame":
        """What is done, a row for each outer fold."""
        import pandas as pd

        rows = []
        for name, repeat, fold in self.planned:
            numbers = _read_outcome(self.path, self._keys[name, repeat, fold])
            if numbers is not None:
                known = {"name": name, "repeat": repeat, "fold": fold, **numbers["scores"]}
                rows.append(known | {"inner_score": numbers["inner_score"], "fit_time": numbers["fit_time"]})
        return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["name", "repeat", "fold"])

    @cached_property
    def searches(self) -> dict[Fold, SearchRecord]:
        """The searches of folds that have begun."""
        found = {}
        for fold in self.planned:
            try:
                found[fold] = read_search(self.path / SEARCHES / _name(self._keys[fold]))
            except JournalError:  # of a model that is no search, or one that has not begun
                continue
        return found

    def summary(self) -> str:
        """Return in sentences the progress and the scores so far."""
        table = self.table
        lines = [f"{len(table)} of {format_count(len(self.planned), 'outer fold')} done. {_WORDS[self.state]}"]
        for name, rows in table.groupby("name") if len(table) else ():
            for metric in [column for column in table.columns if column not in _COLUMNS]:
                scores = rows[metric].dropna().astype(float)
                if len(scores):
                    spread = f", sd {format_score(float(np.std(scores, ddof=1)))}" if len(scores) > 1 else ""
                    known = Metric(metric)
                    mean = known.write(float(scores.mean()))
                    lines.append(f"{name}: {known.label} {mean} (mean of {format_count(len(scores), 'fold')}{spread})")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<evaluation in {str(self.path)!r}: {self.state}, {len(self.table)} of {len(self.planned)} folds done>"


_COLUMNS = ("name", "repeat", "fold", "inner_score", "fit_time")


def read_journal(path: str | os.PathLike[str]) -> EvaluationRecord:
    """Read the progress and results of an evaluation from its journal alone.

    It does not disturb an evaluation that is running.

    Parameters
    ----------
    path : path
        The directory that was given to `nested_cross_validate`, `compare` or
        `repeat_over_seeds` as `journal`.

    Returns
    -------
    record : EvaluationRecord

    Raises
    ------
    JournalError
        If there is no journal of an evaluation, or an older version wrote it.
    """
    path = Path(path)
    if not (path / "evaluation.json").exists():
        raise JournalError(
            f"{str(path)!r} is not a journal of an evaluation: give the directory that was passed as journal=; "
            f"sknet_hp.search.read_journal reads that of a search"
        )
    is_running = is_locked(path / "lock")
    log = read_log(path / "log")
    events = [event for event in log if event["event"] == "tasks"]
    if not events:
        raise JournalError(
            f"{str(path)!r} is the journal of an older version, or of an evaluation that has not started: it does not "
            f"say what is planned; run the same call with this journal to write it down"
        )
    same = [event for event in events if event["number"] == events[-1]["number"]]
    named = [event for event in log if event["event"] == "names" and event["number"] == events[-1]["number"]]
    called = named[-1]["names"] if named else {}
    planned = [_parse(name) for name in dict.fromkeys(name for event in same for name in event["tasks"])]
    is_done = all(_read_outcome(path, fold) is not None for fold in planned)
    keys = {(called.get(own, own), repeat, fold): (own, repeat, fold) for own, repeat, fold in planned}
    return EvaluationRecord(path, "running" if is_running else "finished" if is_done else "unfinished", keys)


def _read_outcome(path: Path, fold: Fold) -> dict[str, Any] | None:
    try:
        return read_numbers(path / OUTCOMES / _name(fold))
    except FileNotFoundError:
        return None


def _name(fold: Fold) -> str:
    return "-".join(map(str, fold))


def _parse(name: str) -> Fold:
    own, repeat, fold = name.rsplit("-", 2)
    return own, int(repeat), int(fold)
