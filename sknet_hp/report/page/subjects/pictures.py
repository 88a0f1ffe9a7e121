"""The charts of each kind of page, in the sections where they belong."""

from typing import Any

from sknet_hp.report.page.content import Block, Section


def draw_search(search: Any) -> list[Section]:
    """Return the sections of charts of a search."""
    return []


def draw_evaluation(result: Any) -> list[Block]:
    """Return the charts of scores and predictions of an evaluation."""
    return []


def draw_evaluation_curves(result: Any) -> list[Section]:
    """Return the section of learning curves of an evaluation."""
    return []


def draw_comparison(result: Any) -> list[Block]:
    """Return the charts of a comparison."""
    return []
