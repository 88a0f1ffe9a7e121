"""Text for a person: the problem that is worked on, findings, values."""

import shutil
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from sknet_hp.cli.output.wording import reword_finding
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.values import format_params
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    from sknet_hp.evaluation.comparison.result import Comparison
    from sknet_hp.findings import Finding

WIDEST_PARAGRAPH = 100


def make_console(quiet: bool = False) -> Console:
    """Return what text is printed with; nothing comes out of a quiet one."""
    return Console(highlight=False, soft_wrap=True, markup=False, quiet=quiet)


def print_problem(console: Console, problem: Problem, data: str, *notes: str) -> None:
    """Print what is to be learned from which table, and what in it may not be meant.

    Further notes follow those of the table; empty ones are left out.
    """
    n_classes = f" with {len(np.unique(problem.y))} classes" if problem.task == "classification" else ""
    n_features = format_count(problem.X.shape[1], "feature")
    console.print(
        wrap(
            f"{data}: {len(problem.X):,} rows, {n_features}; {problem.task} of {problem.target!r}{n_classes} "
            f"({problem.reason})."
        )
    )
    if problem.groups is not None:
        n_groups = len(np.unique(problem.groups))
        console.print(wrap(f"Rows with the same {problem.group_column!r} ({n_groups:,} groups) are never split."))
    if problem.time_column is not None:
        sentence = (
            f"Rows are sorted by {problem.time_column!r}, which is then no feature; later ones are predicted from "
            f"earlier ones."
        )
        console.print(wrap(sentence))
    for note in filter(None, [*problem.notes, *problem.id_notes, *notes]):
        console.print(wrap(f"Note: {note}."))


def print_findings(console: Console, findings: "Iterable[Finding]") -> None:
    """Print findings, the worst first, each with its advice and its remedy.

    Advice names options in place of Python's parameters. A remedy that changes a search
    is for Python; the advice says it in words.
    """
    for number, finding in enumerate(map(reword_finding, findings)):
        if number == 0:
            console.print("\nFindings:")
        where = f", in {finding.subject}" if finding.subject else ""
        console.print(f"- {finding.severity}: {finding.code}{where}")
        for text in (finding.message, finding.advice):
            if text:
                console.print(wrap(text, indent="  "))
        is_of_search = "refit" in finding.remedy or any(
            isinstance(each, (dict, list)) for each in finding.remedy.values()
        )
        if finding.remedy and not is_of_search:
            console.print(wrap(f"Change: {format_params(finding.remedy)}", indent="  "))


def print_ranking(console: Console, comparison: "Comparison") -> None:
    """Print the mean score of each contestant with its interval, the best first."""
    metric = Metric(comparison.metrics[0])
    width = max(len(each.name) for each in comparison.contestants)
    for _, row in comparison.ranking.iterrows():
        interval = metric.write_interval(row["low"], row["high"]) if row["sd"] else "the same in all splits"
        console.print(f"  {row['name']:<{width}}  {metric.write(row['mean'])}  ({interval})")


def describe_finding(finding: "Finding") -> dict[str, Any]:
    """Return a finding for JSON, with options in place of Python's parameters."""
    finding = reword_finding(finding)
    names = ("code", "severity", "subject", "message", "advice", "evidence", "remedy")
    return {name: getattr(finding, name) for name in names}


def wrap_lines(text: str) -> str:
    """Return text whose long lines of prose fit the terminal, tables as they are."""
    lines = text.splitlines()
    return "\n".join(
        line if len(line) <= find_width() or "  " in line.strip() else wrap(line, line[: -len(line.lstrip())])
        for line in lines
    )


def wrap(text: str, indent: str = "") -> str:
    """Return text in lines that fit the terminal."""
    return textwrap.fill(
        " ".join(text.split()),
        find_width(),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def find_width() -> int:
    """Return the columns of the terminal, as far as they are used."""
    width = min(WIDEST_PARAGRAPH, shutil.get_terminal_size((WIDEST_PARAGRAPH, 24)).columns)
    return max(width, 40)
