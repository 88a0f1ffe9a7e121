"""Results that appear whole or not at all.

They are written to a temporary name in the same directory, and renamed at the end.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sknet_hp.cli.errors import BadInput

MODEL, RESULTS, SUMMARY = "model.safetensors", "cv_results.csv", "summary.json"
FOLDS, PREDICTIONS, CURVES, PAIRS = "folds.csv", "predictions.csv", "curves.csv", "pairs.csv"
REPORT, JOURNAL = "report.html", "journal"
_OURS = {MODEL, RESULTS, SUMMARY, FOLDS, PREDICTIONS, CURVES, PAIRS, REPORT, JOURNAL}


def require_directory_can_be_written(out: Path, overwrite: bool) -> None:
    """Check, before anything is trained, that the results can be written to `out`.

    Raises
    ------
    BadInput
        If `out` is a file, has something in it that may not be replaced, or can't be
        created.
    """
    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {str(out)!r} is a file: give a directory")
    try:
        entries = list(out.iterdir()) if out.exists() else []
        present, odd = (
            {entry.name for entry in entries},
            [
                entry.name
                for entry in entries
                if entry.is_symlink() or not (entry.is_dir() if entry.name == JOURNAL else entry.is_file())
            ],
        )
    except PermissionError:
        raise BadInput(f"--out {str(out)!r} can't be read: you have no permission, give another directory") from None
    if present and not overwrite:
        raise BadInput(
            f"{str(out)!r} is not empty: give another directory with --out, or --overwrite to replace the results in it"
        )
    if present - _OURS:
        raise BadInput(
            f"--out {str(out)!r} has files in it that are not results of sknet-hp "
            f"({sorted(present - _OURS)[0]!r}): give "
            f"another directory"
        )
    if odd:
        raise BadInput(
            f"--out {str(out)!r} has {odd[0]!r} in it, which is a link or not a file, and would be lost: remove it or "
            f"give another directory"
        )
    _require_writable(out)


def require_file_can_be_written(out: Path, overwrite: bool, option: str = "--out") -> None:
    """Check that the file `out` can be written.

    Raises
    ------
    BadInput
        If it is there already or can't be created.
    """
    if out.is_dir():
        raise BadInput(f"{option} {str(out)!r} is a directory: give the name of a file")
    if out.exists() and not out.is_file():  # a pipe or a device, which nothing can be put into the place of
        raise BadInput(f"{option} {str(out)!r} is not an ordinary file: leave {option} out, or give the name of a file")
    if out.exists() and not overwrite:
        raise BadInput(f"{str(out)!r} already exists: give another file with {option}, or --overwrite to replace it")
    _require_writable(out, option)


def write_directory(out: Path, writers: Mapping[str, Callable[[Path], object]], kept: tuple[str, ...] = ()) -> None:
    """Write files into the directory `out`, all or none.

    Results of ours that are there are replaced, but for what is `kept`.

    Parameters
    ----------
    out : Path
        The directory.
    writers : mapping of str to callable
        For each file's name, what writes it to the path it gets.
    kept : tuple of str
        Names of what stays in `out`.
    """
    with _replace(out, kept) as partial:
        partial.mkdir()
        for name, write in writers.items():
            write(partial / name)


def write_file(out: Path, write: Callable[[Path], object]) -> None:
    """Write the file `out`, whole or not at all."""
    with _replace(out) as partial:
        write(partial)


@contextmanager
def _replace(out: Path, kept: tuple[str, ...] = ()) -> Iterator[Path]:
    """Give a path beside `out` to write to.

    What is written there takes the place of `out` if nothing fails. What of `out` is
    kept moves there.
    """
    out = Path(os.path.realpath(out))  # what a link points at is replaced, not the link
    made = [place for place in out.parents if not place.exists()]
    partial, previous = _make_temporary_name(out), _make_temporary_name(out)
    written = False
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        _move(kept, out, partial)
        if out.is_dir():  # a directory can't be renamed over one that has something in it
            out.rename(previous)
        partial.replace(out)
        written = True
    except OSError as error:
        raise BadInput(
            f"{str(out)!r} can't be written ({error.strerror or error}): free some space or give another place"
        ) from error
    finally:
        if previous.exists() and not out.exists():
            previous.rename(out)
        if not written:
            _move(kept, partial, out)
        for left in (partial, previous):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
        for place in [] if written else made:
            with suppress(OSError):
                place.rmdir()


def _move(names: tuple[str, ...], source: Path, target: Path) -> None:
    for name in names:
        if (source / name).exists():
            (source / name).rename(target / name)


def _make_temporary_name(out: Path) -> Path:
    return out.parent / f".{uuid.uuid4().hex}.partial"


def _require_writable(out: Path, option: str = "--out") -> None:
    target = Path(os.path.realpath(out))
    if target.is_symlink():
        raise BadInput(f"{option} {str(out)!r} is a link that leads to itself: remove it or give another place")
    place = target.parent
    while not place.exists():
        place = place.parent
    try:  # permissions do not tell of everything, such as systems of files that are read-only
        probe = _make_temporary_name(place / "probe")
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise BadInput(
            f"{option} {str(out)!r} can't be created in {str(place)!r} ({error.strerror}): give a place where you may "
            f"create files"
        ) from error
