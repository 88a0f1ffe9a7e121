"""Write outputs and pictures of guide/tuning_guide.md: `python docs/make_tuning_guide.py`.

Runs the page's Python from top to bottom. What a block prints takes the place of the
text block behind it; the figure of its `display` that of the picture behind it. Needs
the extra `plot`; some minutes on two cores. On a machine that others use too,
`taskset --cpu-list 0 python docs/make_tuning_guide.py --processor-time` gives searches a
clock that goes only while they compute: seconds are then those of one core.
"""

import re
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from textwrap import wrap
from typing import Any

from make_pictures import save

PAGE = Path(__file__).parent / "guide" / "tuning_guide.md"
WIDTH = 110

BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<printed>.*?)^```\n)?"
    r"(?:\n!\[[^]]*\]\((?P<picture>[^)]*)\)\n)?",
    flags=re.DOTALL | re.MULTILINE,
)


def fold(text: str) -> str:
    """Return a text without lines that are wider than the page."""
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        lines += wrap(line, WIDTH, subsequent_indent=indent, drop_whitespace=False) or [""]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def run(block: re.Match[str], namespace: dict[str, Any]) -> str:
    """Run a block, save its picture, and return it with what it printed."""
    with redirect_stdout(StringIO()) as printed:
        exec(compile(block["code"], str(PAGE), "exec"), namespace)
    print(printed.getvalue(), flush=True)
    if block["picture"]:
        save(namespace["display"].figure_, PAGE.parent / block["picture"])
    if block["printed"] is None:
        return block[0]
    begin, end = (place - block.start() for place in block.span("printed"))
    return block[0][:begin] + fold(printed.getvalue()) + block[0][end:]


if __name__ == "__main__":
    if "--processor-time" in sys.argv:
        time.monotonic = time.perf_counter = time.process_time
    namespace: dict[str, Any] = {"__name__": "__main__"}
    page = BLOCK.sub(lambda block: run(block, namespace), PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(page, encoding="utf-8")
