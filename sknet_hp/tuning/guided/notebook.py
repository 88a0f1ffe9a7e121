"""Decisions that depend on measured times, kept beside the journal of a search.

A search that is taken up makes the same ones, whatever the clock says then.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Notebook:
    """Decisions by name.

    Parameters
    ----------
    folder : where they are kept, or None to keep them in memory alone.
    """

    def __init__(self, folder: str | os.PathLike[str] | None):
        self.path = None if folder is None else Path(folder) / "decisions"
        self.known: dict[str, Any] = {}
        if self.path is not None and self.path.exists():
            text = self.path.read_text(encoding="utf-8")
            whole = text[: text.rfind("\n") + 1]
            if whole != text:  # a dying process has left half a line
                self.path.write_text(whole, encoding="utf-8")
            self.known = dict(json.loads(line) for line in whole.splitlines())

    def recall(self, name: str, decide: Callable[[], Any]) -> Any:
        """Return what was decided under a name, or decide now and write it down.

        Parameters
        ----------
        name : of the decision.
        decide : gives something that JSON can hold.
        """
        if name not in self.known:
            value = decide()
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([name, value]) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
            self.known[name] = value
        return self.known[name]
