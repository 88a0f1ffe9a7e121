"""The networks of a search that may go on, on disk and without pickle.

There is a file for each candidate, split and resource, which says of which it is.
"""

import zlib
from pathlib import Path
from typing import Any, NamedTuple

from sknet_hp.search.journal.lines import decode, encode

_TRUSTED_TYPES = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
]
"""What skops may build beside what saved files may hold: parts of trees.

They hold numbers, nothing that is executed.
"""


class JournalError(ValueError):
    """A journal that this search can not use; the message says why."""


class Label(NamedTuple):
    """Whose network it is.

    Attributes
    ----------
    candidate : its number.
    split : that it was trained in.
    n_resources : what it has reached.
    origin : a digest of the search, of the candidate's parameters, and of whose
        networks it went on from.
    """

    candidate: int
    split: int
    n_resources: int
    origin: str


class States:
    """A directory of networks.

    Parameters
    ----------
    folder : the directory, which is there.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def save(self, label: Label, estimator: Any) -> None:
        """Keep a network, unless it can not be kept without pickle."""
        content = dump_estimator(estimator)
        if content is None:
            return
        path = self._get_path(label)
        partial = path.with_name(f"{path.name}.partial")
        try:
            partial.write_bytes(encode({**label._asdict(), "checksum": zlib.crc32(content)}) + content)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise

    def load(self, label: Label) -> Any:
        """Return a network, or None if there is none, or it is damaged.

        Then it must be trained again.

        Raises
        ------
        JournalError
            If the file is whole, but that of another network: somebody has exchanged
            it.
        """
        path = self._get_path(label)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        first = content[: content.find(b"\n") + 1]
        found, content = decode(first) if first else None, content[len(first) :]
        if found is None or found.pop("checksum", None) != zlib.crc32(content):
            return None
        if found != label._asdict():
            raise JournalError(
                f"{str(path)!r} is the network of {_describe(found)}, not of {_describe(label._asdict())}: it is of "
                f"another candidate, split, rung or search. Put the right file in its place, or delete it: then the "
                f"network is trained again"
            )
        return load_estimator(content)

    def delete(self, label: Label) -> None:
        """Let go of one network, if it is there."""
        self._get_path(label).unlink(missing_ok=True)

    def forget(self, candidate: int | None = None) -> None:
        """Let go of all networks of a candidate; of all candidates if none is given."""
        for path in self.folder.glob(f"{'[0-9]*' if candidate is None else candidate}-[0-9]*-[0-9]*"):
            path.unlink(missing_ok=True)

    def has(self, candidate: int, split: int) -> bool:
        """Return whether there is a network of a candidate and split, however far."""
        return any(path.suffix != ".partial" for path in self.folder.glob(f"{candidate}-{split}-*"))

    def _get_path(self, label: Label) -> Path:
        return self.folder / f"{label.candidate}-{label.split}-{label.n_resources}"


def _describe(label: dict[str, Any]) -> str:
    where = f"candidate {label['candidate']} in split {label['split']}"
    return f"{where} after {label['n_resources']} (origin {label['origin']})"


def dump_estimator(estimator: Any) -> bytes | None:
    """Return an estimator as bytes without pickle, or None if that can not be.

    Ours are written as they are saved, those of scikit-learn by skops.
    """
    from sknet_hp.estimators.persistence import serialize
    from sknet_hp.estimators.persistence.skops_bytes import dump_with_skops

    try:
        return b"own " + serialize(estimator)
    except TypeError:
        pass
    try:
        return b"skops " + dump_with_skops(estimator, "an estimator", _TRUSTED_TYPES)
    except TypeError:
        return None


def load_estimator(content: bytes) -> Any:
    """Return the estimator that was written, or None if it can not be read.

    It may come from another version, say: then it is trained again.
    """
    from sknet_hp.estimators.persistence import deserialize
    from sknet_hp.estimators.persistence.skops_bytes import load_with_skops

    kind, _, content = content.partition(b" ")
    try:
        if kind == b"own":
            return deserialize(content, "a network of the journal")
        return load_with_skops(content, _TRUSTED_TYPES)
    except ValueError:
        return None
