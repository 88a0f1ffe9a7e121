"""The blocks of documentation pages that a reader would run."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if not {"_build", "auto_examples"} & set(path.parts)
)

SHORTENED = {"--time-budget": "8", "--candidates": "3", "--repeats": "1"}
"""Options of commands, and what they are given in tests: a reader has more time."""


@dataclass(frozen=True)
class Block:
    """What a page shows to be run.

    `kind` is "python", to be executed; "console", whose lines that begin with `$` are
    commands; or "toml", a space of hyperparameters that commands read as space.toml.
    """

    kind: str
    text: str
    line: int


def list_blocks(page: str) -> list[Block]:
    """The blocks of a page that can be run, from top to bottom."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.finditer(r"^```(python|console|toml)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [Block(match[1], match[2], text.count("\n", 0, match.start()) + 2) for match in found]


def list_commands(block: Block) -> list[list[str]]:
    """The arguments of the `sknet-hp` commands of a console block, with less to do.

    Not of those with `--resume`: there is no run that was interrupted.
    """
    lines = re.findall(r"^\$ sknet-hp (.*)$", block.text.replace("\\\n", " "), flags=re.MULTILINE)
    return [_shorten(shlex.split(line, comments=True)) for line in lines if "--resume" not in line]


def _shorten(arguments: list[str]) -> list[str]:
    before = ["", *arguments[:-1]]
    shortened = [SHORTENED.get(previous, argument) for previous, argument in zip(before, arguments, strict=True)]
    if arguments[0] == "tune":
        if "--time-budget" not in arguments:
            shortened += ["--time-budget", SHORTENED["--time-budget"]]
        shortened += ["--overwrite"]  # pages tune the same table again and again
    return shortened
