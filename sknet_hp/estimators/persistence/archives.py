"""What an archive of skops would take in memory, found out before anything is unpacked: a few bytes can stand for gigabytes."""

import io
import json
import math
from typing import Any, BinaryIO, cast
from zipfile import ZipFile

import numpy as np

_ALWAYS = 2**26
_TIMES = 20
"""Contents may take so many bytes, or so many times the archive, if that is more. skops does not compress; SciPy's sparse matrices inside of it are
compressed, to a tenth at the least."""

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def check_sizes(content: bytes) -> None:
    """Check that an archive holds no more than its size lets expect.

    Raises
    ------
    ValueError
        If it does, or if it is no archive of skops.
    """
    most = max(_ALWAYS, _TIMES * len(content))
    with ZipFile(io.BytesIO(content)) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        _check_sum(sum(sizes.values()), most)
        # A node for each part of memory; nodes that share an address are read once.
        read = {(node.get("__id__"), node["file"]) for node in _nodes(json.loads(archive.read("schema.json"))) if isinstance(node.get("file"), str)}
        _check_sum(sum(sizes[name] for _, name in read), most)
        for name in {name for _, name in read}:
            with archive.open(name) as file:
                begin = file.read(6)
                file.seek(0)
                if begin == np.lib.format.MAGIC_PREFIX:
                    _check_array(cast(BinaryIO, file), sizes[name])
                elif begin.startswith(b"PK"):
                    _check_arrays(file.read(), most)


def _check_arrays(content: bytes, most: int) -> None:
    """Check a sparse matrix: an archive of arrays."""
    with ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        _check_sum(sum(entry.file_size for entry in entries), most)
        for entry in entries:
            with archive.open(entry) as file:
                _check_array(cast(BinaryIO, file), entry.file_size)


def _check_array(file: BinaryIO, size: int) -> None:
    """Check that an array in NumPy's format is as large as it says."""
    shape, _, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    if math.prod(shape) * dtype.itemsize > size:
        raise ValueError(f"an array of shape {shape} and type {dtype} in {size} bytes")


def _check_sum(unpacked: int, most: int) -> None:
    if unpacked > most:
        raise ValueError(f"{unpacked} bytes where {most} are the most")


def _nodes(value: Any) -> list[dict[str, Any]]:
    """All nodes of skops's description, however deep."""
    found, waiting = [], [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found.append(part)
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found
