"""The sentences of a page in other words, such as those of the command line."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from sknet_hp.findings.finding import Finding
from sknet_hp.report.page.content import Answer, FindingList, Page, Points, Section, Text

_HELD = (Page, Answer, Section, Text, Points, FindingList)
_SENTENCES = ("message", "advice")
"""Of findings; their evidence and remedies stay."""


def reword(part: Any, wording: Callable[[str], str]) -> Any:
    """Return a part of a page with its sentences reworded.

    Code, tables and pictures stay as they are.

    Parameters
    ----------
    part : a page, or what it holds.
    wording : from a text to the one in its place.
    """
    if isinstance(part, str):
        return wording(part)
    if isinstance(part, (list, tuple)):
        return type(part)(reword(each, wording) for each in part)
    if isinstance(part, Finding):
        sentences: dict[str, Any] = {name: wording(getattr(part, name)) for name in _SENTENCES}
        return replace(part, **sentences)
    if isinstance(part, _HELD):
        names = [field.name for field in fields(part) if field.name not in ("kind", "anchor")]
        return replace(part, **{name: reword(getattr(part, name), wording) for name in names})
    return part
