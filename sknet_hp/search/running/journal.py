"""A search's memory on disk: an append-only record of what was scored, and the networks that may go on. No pickle.

A search that is started again asks for the same candidates, for it is a function of its parameters, its data and its seed; what the journal knows it
need not train. So a journal has nothing to say about policies.
"""

import json
import os
import zlib
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from sknet_hp.search.running.choosing import SIZES
from sknet_hp.search.running.identity import digest
from sknet_hp.search.running.outcomes import Outcome
from sknet_hp.search.running.run import Candidate

_KEPT = ("test_scores", "train_scores", "fit_time", "score_time", "n_test_samples", "fit_error", *SIZES)
_TRUSTED = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
]
"""What skops may build beside scikit-learn's estimators: parts of those that can go on. They hold numbers, nothing that is executed."""


_OWN = {"lock", "search.json.partial", "states"}
"""What a process that died at once may have left."""

_OF_THE_MACHINE = ("OutOfMemoryError", "OSError", "ImportError", "ModuleNotFoundError")


def _may_pass(trace: str) -> bool:
    """Whether a fit may have failed because of the machine."""
    kind, _, message = trace.strip().rsplit("\n", 1)[-1].partition(":")
    name = kind.rsplit(".", 1)[-1]
    return name.endswith("MemoryError") or name in _OF_THE_MACHINE or "worker processes died" in message


class JournalError(ValueError):
    """A journal that this search can not use; the message says why."""


class Journal:
    """One directory: `search.json` says of what search, `records` what was scored, `states/` holds networks that may go on.

    Parameters
    ----------
    path : the directory; made if there is none.
    identity : what the search is a function of, part by part, as digests; a journal of another search is refused by the name of what differs.

    Raises
    ------
    JournalError
        If it is of another search, in use by another process, or no place for a journal.
    """

    def __init__(self, path: str | os.PathLike[str], identity: dict[str, str]):
        self.path = Path(path)
        self.states = self.path / "states"
        begun = (self.path / "search.json").exists()
        if self.path.is_dir() and not begun and not _OWN.issuperset(each.name for each in self.path.iterdir()):
            raise JournalError(f"journal={str(path)!r} holds other files; give a path of its own")
        try:
            self.states.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise JournalError(f"journal={str(path)!r} must be a directory, or a path where one can be made, but there is a file") from None
        self._lock = filelock.FileLock(self.path / "lock", thread_local=False)
        try:
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            raise JournalError(f"journal={str(path)!r} is in use by another process; wait for it, or give another path") from None
        try:
            self._compare(identity)
            self.records: dict[tuple[int, int, int], Outcome] = {}
            self.origins: dict[int, str] = {}
            self._read()
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Let others in."""
        self._file.close()
        self._lock.release()

    def _compare(self, identity: dict[str, str]) -> None:
        header = self.path / "search.json"
        if header.exists():
            try:
                known = dict(json.loads(header.read_text(encoding="utf-8")))
            except (ValueError, TypeError):
                raise JournalError(f"journal={str(self.path)!r} is damaged: {header.name} can not be read; give another path to begin anew") from None
            changed = [name for name in identity if known.get(name) != identity[name]]
            if "data set" in changed and "cv" in changed:
                changed.remove("cv")  # the splits are of these rows
            if changed and not self._is_empty():
                raise JournalError(
                    f"journal={str(self.path)!r} is of a search with another {' and another '.join(changed)}; give another path to begin anew"
                )
            if not changed:
                return
        partial = self.path / "search.json.partial"
        partial.write_text(json.dumps(identity, indent=1), encoding="utf-8")
        partial.replace(header)

    def _is_empty(self) -> bool:
        """Whether nothing was trained yet: what was refused at once may be put right."""
        records = self.path / "records"
        return not records.exists() or not records.stat().st_size

    def _read(self) -> None:
        """All records that are whole; what a dying process left of its last one is cut off."""
        path = self.path / "records"
        content, whole = path.read_bytes() if path.exists() else b"", 0
        for line in content.splitlines(keepends=True):
            record = _decoded(line)
            if record is None:
                break
            whole += len(line)
            self.records[record["candidate"], record["split"], record["n_resources"]] = record["outcome"]
            self.origins[record["candidate"]] = record["origin"]
        # Unbuffered: what a full disk has refused must not come up again when the file is closed.
        self._file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._file.truncate(whole)
        self._file.seek(whole)

    # ---- for `Run` -------------------------------------------------------------------------------------------------

    def known(self, candidate: Candidate, split: int, n_resources: int) -> Outcome | None:
        """What a fit came to, if that is known."""
        outcome = self.records.get((candidate.number, split, n_resources))
        if outcome is not None and self.origins[candidate.number] != _origin(candidate):
            raise JournalError(
                f"journal={str(self.path)!r} knows candidate {candidate.number} with other parameters than {candidate.params}, or as a copy of "
                "another: something that the search depends on has changed; give another path to begin anew"
            )
        return None if outcome is None else dict(outcome)

    def record(self, candidate: Candidate, split: int, n_resources: int, outcome: Outcome, *, goes_on: bool) -> None:
        """Remember what a fit came to, and its network if it may go on; but not that memory, say, was short: that may be different next time."""
        if outcome["fit_error"] is not None and _may_pass(outcome["fit_error"]):
            return
        if goes_on and outcome["fit_error"] is None:
            self._save(candidate.estimators[split], self._state(candidate, split), n_resources)
        record = {
            "candidate": candidate.number,
            "split": split,
            "n_resources": n_resources,
            "origin": _origin(candidate),
            "outcome": {name: _plain(outcome[name]) for name in _KEPT if name in outcome},
        }
        end = self._file.tell()
        try:
            rest = memoryview(_encoded(record))
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._file.seek(end)
            self._file.truncate(end)
            raise OSError(error.errno, f"journal={str(self.path)!r} can not be written ({error.strerror}); what it holds is whole") from error
        if not goes_on:
            self._state(candidate, split).unlink(missing_ok=True)

    def keep(self, candidate: Candidate, split: int) -> None:
        """Remember the network that a candidate begins with, a copy of another's, unless it has gone further since."""
        path = self._state(candidate, split)
        if not path.exists():
            self._save(candidate.estimators[split], path, candidate.n_resources)

    def state(self, candidate: Candidate, split: int, n_resources: int) -> Any:
        """The network that a candidate has reached `n_resources` with in a split, or None: then it must be trained again."""
        path = self._state(candidate, split)
        try:
            reached, content = path.read_bytes().split(b"\n", 1)
        except (FileNotFoundError, ValueError):
            return None
        return _loaded(content) if reached == str(n_resources).encode() else None

    def forget(self, candidate: Candidate) -> None:
        """Its networks go no further."""
        for path in self.states.glob(f"{candidate.number}-*"):
            path.unlink(missing_ok=True)

    def _state(self, candidate: Candidate, split: int) -> Path:
        return self.states / f"{candidate.number}-{split}"

    def _save(self, estimator: Any, path: Path, n_resources: int) -> None:
        content = _dumped(estimator)
        if content is None:
            return
        partial = path.with_name(f"{path.name}.partial")
        try:
            partial.write_bytes(f"{n_resources}\n".encode() + content)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OSError(error.errno, f"journal={str(self.path)!r} can not be written ({error.strerror}); what it holds is whole") from error


