"""What holds for all displays; a new one is tested as soon as it has its name in
`sknet_hp.report`.
"""

import doctest
import inspect
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sknet_hp.report as report
from sknet_hp.report.display import Display
from tests.helpers.scripts import run_code

DOCS = Path(__file__).parents[2] / "docs"
NAMES = [name for name in report.__all__ if name.endswith("Display")]
MOST_BYTES = 60_000


def get_stem(name):
    """The file of a display, which has the name of its frame and of its picture."""
    return getattr(report, name).__module__.rpartition(".")[-1]


def test_every_file_of_displays_is_public():
    files = {path.stem for path in (Path(report.__file__).parent / "displays").glob("*.py")} - {"__init__"}
    assert {get_stem(name) for name in NAMES} == files


@pytest.mark.parametrize("name", NAMES)
def test_display_draws_a_frame_and_can_be_made_from_something(name):
    cls = getattr(report, name)
    assert issubclass(cls, Display)
    assert import_module(f"sknet_hp.report.frames.{get_stem(name)}").__doc__
    makers = [method for method in vars(cls) if method.startswith("from_")]
    assert makers
    for maker in makers:
        assert inspect.signature(getattr(cls, maker)).parameters["ax"].default is None
        assert "Returns" in getattr(cls, maker).__doc__


@pytest.mark.parametrize("name", NAMES)
def test_example_runs(name):
    cls = getattr(report, name)
    example = doctest.DocTestFinder(recurse=False).find(cls, globs={})[0]
    assert example.examples, f"the docstring of {name} needs an example"
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example)
    assert results.failed == 0


@pytest.mark.parametrize("name", NAMES)
def test_docs_have_a_section_with_a_small_picture(name):
    page = (DOCS / "pictures.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert name in sections, "docs/pictures.md needs a section"
    assert "```python" in sections[name]
    [picture, *_] = re.findall(r"\(pictures/(\w+\.png)\)", sections[name])
    assert (DOCS / "pictures" / picture).stat().st_size < MOST_BYTES, "draw it with docs/make_pictures.py"


@pytest.mark.parametrize("name", NAMES)
def test_matplotlib_is_named_where_it_is_missing(name, monkeypatch):
    cls = getattr(report, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=rf"{name} needs matplotlib: pip install 'sknet_hp\[plot\]'"):
        Display.plot(object.__new__(cls))


def test_import_is_light():
    code = "import sys, sknet_hp.report; print([n for n in ('matplotlib', 'pandas', 'torch') if n in sys.modules])"
    assert run_code(code).stdout.strip() == "[]"
