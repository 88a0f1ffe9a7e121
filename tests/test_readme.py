"""The Python blocks of the README and the guide run as they stand there, from top to
bottom in one namespace.
"""

import re
from pathlib import Path

import pytest
import sklearn.datasets
from sklearn.datasets import load_digits

ROOT = Path(__file__).parent.parent


def python_blocks(page: str) -> list[str]:
    return re.findall(
        r"^```python\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )


def few_digits(**given):
    """The guide's searches on all of them take minutes."""
    return tuple(part[:200] for part in load_digits(**given))


def test_first_block_is_as_short_as_promised():
    assert len([line for line in python_blocks("README.md")[0].splitlines() if line.strip()]) <= 15


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", ["README.md", "docs/guide.md", "docs/evaluation.md"])
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sklearn.datasets, "load_digits", few_digits)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(python_blocks(page), start=1):
        if "tcp://scheduler" not in block:  # there is no such cluster
            exec(compile(block, f"{page}, Python block {number}", "exec"), namespace)
