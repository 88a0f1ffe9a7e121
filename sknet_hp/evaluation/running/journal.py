"""An evaluation's memory on disk, without pickle, all of it in one directory."""

import os
import warnings
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from sknet_hp.evaluation.running.data import Task
from sknet_hp.evaluation.running.outcome import Outcome
from sknet_hp.search.journal.folder import Folder
from sknet_hp.search.journal.identity import Identity
from sknet_hp.search.journal.lines import decode, encode
from sknet_hp.search.journal.log import Log
from sknet_hp.search.journal.plain import from_plain, pack_finding, to_plain, unpack_finding
from sknet_hp.search.journal.states import dump_estimator, load_estimator

_NUMBERS = ("scores", "n_train", "n_test", "fit_time", "score_time", "error", "inner_score", "stopped")
_ARRAYS = ("predictions", "probabilities", "classes")


OUTCOMES, SEARCHES = "outcomes", "searches"
"""Names of directories in it."""


class Journal:
    """One directory with what is known of an evaluation.

    `evaluation.json` says of which; `log`, for who looks on, what is to be done;
    `outcomes/` has a file for each task that is finished, with its scores, its
    predictions and its model; `searches/` has the journals of searches that keep one.

    Parameters
    ----------
    path : the directory; made if there is none.
    identity : what the evaluation is a function of, part by part.

    Attributes
    ----------
    unkept : names of the classes of models that cannot be written without pickle.

    Raises
    ------
    JournalError
        If it is of another evaluation, in use by another process, or no place for a
        journal.
    OSError
        If the disk is full, or the place cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], identity: Identity):
        self.path = Path(path)
        self.unkept: set[str] = set()
        self._outcomes, self._searches = self.path / OUTCOMES, self.path / SEARCHES
        self._log = Log(self.path / "log")
        self._folder = Folder(self.path, identity, "evaluation", (OUTCOMES, SEARCHES))
        self._folder.open(self._is_empty, self._forget, lambda: None)

    def warn_of_unkept(self, tasks: str, stacklevel: int) -> None:
        """Warn that tasks are done again for models that cannot be written."""
        if self.unkept:
            warnings.warn(
                f"{', '.join(sorted(self.unkept))} cannot be written to journal={str(self.path)!r} without pickle: if "
                f"the same call is made again, {tasks} are fitted again",
                UserWarning,
                stacklevel=stacklevel + 1,
            )

    def close(self) -> None:
        """Let others in."""
        self._folder.close()

    def begin(self, tasks: Sequence[Task]) -> None:
        """Write into the log what is to be done, for who looks on."""
        self._log.write("tasks", number=self._folder.number, tasks=[_name_task(task) for task in tasks])

    def name_tasks(self, names: Mapping[str, str]) -> None:
        """Write into the log what users call the names of tasks."""
        self._log.write("names", number=self._folder.number, names=dict(names))

    def find_search(self, task: Task) -> Path:
        """Return the directory that the search of a task may have for its journal."""
        return self._searches / _name_task(task)

    def find(self, task: Task) -> Outcome | None:
        """Return what is known of a task; None if it must be done, or done again."""
        try:
            content = (self._outcomes / _name_task(task)).read_bytes()
        except FileNotFoundError:
            return None
        first = content[: content.find(b"\n") + 1]
        head, rest = decode(first) if first else None, content[len(first) :]
        if head is None or head["checksum"] != zlib.crc32(rest) or head["number"] != self._folder.number:
            return None
        n_arrays = head["n_array_bytes"]
        model = load_estimator(rest[n_arrays:])
        return None if model is None and head["outcome"]["error"] is None else _unpack(head, rest[:n_arrays], model)

    def record(self, task: Task, outcome: Outcome) -> None:
        """Write down what came of a task.

        A model that cannot be written without pickle is noted in `unkept`; its task is
        done again where the evaluation is taken up. So is a fit that failed, and a
        search that was stopped before its end: it may have more time then.
        """
        if outcome.error is not None or outcome.stopped is not None:
            return
        model = dump_estimator(outcome.model)
        packed = None if model is None else _pack(outcome)
        if model is None or packed is None:
            self.unkept.add(type(outcome.model).__name__)
            return
        plain, arrays = packed
        rest = arrays + model
        head = {"outcome": plain, "n_array_bytes": len(arrays), "number": self._folder.number}
        path = self._outcomes / _name_task(task)
        partial = path.with_name(f"{path.name}.partial")
        try:
            with partial.open("wb") as file:
                file.write(encode(head | {"checksum": zlib.crc32(rest)}) + rest)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise self._folder.explain_full(error) from error

    def _is_empty(self) -> bool:
        return not any(self._searches.glob("*/records")) and not any(self._outcomes.iterdir())

    def _forget(self) -> None:
        """Let go of what an evaluation that was refused at once may have left."""
        for path in self._outcomes.iterdir():
            path.unlink()


def read_numbers(path: Path) -> dict[str, Any] | None:
    """Return the numbers of an outcome's file; None if it is not whole."""
    with path.open("rb") as file:
        head = decode(file.readline())
    if head is None:
        return None
    return {name: from_plain(head["outcome"][name]) for name in (*_NUMBERS, "params")}


def forget_models(path: Path) -> None:
    """Keep of a journal's outcomes their numbers, which is all that records read.

    The models and the predictions go, so the evaluation can't be taken up again.
    """
    for outcome in (path / OUTCOMES).glob("*-*-*"):
        with outcome.open("rb") as file:
            head = file.readline()
        partial = outcome.with_name(f"{outcome.name}.partial")
        partial.write_bytes(head)
        partial.replace(outcome)


def _name_task(task: Task) -> str:
    return f"{task.name}-{task.split.repeat}-{task.split.fold}"


def _pack(outcome: Outcome) -> tuple[dict[str, Any], bytes] | None:
    """Return an outcome as plain values and the bytes of its arrays.

    None stands for one that holds something else.
    """
    arrays = {name: part for name in _ARRAYS if (part := getattr(outcome, name)) is not None}
    arrays |= {f"curve {name}": part for name, part in outcome.curves.items()}
    try:
        plain = {name: to_plain(getattr(outcome, name)) for name in (*_NUMBERS, "params")}
        plain["findings"] = [pack_finding(finding) for finding in outcome.findings]
        texts = {name: to_plain(part.tolist()) for name, part in arrays.items() if part.dtype == object}
    except TypeError:
        return None
    buffer = BytesIO()
    np.savez(buffer, **{name: part for name, part in arrays.items() if name not in texts})
    return plain | {"texts": texts, "order": list(arrays)}, buffer.getvalue()


def _unpack(head: Mapping[str, Any], content: bytes, model: Any) -> Outcome:
    """Return the outcome that `_pack` has written."""
    plain = head["outcome"]
    with np.load(BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name, values in plain["texts"].items():
        cells = from_plain(values)
        arrays[name] = np.empty(len(cells), dtype=object)
        arrays[name][:] = cells
    parts: dict[str, Any] = {name: from_plain(plain[name]) for name in (*_NUMBERS, "params")}
    parts |= {name: arrays.get(name) for name in _ARRAYS}
    parts["findings"] = [unpack_finding(packed) for packed in plain["findings"]]
    curves = {name.removeprefix("curve "): arrays[name] for name in plain["order"] if name.startswith("curve ")}
    return Outcome(**parts, model=model, curves=curves)
