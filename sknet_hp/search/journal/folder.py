"""The directory of a journal: what it is of, and who may write it."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import filelock

from sknet_hp.search.journal.identity import Identity, digest, list_differences
from sknet_hp.search.journal.states import JournalError

_PATIENCE = 0.2
"""Seconds that are waited for who only looks whether somebody writes."""

_SHOWN = 5
"""So many names of what has changed are enough for a message."""


class Folder:
    """A directory that one process at a time writes, and that knows what it is of.

    Parameters
    ----------
    path : the directory.
    identity : what its content is a function of, part by part.
    kind : what it is of, "search" or "evaluation"; the file `<kind>.json` says of
        which.
    rooms : names of directories in it.

    Attributes
    ----------
    number : a digest of what it is of.
    """

    def __init__(self, path: str | os.PathLike[str], identity: Identity, kind: str, rooms: tuple[str, ...]):
        self.path, self.number = Path(path), ""
        self._identity, self._kind, self._rooms = identity, kind, rooms
        self._header = self.path / f"{kind}.json"
        self._lock = filelock.FileLock(self.path / "lock", thread_local=False)

    def open(self, is_empty: Callable[[], bool], forget: Callable[[], None], read: Callable[[], None]) -> None:
        """Take the directory, compare what it is of, and read it.

        Parameters
        ----------
        is_empty : whether nothing was done yet; what was refused at once may be put
            right.
        forget : called where something else was begun before.
        read : reads what is there.

        Raises
        ------
        JournalError
            If it is of another search or evaluation, in use by another process, or no
            place for a journal.
        OSError
            If the disk is full, or the place can not be written.
        """
        try:
            self._make()
            self._lock.acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 4)
            if self._compare(is_empty):
                forget()
                self._write_header()
            read()
        except filelock.Timeout:
            raise JournalError(
                f"journal={str(self.path)!r} is in use by another process; wait for it, or give another path"
            ) from None
        except BaseException as error:
            self._lock.release()
            if not isinstance(error, OSError):
                raise
            raise OSError(
                error.errno,
                f"journal={str(self.path)!r} can not be begun or opened ({error.strerror}): make room, or give a path "
                f"that can be written; the same {self._kind} can then be started again",
            ) from error

    def close(self) -> None:
        """Let others in."""
        try:
            if self._identity.note_changes():
                # On a full disk what has changed while the search ran is compared later, and refused by its name.
                with suppress(OSError):
                    self._write_header()
        finally:
            self._lock.release()

    def explain_full(self, error: OSError) -> OSError:
        """Return an error that says which journal could not be written."""
        return OSError(
            error.errno, f"journal={str(self.path)!r} can not be written ({error.strerror}); what it holds is whole"
        )

    def _make(self) -> None:
        may_be_there = {"lock", f"{self._header.name}.partial", *self._rooms}  # left by a process that died at once
        if (
            self.path.is_dir()
            and not self._header.exists()
            and not may_be_there.issuperset(each.name for each in self.path.iterdir())
        ):
            raise JournalError(f"journal={str(self.path)!r} holds other files; give a path of its own")
        try:
            for room in self._rooms:
                (self.path / room).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise JournalError(
                f"journal={str(self.path)!r} must be a directory, or a path where one can be made, but there is a file"
            ) from None

    def _compare(self, is_empty: Callable[[], bool]) -> bool:
        """Refuse what is of another search; return whether it is new."""
        identity = self._identity
        known: dict[str, Any] = {}
        if self._header.exists():
            try:
                known = dict(json.loads(self._header.read_text(encoding="utf-8")))
                identity.leave_out(known.get("changing", ()))
            except (ValueError, TypeError):
                raise JournalError(
                    f"journal={str(self.path)!r} is damaged: {self._header.name} can not be read; give another path to "
                    f"start again"
                ) from None
        changed = [name for name, part in identity.parts.items() if known.get(name) != part]
        if changed and not is_empty():
            if "data set" in changed and "cv" in changed:
                changed.remove("cv")  # the splits are of these rows
            edited = list_differences(known.get("code", {}), identity.named)
            article = "an" if self._kind[0] in "aeiou" else "a"
            raise JournalError(
                f"journal={str(self.path)!r} is of {article} {self._kind} with another "
                f"{' and another '.join(changed)}{f' ({_list_changes(edited)})' if edited else ''}; give another path "
                f"to start again"
            )
        self.number = digest(identity.parts) if changed else known.get("number", "")
        return bool(changed)

    def _write_header(self) -> None:
        content = self._identity.parts | {
            "number": self.number,
            "code": self._identity.named,
            "changing": sorted(self._identity.changing),
        }
        partial = self._header.with_name(f"{self._header.name}.partial")
        try:
            with partial.open("w", encoding="utf-8") as file:
                file.write(json.dumps(content, indent=1))
                file.flush()
                os.fsync(file.fileno())  # a name must not come to a disk before what it names
            partial.replace(self._header)
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def _list_changes(names: list[str]) -> str:
    verb = "has" if len(names) == 1 else "have"
    return f"{', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''} {verb} changed"
