"""The directory of a run: its journal while it lasts, its results when it has ended.

`DIR/journal/run.json` says what the run is of; `DIR/journal/search` is the journal of
the search on all rows, `DIR/journal/score` that of its score. Results appear in DIR
whole or not at all, at the end.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import filelock

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.files import JOURNAL, require_directory_can_be_written, write_directory
from sknet_hp.cli.output.json_text import convert_to_json, write_json

SEARCH, SCORE = "search", "score"
"""Names of the journals in the directory `journal`."""

_RUN, _LOCK = "run.json", "lock"
_MAY_DIFFER = ("out", "overwrite", "resume", "as_json", "time_budget")
"""Options that a run may be resumed with other values of."""


class RunFolder:
    """The directory of one run.

    Parameters
    ----------
    out : the directory.
    command : its name, such as "tune".
    settings : the options of the command.
    resume, overwrite : whether to go on with what is there, or to replace it.

    Attributes
    ----------
    is_resumed : whether there is a run to go on with.
    known : what that run had chosen on its way; empty for a new one.

    Raises
    ------
    BadInput
        If the directory can't be used. Nothing is changed then.
    """

    def __init__(self, out: Path, command: str, settings: Mapping[str, Any], *, resume: bool, overwrite: bool):
        self.out = out
        self._journal = out / JOURNAL
        told = {name: value for name, value in settings.items() if name not in _MAY_DIFFER}
        self._settings: dict[str, Any] = convert_to_json({"command": command} | told)
        if resume and overwrite:
            raise BadInput(
                "--resume and --overwrite can't be used together: continue the run that is there, or replace it"
            )
        header = self._read_header()
        self.known: dict[str, Any] = {}
        self.is_resumed = resume and header is not None
        if resume and header is not None:
            self._require_same(header)
            self.known = dict(header["chosen"])
        elif header is not None and not header["finished"] and not overwrite:
            raise BadInput(
                f"--out {str(out)!r} has an unfinished run in it: --resume continues it, --overwrite starts again"
            )
        require_directory_can_be_written(out, overwrite or self.is_resumed)
        self._lock = filelock.FileLock(self._journal / _LOCK, thread_local=False)
        self._made: list[Path] = []

    def find(self, name: str) -> Path:
        """Return the path of a journal: `SEARCH` or `SCORE`."""
        return self._journal / name

    def begin(self, chosen: Mapping[str, Any] | None = None) -> None:
        """Begin the run, or go on with it; nobody else may use the directory then.

        Parameters
        ----------
        chosen : on the way, which a run that is resumed must not choose again.
        """
        self._made = [place for place in (self._journal, *self._journal.parents) if not place.exists()]
        self._journal.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            raise BadInput(
                f"--out {str(self.out)!r} is in use by another sknet-hp: wait for it, or give another directory"
            ) from None
        if not self.is_resumed:
            for name in (SEARCH, SCORE):
                shutil.rmtree(self.find(name), ignore_errors=True)
        self._write_header(chosen or {}, finished=False)

    def finish(self, writers: Mapping[str, Callable[[Path], object]]) -> None:
        """Write the results, all or none, beside the journal."""
        self._write_header(self._chosen, finished=True)
        try:
            write_directory(self.out, writers, kept=(JOURNAL,))
        except BaseException:
            self._write_header(self._chosen, finished=False)
            raise
        else:
            self._shrink_journals()
        finally:
            self._lock.release()

    def _shrink_journals(self) -> None:
        """Let go of the networks in the journals: nothing goes on from there any more.

        What `report` and `watch` read stays.
        """
        from sknet_hp.evaluation.running.journal import forget_models

        for states in self._journal.rglob("states"):
            shutil.rmtree(states, ignore_errors=True)
        with suppress(OSError):  # a disk that is full after all costs no result
            forget_models(self.find(SCORE))

    def stop(self, *, forget: bool) -> None:
        """End a run that has no results; forget it where it could not be resumed."""
        self._lock.release()
        if forget and not self.is_resumed:
            shutil.rmtree(self._journal, ignore_errors=True)
            for place in self._made[1:]:
                with suppress(OSError):
                    place.rmdir()

    def _read_header(self) -> dict[str, Any] | None:
        try:
            header = json.loads((self._journal / _RUN).read_text(encoding="utf-8"))
            return header if {"settings", "chosen", "finished"} <= set(header) else None
        except (OSError, ValueError):
            return None

    def _write_header(self, chosen: Mapping[str, Any], *, finished: bool) -> None:
        self._chosen = dict(chosen)
        partial = self._journal / f"{_RUN}.partial"
        partial.write_text(
            write_json({"settings": self._settings, "chosen": self._chosen, "finished": finished}), encoding="utf-8"
        )
        partial.replace(self._journal / _RUN)

    def _require_same(self, header: dict[str, Any]) -> None:
        """Refuse to go on with a run that has ended, or has other options."""
        if header["finished"]:
            raise BadInput(
                f"--out {str(self.out)!r} has the results of a finished run, there is nothing to resume: give "
                f"another directory, or --overwrite to start again"
            )
        known = header["settings"]
        for name in dict.fromkeys([*self._settings, *known]):
            if self._settings.get(name) != known.get(name):
                option = name if name in ("command", "data") else f"--{name.replace('_', '-')}"
                raise BadInput(
                    f"--out {str(self.out)!r} has a run in it with {option} {_write(known.get(name))}, and this is "
                    f"{_write(self._settings.get(name))}: give the same options, another directory, or --overwrite to "
                    f"start again"
                )


def _write(value: Any) -> str:
    return "not given" if value is None else repr(value)
