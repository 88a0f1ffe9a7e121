"""What a page is made of: answers first, then sections of blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sknet_hp.findings.finding import Finding
from sknet_hp.report.charts.picture import Picture, Pictures


@dataclass(frozen=True)
class Text:
    """A paragraph; what stands in backticks is code."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class Points:
    """A list of short texts."""

    entries: Sequence[str]
    kind: str = "points"


@dataclass(frozen=True)
class Code:
    """Python code, with a sentence before it."""

    code: str
    lead: str = ""
    kind: str = "code"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : as it is read.
    key : what it is sorted by; None sorts last.
    number : whether it is set to the right, as numbers are.
    """

    text: str
    key: float | str | None
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table that can be sorted by each of its columns.

    Attributes
    ----------
    caption : what it shows.
    columns : their names.
    rows : of cells.
    marked : numbers of the rows that stand out.
    note : what was left out.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    marked: frozenset[int] = frozenset()
    note: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class FindingList:
    """Findings, the worst first, with what they stand on."""

    findings: Sequence[Finding]
    kind: str = "findings"


@dataclass(frozen=True)
class Steps:
    """The stages of a search as a story."""

    steps: Sequence[Mapping[str, Any]]
    kind: str = "steps"


@dataclass(frozen=True)
class Pairs:
    """Names with values, such as versions."""

    entries: Sequence[tuple[str, str]]
    kind: str = "pairs"


Block: TypeAlias = Text | Heading | Points | Code | Table | Picture | Pictures | FindingList | Steps | Pairs


@dataclass(frozen=True)
class Score:
    """The number that the page is about.

    Attributes
    ----------
    value : as it is read.
    name : of the metric, in words.
    detail : how sure it is.
    """

    value: str
    name: str
    detail: str


@dataclass(frozen=True)
class Answer:
    """A question that a reader comes with, and its answer."""

    question: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Section:
    """A part of the evidence."""

    title: str
    blocks: Sequence[Block]
    anchor: str


@dataclass(frozen=True)
class Page:
    """All that a page says.

    Attributes
    ----------
    title, subtitle : what it is about.
    notice : what a reader must know first, such as that a search still runs.
    score : the number that it is about; None where there is none.
    answers : to what readers ask first.
    sections : the evidence, and how to get it again.
    """

    title: str
    subtitle: str
    score: Score | None
    answers: Sequence[Answer]
    sections: Sequence[Section]
    notice: str = ""
