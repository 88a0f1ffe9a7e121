"""What the documentation says of parameters is what the package does."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_parameters_are_up_to_date():
    page = runpy.run_path(str(DOCS / "make_parameters.py"))["page"]
    assert (DOCS / "parameters.md").read_text(encoding="utf-8") == page(), "run docs/make_parameters.py"
