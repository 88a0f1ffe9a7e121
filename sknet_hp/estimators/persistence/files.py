"""Saved estimators on disk."""

import errno
import os
import shutil
import stat
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from sknet_hp.estimators.persistence.contents import MOST_BEFORE_ARRAYS, deserialize, read_header, serialize
from sknet_hp.estimators.persistence.errors import SavedModelError


def save(estimator: Any, path: str | os.PathLike[str], *, resumable: bool = True) -> None:
    """Save an estimator, fitted or not, in a file without pickle.

    By default, the state of the optimizer is kept, so that `warm_start` goes on after
    loading, bit for bit.

    Parameters
    ----------
    estimator : NetClassifier, NetRegressor, Pipeline, or what holds one of them
        Estimators of scikit-learn that hold one are `TransformedTargetRegressor`,
        `CalibratedClassifierCV`, `VotingClassifier`, `StackingRegressor`,
        `BaggingClassifier`, `MultiOutputRegressor` and their like; and the ensemble
        that is a search's `best_estimator_` with ``refit="ensemble"``. Other steps of a
        pipeline, and other members of an ensemble, may be any of scikit-learn's
        estimators, but for searches, whose best estimator can be put in their place.
    path : str or path-like
        The file. It is replaced at once, when all is written and can be loaded; where a
        link leads to it, the link stays.
    resumable : bool, default=True
        Whether the training can go on after loading. With False, the file holds only
        what predicts, which makes it three to six times smaller.

    Raises
    ------
    TypeError
        If something in it can not be stored without pickle, such as callbacks or
        functions of your own; the message names it.
    OSError
        If the file can not be written, or is a device or a pipe. What was there before
        is still there then, and nothing else is.
    """
    content = serialize(estimator, resumable=resumable)
    try:
        _replace_file(content, Path(os.path.realpath(path)), type(estimator).__name__)
    except OSError as error:  # names what was asked for, not the file beside it
        reason = "No such file or directory, make its folder first" if error.errno == errno.ENOENT else error.strerror
        raise OSError(error.errno, reason, str(Path(path))) from None


def _replace_file(content: bytes, target: Path, what: str) -> None:
    """Write a file, and put it in the target's place if it can be loaded."""
    if target.is_symlink():  # after all links were followed: it leads to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    before = target.stat().st_mode if target.exists() else None
    if before is not None and stat.S_ISDIR(before):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if before is not None and not stat.S_ISREG(before):
        raise OSError(errno.EINVAL, "It is a device, pipe or socket, which can't be replaced; give the name of a file")
    partial = target.with_name(f".{uuid.uuid4().hex}.partial")  # nobody else's, whoever saves here at the same time
    try:
        partial.write_bytes(content)
        if partial.read_bytes() != content:
            raise OSError(errno.EIO, "The file system gives back something else than what was written")
        try:
            deserialize(content, "what was written")
        except SavedModelError as error:
            raise TypeError(
                f"{what} would not come back from its file ({error}), so there is none; use joblib.dump"
            ) from error
        if before is not None:
            shutil.copymode(target, partial)
        partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink()


def load(path: str | os.PathLike[str]) -> Any:
    """Load an estimator that `save` has written. Nothing in the file is executed.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    NetClassifier, NetRegressor, Pipeline or what holds one
        As it was saved, fitted.

    Raises
    ------
    SavedModelError
        If the file is damaged, was changed, is none of ours or comes from another
        version; the message says which.
    FileNotFoundError
        If there is none.
    """
    name = repr(str(path))
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # it might never end, or never begin
        raise SavedModelError(
            f"{name} is a device, pipe or socket, and no file that sknet_hp.save has written; copy it into a file first"
        )
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        file.seek(0)
        read_header(file.read(min(8 + length, MOST_BEFORE_ARRAYS)), name)  # what is none of ours may be large
        file.seek(0)
        return deserialize(file.read(), name)
