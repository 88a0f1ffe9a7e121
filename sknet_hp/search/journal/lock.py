"""Whether somebody writes a journal, asked by who only looks."""

import fcntl
from pathlib import Path


def is_locked(path: Path) -> bool:
    """Return whether a process holds a lock, without taking it from others.

    It is shared for a moment, in which a writer that begins waits.

    Parameters
    ----------
    path : of the lock's file, which need not be there.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(file, fcntl.LOCK_UN)
    return False
