"""A chart with its title and its caption."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Picture:
    """A chart with what it shows in words.

    Attributes
    ----------
    title : what it shows.
    spec : of Vega-Lite.
    caption : how to read it.
    narrow : whether it is better not as wide as the page.
    least_width : in pixels; on narrower pages it can be scrolled sideways.
    """

    title: str
    spec: Mapping[str, Any]
    caption: str = ""
    narrow: bool = False
    least_width: int = 0
    kind: str = "picture"


@dataclass(frozen=True)
class Pictures:
    """Small charts beside each other."""

    title: str
    pictures: Sequence[Picture]
    caption: str = ""
    kind: str = "pictures"
