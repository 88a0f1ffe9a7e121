"""Pages in a real browser: drawn without errors, without network, for all readers.

One browser for all of it. Accessibility is checked by axe-core, in both colour schemes
and at the widths of a phone and of a large screen.
"""

import re
import shutil
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from sknet_hp.evaluation import compare, make_baseline, nested_cross_validate
from sknet_hp.report import report
from tests.helpers.seeds import make_seeds_result
from tests.helpers.small_searches import NET, make_network_search

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
EVIL = "<b>a</b></script><script>document.title='broken'</script>"
SPACE = {"lr": [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3], "activation": ["relu", "silu"]}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({EVIL: rng.normal(size=120), "b": rng.normal(size=120)})
    return X, pd.Series(np.where(X["b"] + rng.normal(size=120) > 0, EVIL, "no"), name=EVIL)


@pytest.fixture(scope="module")
def paths(data, tmp_path_factory):
    """A page of each kind."""
    X, y = data
    folder = tmp_path_factory.mktemp("pages")
    search = make_network_search(space=SPACE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few rows
        cv = StratifiedKFold(3, shuffle=True, random_state=0)
        result = nested_cross_validate(search, X, y, cv=cv, random_state=0)
        comparison = compare(result, NET, make_baseline("constant", "classification"), X=X, y=y)
    return {
        "search": report(search.fit(X, y), folder / "search.html", X=X, y=y),
        "evaluation": report(result, folder / "evaluation.html", comparison=comparison),
        "comparison": report(comparison, folder / "comparison.html"),
        "seeds": report(make_seeds_result(), folder / "seeds.html"),
    }


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, paths):
    """Returns a page of a kind, drawn, with what went wrong on it."""
    opened = []

    def open_page(kind, *, width=1440, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened.append(page)
        seen = SimpleNamespace(page=page, messages=[], requests=[])
        page.on("console", lambda message: seen.messages.append(message.text))
        page.on("pageerror", lambda error: seen.messages.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(paths[kind].as_uri())
        page.wait_for_selector("html[data-drawn]", state="attached")
        return seen

    yield open_page
    for page in opened:
        page.close()


@pytest.mark.parametrize("kind", ["search", "evaluation", "comparison", "seeds"])
def test_is_drawn_without_errors_and_fetches_nothing(visit, paths, kind):
    seen = visit(kind)
    assert seen.messages == []
    assert [url for url in seen.requests if not url.startswith("data:")] == [paths[kind].as_uri()]
    assert seen.page.locator(".chart svg").count() == seen.page.locator(".chart").count() > 0
    assert seen.page.title() != "broken"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("kind", ["search", "evaluation", "comparison", "seeds"])
def test_is_accessible(visit, kind, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the extra browser is not installed")
    page = visit(kind, width=width, scheme=scheme).page
    violations = axe.Axe().run(page).response["violations"]
    assert {each["id"]: [node["html"] for node in each["nodes"]] for each in violations} == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


def test_tables_are_sorted_by_their_headings(visit):
    page = visit("search").page
    table = page.locator("#candidates table")
    button = table.locator("th button", has_text=re.compile("^lr$"))
    column = 1 + button.evaluate("button => button.closest('th').cellIndex")
    for order in ("ascending", "descending"):
        button.press("Enter")
        heading = button.locator("..")
        assert heading.get_attribute("aria-sort") == order
        keys = table.locator(f"tbody tr td:nth-child({column})").evaluate_all("cells => cells.map(c => +c.dataset.key)")
        assert keys == sorted(keys, reverse=order == "descending")
        assert len(set(keys)) == len(SPACE["lr"])


def test_what_is_not_known_stands_last(visit):
    page = visit("search").page
    page.evaluate("document.querySelector('#candidates tbody tr td').dataset.key = ''")
    button = page.locator("#candidates th button").first
    for _ in range(2):
        button.click()
        cells = page.locator("#candidates tbody tr td:first-child")
        keys = cells.evaluate_all("cells => cells.map(cell => cell.dataset.key)")
        assert keys[-1] == "" != keys[-2]


def test_tooltips_appear_and_names_in_them_are_text(visit):
    page = visit("evaluation").page
    cell = page.locator("figure", has_text="Which classes").locator("svg .mark-text.role-mark text").first
    cell.hover()
    tooltip = page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    assert EVIL[:8] in tooltip.inner_text()
    assert tooltip.locator("b").count() == 0


@pytest.mark.parametrize("width", [360, 1440])
def test_points_are_shown_by_keyboard_too(visit, width):
    """And are said, for those who do not see them."""
    page = visit("search", width=width).page
    chart = page.locator(".chart").first
    label = chart.get_attribute("aria-label")
    assert label.startswith("How the search went. Each point is a score")
    assert label.endswith("Arrow keys show its points.")
    chart.focus()
    said = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End"):
        page.keyboard.press(key)
        said.append(page.locator("#said").inner_text())
        assert "candidate" in page.locator("#vg-tooltip-element.visible").inner_text()
    assert said[0] == said[2] != said[1]
    assert said[0].startswith("candidate: ")
    page.keyboard.press("Escape")
    assert page.locator("#vg-tooltip-element.visible").count() == 0
    page.keyboard.press("Home")
    assert page.locator("#said").inner_text() == said[0]
    page.keyboard.press("Tab")
    assert page.locator("#vg-tooltip-element.visible").count() == 0


def test_colours_follow_the_scheme(visit):
    """A chart is one for both: its colours are variables of the page."""
    colours = []
    for scheme in ("light", "dark"):
        page = visit("search", scheme=scheme).page
        label = page.locator(".chart svg .role-axis-label text").first
        colours.append(label.evaluate("text => getComputedStyle(text).fill"))
    assert len(set(colours)) == 2
    page.emulate_media(media="print")
    assert label.evaluate("text => getComputedStyle(text).fill") not in colours[1:]


def test_prints_what_is_folded_away(visit):
    page = visit("search").page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_wide_tables_lose_columns_on_paper_and_say_so(visit):
    page = visit("evaluation").page
    cells = page.locator("#unseen table").last.locator("thead th")
    n = cells.count()
    widen = "row => { for (let k = 0; k < 12; k++) row.append(row.cells[0].cloneNode(true)) }"
    page.locator("#unseen table").last.evaluate(f"table => [...table.rows].forEach({widen})")
    page.emulate_media(media="print")
    visible = cells.evaluate_all("cells => cells.filter(cell => getComputedStyle(cell).display !== 'none').length")
    assert cells.count() == n + 12 > visible == 11
