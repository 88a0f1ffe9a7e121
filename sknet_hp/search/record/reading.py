"""From a journal on disk to the record of its search."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sknet_hp.search.journal.lines import decode_whole
from sknet_hp.search.journal.lock import is_locked
from sknet_hp.search.journal.log import Event, read_log
from sknet_hp.search.journal.states import JournalError
from sknet_hp.search.record.record import Advance, SearchRecord, State
from sknet_hp.search.record.rows import Steps
from sknet_hp.search.running.resource import name_unit


def read_journal(path: str | os.PathLike[str]) -> SearchRecord:
    """Read the results of a search from its journal alone.

    It needs neither data nor estimator, and does not disturb a search that is running.

    Parameters
    ----------
    path : path
        The directory that was given to a search as `journal`.

    Returns
    -------
    record : SearchRecord
        With the attributes of a fitted search, as far as they are known, and
        `history_frame()` and `summary()`. Pictures, reports and trackers accept it in
        place of a search.

    Raises
    ------
    JournalError
        If there is no journal of a search, or an older version wrote it.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.search import HalvingSearchCV, read_journal
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=9, random_state=0)
    >>> space = {"lr": (1e-3, 1e-1, "log-uniform")}
    >>> with tempfile.TemporaryDirectory() as path:
    ...     search = HalvingSearchCV(net, space, random_state=0, journal=path).fit(X, y)
    ...     record = read_journal(path)
    >>> record.state, record.best_params_ == search.best_params_
    ('finished', True)
    """
    path = Path(path)
    _check_is_journal(path)
    is_running = is_locked(path / "lock")  # before the rest: what ends meanwhile has ended
    events = read_log(path / "log")
    if not any(event["event"] == "began" for event in events):
        raise JournalError(
            f"{str(path)!r} is the journal of an older version, or of a search that has not started: it does not "
            f"say what is searched; run the same search with this journal to write it down"
        )
    began = [event for event in events if event["event"] == "began"]
    same = {event["session"] for event in began if event["number"] == began[-1]["number"]}
    last = [event for event in events if event["session"] == began[-1]["session"]]
    records, _ = decode_whole(_read(path / "records"))
    steps = Steps([event for event in events if event["session"] in same], last, records, began[-1]["n_splits"])
    ended = next((event for event in last if event["event"] == "ended"), None)
    state: State = "finished" if ended is not None else "running" if is_running else "unfinished"
    moment = time.time() if state == "running" else _find_last_moment(path, last)
    advance = _measure_advance(steps, last, records, state, moment)
    record = SearchRecord(path, state, began[-1], ended, steps.list_rows(), advance)
    record.running_ = steps.running if state == "running" else []
    return record


def _check_is_journal(path: Path) -> None:
    if (path / "search.json").exists():
        return
    if (path / "evaluation.json").exists():
        raise JournalError(
            f"{str(path)!r} is the journal of an evaluation: sknet_hp.evaluation.read_journal reads it, and its "
            f"searches are in {str(path / 'searches')!r}"
        )
    raise JournalError(f"{str(path)!r} is not a journal: give the directory that was given to a search as journal=")


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _find_last_moment(path: Path, events: Sequence[Event]) -> float:
    """Return when a search that has ended wrote something for the last time."""
    last = float(max(event["at"] for event in events))
    if events[-1]["event"] == "ended" or not (path / "records").exists():
        return last
    return max(last, (path / "records").stat().st_mtime)  # killed while candidates trained


def _measure_advance(
    steps: Steps, last: Sequence[Event], records: Sequence[dict[str, Any]], state: State, moment: float
) -> Advance:
    """Return how far the search has come, and about how long the rest will take."""
    began = last[0]
    cost = next((event for event in last if event["event"] == "cost"), None)
    total = None if cost is None or cost["at_least"] else int(cost["resources"])
    done = steps.count_resources(records, of_rows=began["of_rows"])
    seconds = max(0.0, moment - began["at"])
    lefts = []
    if state == "running":
        new = done - steps.count_resources(records[: began["n_known"]], of_rows=began["of_rows"])
        lefts += [seconds * (total - done) / new] if total and new > 0 and total >= done else []
        budget = began["settings"].get("time_budget")
        lefts += [max(0.0, budget - seconds)] if isinstance(budget, (int, float)) else []
    unit = "rows" if began["of_rows"] else name_unit(began["resource"])
    return Advance(done, total, unit, seconds, min(lefts) if lefts else None)