def _origin(candidate: Candidate) -> str:
    """What a candidate's scores are a function of, beside the search: its parameters, and whose networks it went on from."""
    return digest([candidate.params, [(past.number, reached) for past, reached in candidate.history if past is not candidate]])


# ---- records -------------------------------------------------------------------------------------------------------


def _encoded(record: dict[str, Any]) -> bytes:
    text = json.dumps(record).encode()
    return f"{zlib.crc32(text):08x} ".encode() + text + b"\n"


def _decoded(line: bytes) -> dict[str, Any] | None:
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != f"{zlib.crc32(text):08x}".encode():
        return None
    record: dict[str, Any] = json.loads(text)
    return record


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value.item() if isinstance(value, np.generic) else value


# ---- networks ------------------------------------------------------------------------------------------------------


def _dumped(estimator: Any) -> bytes | None:
    """An estimator without pickle, or None if that can not be: ours as they are saved, scikit-learn's through skops."""
    from sknet_hp.estimators.persistence import to_bytes

    try:
        return b"own " + to_bytes(estimator)
    except TypeError:
        pass
    import skops.io

    try:
        content = skops.io.dumps(estimator)
        return None if set(skops.io.get_untrusted_types(data=content)) - set(_TRUSTED) else b"skops " + content
    except Exception:  # whatever a foreign estimator holds
        return None


def _loaded(content: bytes) -> Any:
    from sknet_hp.estimators.persistence import SavedModelError, from_bytes

    kind, _, content = content.partition(b" ")
    if kind == b"own":
        try:
            return from_bytes(content, "a network of the journal")
        except SavedModelError:  # cut off: it is trained again
            return None
    import skops.io

    try:
        return skops.io.loads(content, trusted=_TRUSTED)
    except Exception:
        return None
