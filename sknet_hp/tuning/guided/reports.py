"""What the stages of a guided search have tried, found and decided."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

from sknet_hp.formatting.words import capitalise, list_some
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 88

_SHOWN = 6
"""So many of what was tried are named in sentences; the table has all."""


@dataclass
class StageReport:
    """One stage: what was tried, found and decided.

    Attributes
    ----------
    stage : its name.
    tried : what was tried, in words, one entry for each candidate.
    found, decided : in sentences.
    score : mean score of the setting that the search goes on with, after the stage. NaN
        of the prototype, which is scored on rows of one split, and of the last stage.
    seconds : that the stage took.
    diagnosis : codes of what was found in the learning curves of that setting.
    """

    stage: str
    tried: list[str] = field(default_factory=list)
    found: str = ""
    decided: str = ""
    score: float = float("nan")
    seconds: float = float("nan")
    diagnosis: list[str] = field(default_factory=list)


class Stages(list[StageReport]):
    """The stages of a guided search, in order.

    Parameters
    ----------
    reports : iterable of StageReport
    metric : Metric, default=None
        Of their scores, by which errors are written without their minus sign.
    """

    def __init__(self, reports: Iterable[StageReport] = (), metric: Metric | None = None):
        super().__init__(reports)
        self.metric = metric or Metric("score")

    @property
    def table(self) -> "pd.DataFrame":
        """One row for each stage."""
        import pandas as pd

        columns = list(asdict(StageReport("")))
        rows = [asdict(report) | {"tried": "; ".join(report.tried)} for report in self]
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return the stages in sentences."""
        return "\n\n".join(write_report(report, number) for number, report in enumerate(self, 1))

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"Stages({', '.join(report.stage for report in self)})"

    def _repr_html_(self) -> str:
        names = ("stage", "tried", "found", "decided", self.metric.label, "seconds")
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        rows = "".join(
            f"<tr><td>{escape(report.stage)}</td><td>{escape('; '.join(report.tried))}</td>"
            f"<td>{escape(report.found)}</td><td>{escape(report.decided)}</td>"
            f"<td>{self.metric.write(report.score)}</td><td>{report.seconds:.1f}</td></tr>"
            for report in self
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def write_report(report: StageReport, number: int) -> str:
    """Return a report in sentences, with the number of its stage."""
    parts = ("Tried", _list_tried(report)), ("Found", _write_found(report)), ("Decided", report.decided.strip())
    return "\n".join(
        [f"{number}. {capitalise(report.stage)}", *(_fill(f"{name}: {text}") for name, text in parts if text)]
    )


def _fill(text: str) -> str:
    return fill(text, _WIDTH, initial_indent="   ", subsequent_indent="     ", break_on_hyphens=False)


def _list_tried(report: StageReport) -> str:
    return f"{list_some(report.tried, _SHOWN, separator='; ')}." if report.tried else ""


def _write_found(report: StageReport) -> str:
    seen = f"The learning curves show: {', '.join(report.diagnosis)}." if report.diagnosis else ""
    return " ".join(part for part in (report.found.strip(), seen) if part)
