"""A search's memory on disk, without pickle.

It is an append-only record of what was scored, and the networks that may go on. A
search that is started again asks for the same candidates, for it is a function of its
parameters, its data and its seed; what the journal knows it need not train. So a
journal has nothing to say about policies.
"""

import os
from pathlib import Path
from typing import Any

from sknet_hp.search.candidates import SIZES, Candidate, Outcome
from sknet_hp.search.curves import from_lists, to_lists
from sknet_hp.search.journal.folder import Folder
from sknet_hp.search.journal.identity import Identity, outline
from sknet_hp.search.journal.lines import decode_whole, encode
from sknet_hp.search.journal.log import Log
from sknet_hp.search.journal.states import JournalError, Label, States
from sknet_hp.search.spaces.values import to_plain

_KEPT = ("test_scores", "train_scores", "fit_time", "score_time", "n_test_samples", "fit_error", *SIZES)
_OF_THE_MACHINE = ("OutOfMemoryError", "OSError", "ImportError", "ModuleNotFoundError")


def _may_pass(trace: str) -> bool:
    """Return whether a fit may have failed because of the machine."""
    kind, _, message = trace.strip().rsplit("\n", 1)[-1].partition(":")
    name = kind.rsplit(".", 1)[-1]
    return name.endswith("MemoryError") or name in _OF_THE_MACHINE or "workers died in turn" in message


class Journal:
    """One directory with what is known of a search.

    `search.json` says of what search, `records` what was scored, `log`, for who looks
    on, what it is doing; `states/` holds networks that may go on.

    Parameters
    ----------
    path : the directory; made if there is none.
    identity : what the search is a function of, part by part; a journal of another
        search is refused by the name of what differs.

    Raises
    ------
    JournalError
        If it is of another search, in use by another process, or no place for a
        journal.
    OSError
        If the disk is full, or the place can not be written.
    """

    def __init__(self, path: str | os.PathLike[str], identity: Identity):
        self.path = Path(path)
        self._folder = Folder(self.path, identity, "search", ("states",))
        self.states = States(self.path / "states")
        self.log = Log(self.path / "log")
        self.records: dict[tuple[int, int, int], Outcome] = {}
        self.origins: dict[int, str] = {}
        self._known_origins: dict[Candidate, str] = {}
        # Networks may be those of a search that was put right, or died with the first one written and nothing
        # recorded.
        self._folder.open(self._is_empty, self.states.forget, self._read)

    def close(self) -> None:
        """Let others in."""
        self._file.close()
        self._folder.close()

    def _is_empty(self) -> bool:
        """Return whether nothing was trained yet.

        What was refused at once may be put right.
        """
        records = self.path / "records"
        return not records.exists() or not records.stat().st_size

    def _read(self) -> None:
        """Read all records that are whole.

        What a dying process left of its last one is cut off.
        """
        path = self.path / "records"
        records, whole = decode_whole(path.read_bytes() if path.exists() else b"")
        for record in records:
            self.records[record["candidate"], record["split"], record["n_resources"]] = read_outcome(record)
            self.origins[record["candidate"]] = record["origin"]
        # Unbuffered: what a full disk has refused must not come up again when the file is closed.
        self._file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        try:
            self._file.truncate(whole)
            self._file.seek(whole)
        except BaseException:
            self._file.close()
            raise

    @property
    def number(self) -> str:
        """A digest of the search that it is of."""
        return self._folder.number

    # ---- for `Run` -------------------------------------------------------------------------------------------------

    def find(self, candidate: Candidate, split: int, n_resources: int) -> Outcome | None:
        """Return what a fit came to, if that is known."""
        outcome = self.records.get((candidate.number, split, n_resources))
        if outcome is not None and self.origins[candidate.number] != self._find_origin(candidate):
            raise JournalError(
                f"journal={str(self.path)!r} knows candidate {candidate.number} with other parameters than "
                f"{candidate.params}, as a copy of another, or of another search: something that the search depends "
                f"on has changed; give another path to start again"
            )
        return None if outcome is None else dict(outcome)

    def record(self, candidate: Candidate, split: int, n_resources: int, outcome: Outcome, *, goes_on: bool) -> None:
        """Remember what a fit came to, and its network if it may go on.

        That memory, say, was short is not remembered: that may be different next time.
        """
        if outcome["fit_error"] is not None and _may_pass(outcome["fit_error"]):
            return
        if goes_on and outcome["fit_error"] is None:
            self._save(candidate, split, n_resources)
        record = {
            "candidate": candidate.number,
            "split": split,
            "n_resources": n_resources,
            "origin": self._find_origin(candidate),
            "outcome": {name: _to_json(outcome[name]) for name in _KEPT if name in outcome}
            | ({"curve": to_lists(outcome["curve"])} if "curve" in outcome else {}),
        }
        end = self._file.tell()
        try:
            rest = memoryview(encode(record))
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._file.seek(end)
            self._file.truncate(end)
            raise self._folder.explain_full(error) from error
        if candidate.n_resources != n_resources:
            self.states.delete(self._make_label(candidate, split, candidate.n_resources))

    def keep(self, candidate: Candidate, split: int) -> None:
        """Remember the network that a candidate begins with, a copy of another's.

        Nothing is done if the candidate has gone further since.
        """
        if not self.states.has(candidate.number, split):
            self._save(candidate, split, candidate.n_resources)

    def load_state(self, candidate: Candidate, split: int, n_resources: int) -> Any:
        """Return the network of a candidate that has reached `n_resources` in a split.

        If it is None, the network must be trained again.
        """
        return self.states.load(self._make_label(candidate, split, n_resources))

    def forget(self, candidate: Candidate) -> None:
        """Let go of its networks: they go no further."""
        self.states.forget(candidate.number)

    def _save(self, candidate: Candidate, split: int, n_resources: int) -> None:
        try:
            self.states.save(self._make_label(candidate, split, n_resources), candidate.estimators[split])
        except OSError as error:
            raise self._folder.explain_full(error) from error

    def _make_label(self, candidate: Candidate, split: int, n_resources: int) -> Label:
        return Label(candidate.number, split, n_resources, self._find_origin(candidate))

    def _find_origin(self, candidate: Candidate) -> str:
        """Return a digest of what a candidate's scores are a function of.

        That is the search, its parameters, and whose networks it went on from.
        """
        if candidate not in self._known_origins:
            copied = [(past.number, reached) for past, reached in candidate.history if past is not candidate]
            self._known_origins[candidate] = outline([self._folder.number, candidate.params, copied])
        return self._known_origins[candidate]


def read_outcome(record: dict[str, Any]) -> Outcome:
    """Return the outcome of a record as it was before it was written down."""
    outcome: Outcome = record["outcome"]
    return outcome | {"curve": from_lists(outcome["curve"])} if "curve" in outcome else outcome


def _to_json(value: Any) -> Any:
    """Return a value whose numbers, also those in dicts, are Python's."""
    if isinstance(value, dict):
        return {name: _to_json(part) for name, part in value.items()}
    return to_plain(value)
