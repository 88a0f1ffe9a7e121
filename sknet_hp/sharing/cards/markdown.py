"""Pieces of Markdown."""

from collections.abc import Iterable, Sequence


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; bars and line breaks in cells are escaped."""
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(map(_escape, cells))} |" for cells in lines)


def _escape(cell: str) -> str:
    return " ".join(cell.split()).replace("|", "\\|")


def write_code(text: str) -> str:
    """Return text as code within a line."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def write_front_matter(entries: dict[str, str | list[str]]) -> str:
    """Return the block of YAML with which cards on the Hugging Face Hub begin."""
    lines = ["---"]
    for name, value in entries.items():
        lines += [f"{name}: {value}"] if isinstance(value, str) else [f"{name}:", *(f"- {each}" for each in value)]
    return "\n".join([*lines, "---"])
