"""A page as one HTML file: templates, style, scripts and charts in it."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from sknet_hp.formatting.values import format_value
from sknet_hp.report.charts.picture import Picture, Pictures
from sknet_hp.report.page.content import Page
from sknet_hp.system.extras import require_extra

_CODE = re.compile(r"`([^`]+)`")
_BREAKS = re.compile(r"(_+)(?=[^_])")
_UNIT = re.compile(r"(`[^`]+`)|(?<=\d) (%|(?:s|min|h)\b)")
GENERATOR = "sknet_hp report"
"""By which a page of ours is known."""


def render_page(page: Page, version: str) -> str:
    """Return a page as HTML that needs no other file and no network.

    Parameters
    ----------
    page : what it says.
    version : of this package.

    Raises
    ------
    ImportError
        If the packages of the extra `report` are missing.
    """
    with require_extra("report", "a report", "jinja2"):
        from jinja2 import Environment, PackageLoader, StrictUndefined
    environment = Environment(
        loader=PackageLoader("sknet_hp.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "inline": mark_code,
        "breakable": allow_breaks,
        "as_json": write_json,
        "value": format_value,
    }
    has_charts = any(True for _ in _iterate_pictures(page))
    text: str = environment.get_template("page.html").render(
        page=page,
        generator=f"{GENERATOR} {version}",
        version=version,
        written=datetime.now().astimezone().strftime("%-d %B %Y, %H:%M"),
        library=load_library() if has_charts else "",
    )
    return text


def _iterate_pictures(page: Page) -> Iterator[Picture]:
    parts: list[Any] = [*page.answers, *page.sections]
    for block in (block for part in parts for block in part.blocks):
        if isinstance(block, Picture):
            yield block
        elif isinstance(block, Pictures):
            yield from block.pictures


def allow_breaks(name: str) -> str:
    """Return a name as HTML that may be broken behind its underscores."""
    return _BREAKS.sub(r"\1<wbr>", escape(name))


def mark_code(text: str) -> str:
    """Return text as HTML, with what stands in backticks as code.

    A number stays in one line with its percent sign, or its unit of time.
    """
    return _CODE.sub(r"<code>\1</code>", escape(_UNIT.sub(lambda found: found[1] or f"\u00a0{found[2]}", text)))


def write_json(value: Any) -> str:
    """Return JSON that can stand in a script element, whatever names are in it.

    Signs that could end the element, or begin a comment, are written by their numbers;
    so are the two that end lines in JavaScript.
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@lru_cache(maxsize=1)
def load_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that can stand in a page.

    It takes a second to put together, and is kept for pages that are written again.

    Raises
    ------
    ImportError
        If vl-convert is missing.
    """
    with require_extra("report", "a report", "vl-convert"):
        import vl_convert
    return re.sub(
        r"</(script)", r"<\\/\1", vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), flags=re.IGNORECASE
    )
