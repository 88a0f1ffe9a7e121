"""The README's Python blocks run as they stand there, from top to bottom in one namespace."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


def python_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def test_first_block_is_as_short_as_promised():
    assert len([line for line in python_blocks()[0].splitlines() if line.strip()]) <= 15


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_blocks_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(python_blocks(), start=1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), namespace)
