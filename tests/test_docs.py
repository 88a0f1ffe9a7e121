"""The documentation says what the package does, and leaves nothing public out."""

import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def test_parameters_are_up_to_date():
    page = runpy.run_path(str(DOCS / "make_parameters.py"))["page"]
    assert (DOCS / "parameters.md").read_text(encoding="utf-8") == page(), "run docs/make_parameters.py"


@pytest.mark.parametrize(
    "module",
    ["", ".evaluation", ".findings", ".presets", ".report", ".search", ".sharing", ".skorch", ".tracking", ".tuning"],
)
def test_public_names_are_in_the_reference(module):
    room = import_module(f"sknet_hp{module}")
    text = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.rst"))
    words = {word for line in text.splitlines() for word in [line.strip().rpartition(".")[2]]}
    missing = {name for name in getattr(room, "__all__", []) if not name.startswith("_")} - words
    assert missing - {"presets"} == set(), "add them to a list in docs/reference/"


def test_each_library_has_a_paragraph_and_an_example():
    page = (DOCS / "ecosystem.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(examples/ecosystem/(\w+\.py)\)", page)
    assert sorted(linked) == sorted(path.name for path in (DOCS / "examples" / "ecosystem").glob("plot_*.py"))
