"""What the README and the pages of the documentation show runs as it stands there: the
blocks of a page from top to bottom, Python in one namespace.
"""

import sys

import pytest
import sklearn.datasets
from sklearn.datasets import load_digits

import sknet_hp
from sknet_hp.cli import main
from tests.helpers.example_tables import write_example_tables
from tests.helpers.pages import PAGES, Block, list_blocks, list_commands

PAGES_WITH_BLOCKS = [page for page in PAGES if list_blocks(page)]


def few_digits(**given):
    """The guide's searches on all of them take minutes."""
    table = load_digits(**given)
    return tuple(part[:200] for part in table) if isinstance(table, tuple) else table


def test_first_block_is_as_short_as_promised():
    block = next(block for block in list_blocks("README.md") if block.kind == "python")
    assert len([line for line in block.text.splitlines() if line.strip()]) <= 15


def test_commands_are_read():
    block = Block("console", "$ sknet-hp tune 'my table.csv' \\\n    --time-budget 120\nprinted\n$ ls\n", 1)
    assert list_commands(block) == [["tune", "my table.csv", "--time-budget", "8", "--overwrite"]]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS)
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sklearn.datasets, "load_digits", few_digits)
    write_example_tables(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    assert sknet_hp.NetClassifier  # imported now, and not in the short time that a command is given
    blocks = list_blocks(page)
    for block in blocks:
        if block.kind == "toml":
            (tmp_path / "space.toml").write_text(block.text, encoding="utf-8")
    for block in blocks:
        if block.kind == "console":
            for arguments in list_commands(block):
                assert main(arguments) == 0, f"{page}, line {block.line}: sknet-hp {' '.join(arguments)}"
        elif block.kind == "python" and "tcp://scheduler" not in block.text:  # there is no such cluster
            # Line numbers of errors are those of the page.
            exec(compile("\n" * (block.line - 1) + block.text, page, "exec"), namespace)
            if "matplotlib.pyplot" in sys.modules:  # which warns where many pictures are open
                sys.modules["matplotlib.pyplot"].close("all")
