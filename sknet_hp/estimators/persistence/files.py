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

MODEL = "model.safetensors"
"""The name of the model in a folder that `tune` wrote."""


def save(estimator: Any, path: str | os.PathLike[str], *, resumable: bool = True) -> None:
    """Save an estimator, fitted or not, in a file without pickle.

    By default, the state of the optimizer is saved too, so that `warm_start` can
    continue after loading, bit for bit.

    Parameters
    ----------
    estimator : NetClassifier, NetRegressor, Pipeline, or an estimator around one
        Estimators of scikit-learn around a network work too:
        `TransformedTargetRegressor`, `CalibratedClassifierCV`, `VotingClassifier`,
        `StackingRegressor`, `BaggingClassifier`, `MultiOutputRegressor` and similar
        ones, and the ensemble that a search with ``refit="ensemble"`` has as
        `best_estimator_`. Other steps of a pipeline and other members of an ensemble
        may be any estimators of scikit-learn except searches; use their best
        estimators.
    path : str or path-like
        The file. It is replaced only when everything is written and can be loaded. If
        the path is a link, the link is kept.
    resumable : bool, default=True
        Whether training can continue after loading. With False, the file has only what
        is needed to predict, and is three to six times smaller.

    Raises
    ------
    TypeError
        If a part cannot be saved without pickle, such as callbacks or your own
        functions. The message names it.
    OSError
        If the file cannot be written, or is a device or a pipe. An earlier file is then
        unchanged.
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
        The file, or a folder with a file `model.safetensors`, as the command `tune`
        writes one.

    Returns
    -------
    NetClassifier, NetRegressor, Pipeline, or an estimator around one
        The estimator as it was saved, fitted or not.

    Raises
    ------
    SavedModelError
        If the file is damaged or was changed, is not a file of `save`, or comes from
        another version. The message says which.
    FileNotFoundError
        If there is no such file.
    IsADirectoryError
        If it is a folder without such a file.
    """
    path = _find_in_folder(Path(path)) if os.path.isdir(path) else path
    name = repr(str(path))
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):  # it might never end, or never begin
        raise SavedModelError(
            f"{name} is a device, pipe or socket, and no file that sknet_hp.save has written; copy it into a file first"
        )
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        file.seek(0)
        read_header(file.read(min(8 + length, MOST_BEFORE_ARRAYS)), name)  # what is none of ours may be large
        file.seek(0)
        return deserialize(file.read(), name)


def _find_in_folder(folder: Path) -> Path:
    """Return the model in a folder, by the name that `tune` gives it."""
    file = folder / MODEL
    if not file.is_file():
        raise IsADirectoryError(
            errno.EISDIR, f"Is a folder, and holds no {MODEL}; give the file that sknet_hp.save wrote", str(folder)
        )
    return file
