"""How much memory an archive of skops would take, found out before anything is read.

A few bytes can stand for gigabytes.
"""

import io
import json
import math
from typing import Any, BinaryIO, cast
from zipfile import ZipFile

import numpy as np

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def check_sizes(content: bytes) -> None:
    """Check that an archive holds no more than its own size.

    This is so where nothing is compressed.

    Raises
    ------
    ValueError
        If it holds more, or if it is no archive of skops.
    """
    with ZipFile(io.BytesIO(content)) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        if sum(sizes.values()) > len(content):
            raise ValueError("files that are compressed, or that overlap")
        # skops reads a file for each object that names it, and objects of one `__id__` once.
        read = {
            (node.get("__id__"), node["file"])
            for node in _collect_nodes(json.loads(archive.read("schema.json")))
            if isinstance(node.get("file"), str)
        }
        if sum(sizes[name] for _, name in read) > len(content):
            raise ValueError("files that are read many times")
        for name in {name for _, name in read}:
            with archive.open(name) as file:
                _check_file(cast(BinaryIO, file), sizes[name])


def _check_file(file: BinaryIO, size: int) -> None:
    """Check that an array in NumPy's format is as large as it says.

    Sparse matrices, which are archives themselves, are refused.
    """
    begin = file.read(len(np.lib.format.MAGIC_PREFIX))
    if begin.startswith(b"PK"):
        raise ValueError("an archive in an archive")
    if begin == np.lib.format.MAGIC_PREFIX:
        file.seek(0)
        shape, _, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
        if math.prod(shape) * dtype.itemsize > size:
            raise ValueError(f"an array of shape {shape} and type {dtype} in {size} bytes")


def _collect_nodes(value: Any) -> list[dict[str, Any]]:
    """Return all nodes of skops's description, however deep."""
    found, waiting = [], [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found.append(part)
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found
