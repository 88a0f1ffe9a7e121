"""Lines of a file, each a JSON object with a checksum.

What a dying process has left of the last line is then known for what it is.
"""

import json
import zlib
from typing import Any


def encode(record: dict[str, Any]) -> bytes:
    """Return a record as a line."""
    text = json.dumps(record).encode()
    return f"{zlib.crc32(text):08x} ".encode() + text + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """Return the record of a line, None if it is not whole."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != f"{zlib.crc32(text):08x}".encode():
        return None
    record: dict[str, Any] = json.loads(text)
    return record


def decode_whole(content: bytes) -> tuple[list[dict[str, Any]], int]:
    """Return the records of all lines up to the first that is not whole.

    Returns
    -------
    records : list of dict
    length : how many bytes they are.
    """
    records, length = [], 0
    for line in content.splitlines(keepends=True):
        record = decode(line)
        if record is None:
            break
        records.append(record)
        length += len(line)
    return records, length
