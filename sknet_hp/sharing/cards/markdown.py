"""Pieces of Markdown."""

import json
import re
from collections.abc import Iterable, Sequence


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; bars and line breaks in cells are escaped."""
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(map(_escape, cells))} |" for cells in lines)


def _escape(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")


def escape_text(text: str) -> str:
    """Return text that readers of Markdown show as it is, not as HTML or code."""
    return re.sub(r"([`*<])", r"\\\1", text)


def write_code(text: str) -> str:
    """Return text as code within a line."""
    text = " ".join(text.split())
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, pad = "`" * (longest + 1), " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def write_front_matter(entries: dict[str, str | list[str]]) -> str:
    """Return the block of YAML with which cards on the Hugging Face Hub begin."""
    lines = ["---"]
    for name, value in entries.items():
        if isinstance(value, str):
            lines.append(f"{name}: {_write_scalar(value)}")
        else:
            lines += [f"{name}:", *(f"- {_write_scalar(each)}" for each in value)]
    return "\n".join([*lines, "---"])


def _write_scalar(value: str) -> str:
    """Return a string of YAML, in quotes where it would mean something else."""
    return value if re.fullmatch(r"[A-Za-z][\w.+-]*", value) else json.dumps(value)
