"""One JSON object a line, each with a checksum, so that what a dying process has left
of the last one is known for what it is.
"""

import json
import zlib
from typing import Any


def encode(record: dict[str, Any]) -> bytes:
    """Return a line."""
    text = json.dumps(record).encode()
    return f"{zlib.crc32(text):08x} ".encode() + text + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, None if it is not whole."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != f"{zlib.crc32(text):08x}".encode():
        return None
    record: dict[str, Any] = json.loads(text)
    return record
