"""A fitted search in a notebook: scikit-learn's diagram, and a summary under it."""

from html import escape
from typing import Any

from sklearn.utils import estimator_html_repr

from sknet_hp.findings.finding import Finding
from sknet_hp.search.views.summary import write_choice, write_extent, write_score, write_steps

_STYLE = "margin:0.5em 1em;max-width:60em;font-family:sans-serif;font-size:0.9em"


def make_html(search: Any) -> str:
    """Return scikit-learn's diagram, and under it what a fitted search has found."""
    diagram: str = estimator_html_repr(search)
    return diagram + make_summary_html(search) if hasattr(search, "cv_results_") else diagram


def make_summary_html(search: Any) -> str:
    """Return what a search has found, in a part that can be folded up."""
    [head, *rest] = write_score(search)
    choice, steps = write_choice(search), write_steps(search)
    findings = getattr(search, "findings_", None)
    parts = [_paragraph(" ".join([*write_extent(search), *rest]))]
    parts += [f"<pre>{escape(chr(10).join(choice))}</pre>"] if choice else []
    parts += [_paragraph(" ".join(steps))] if steps else []
    parts += [f"<ul>{''.join(map(_write_finding, findings))}</ul>"] if findings else []
    return f'<details open style="{_STYLE}"><summary><b>{escape(head)}</b></summary>{"".join(parts)}</details>'


def _write_finding(finding: Finding) -> str:
    text = " ".join(part for part in (finding.message, finding.advice) if part)
    return f"<li><b>{escape(f'{finding.severity}: {finding.code}')}</b> {escape(text)}</li>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"
