"""The documentation says what the package does, and leaves nothing public out."""

import re
import runpy
from collections import Counter
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

from sknet_hp import NetClassifier
from sknet_hp.estimators.parameters import COMMON

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("[cg]*/*.md"))]


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


def test_hyperparameters_that_matter_are_as_in_the_registry():
    page = (DOCS / "guide" / "hyperparameters.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| \[(.+?)\]\(.+?\) \| (.+?) \| (.+?) \|", page, flags=re.MULTILINE)
    assert len(rows) == 12
    for names, defaults, searched in rows:
        parameters = re.findall(r"`(\w+)`", names)
        own = [signature(NetClassifier).parameters[name].default for name in parameters]
        assert defaults.split(", ") == [repr(value).replace("'", '"') for value in own]
        known = " ".join(COMMON[name].search + " " + COMMON[name].text for name in parameters)
        ranges = set(re.findall(r"[\w.-]+", searched)) - {"log"}
        assert ranges <= set(re.findall(r"[\w.-]+", known)), names


def test_papers_that_are_named_are_listed():
    listed = set(re.findall(r"^- (.+? \d{4}):", (DOCS / "papers.md").read_text(encoding="utf-8"), flags=re.MULTILINE))
    text = " ".join(page.read_text(encoding="utf-8") for page in PAGES if page.name != "papers.md").replace("\n", " ")
    named = set(re.findall(r"[A-Z][\wü-]+ et al\. \d{4}|[A-Z]\w+ & [A-Z]\w+ \d{4}", text))
    assert named - listed == set(), "add them to docs/papers.md"
    assert [paper for paper in listed if paper not in text] == []


def list_anchors(page: Path) -> set[str]:
    """Return the anchors that a code host makes of the headings on a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    seen: Counter[str] = Counter()
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return anchors


def test_anchors_are_those_of_headings(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A `b_c`, d\n```\n# no heading\n```\n## A b_c d\n", encoding="utf-8")
    assert list_anchors(page) == {"a-b_c-d", "a-b_c-d-1"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    missing = []
    for link in links:
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if "://" not in link and not (target.exists() and (not anchor or anchor in list_anchors(target))):
            missing.append(link)
    assert missing == []
