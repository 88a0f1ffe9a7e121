"""What a card says of a model's quality, and what checks have found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.findings.finding import Finding, Findings
from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.frames.calibration import make_calibration_frame, measure_gap
from sknet_hp.report.predictions import read_evaluation as read_predictions
from sknet_hp.search.views.facts import list_rows_by_candidate
from sknet_hp.search.views.metric import Metric, find_metric
from sknet_hp.sharing.cards.markdown import escape_text, write_table


class Score(NamedTuple):
    """The mean score of a metric on new rows, with its 95 % interval."""

    metric: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """What is known of models made in the same way, each scored on new rows.

    Attributes
    ----------
    scores : one for each metric.
    n_models : how many were scored.
    searched : whether a search made each of them.
    findings : what checks have found.
    beside : the scores of other models on the same rows, by name.
    gap : the expected calibration error; None if that is unknown.
    chosen : the names of the parameters that the search has chosen.
    """

    scores: Sequence[Score]
    n_models: int
    searched: bool
    findings: Sequence[Finding] = ()
    beside: Sequence[tuple[str, Score]] = ()
    gap: float | None = None
    chosen: Sequence[str] = ()


def read_evaluation(evaluation: Any) -> Measured:
    """Return what an evaluation has measured.

    Raises
    ------
    TypeError
        If it is none.
    """
    if not isinstance(evaluation, NestedResult):
        raise TypeError(
            f"evaluation must be what sknet_hp.evaluation.nested_cross_validate returns, got "
            f"{type(evaluation).__name__}"
        )
    scores = []
    for metric in evaluation.metrics:
        own = evaluation.get_scores(metric)
        own = own[np.isfinite(own)]
        scores.append(Score(metric, float(own.mean()) if len(own) else np.nan, *evaluation.interval(metric=metric)))
    n_models, searched = evaluation.statuses.count("done"), evaluation.inner_metric is not None
    return Measured(scores, n_models, searched, evaluation.findings, gap=measure_calibration(evaluation))


def measure_calibration(evaluation: NestedResult) -> float | None:
    """Return the expected calibration error of the held-out rows, if it is known."""
    try:
        return measure_gap(make_calibration_frame(read_predictions(evaluation))[0])
    except ValueError:  # no probabilities, several outputs, or nothing kept
        return None


def describe_scores(search: Any, measured: Measured | None) -> str:
    """Return the section on how good the model is.

    Parameters
    ----------
    search : the search that has found the model; None if there was none.
    measured : on rows held out, or None.
    """
    parts = []
    if measured is not None:
        parts.append(_describe_measured(measured))
    if search is not None:
        parts.append(_describe_search(search, measured is not None))
    return "\n\n".join(parts) or (
        "Not measured. `sknet_hp.evaluation.nested_cross_validate` measures how good models made in this way "
        "are on new "
        "rows."
    )


def _describe_search(search: Any, is_measured: bool) -> str:
    """Return what the search reported, and that it is too good."""
    among = format_count(len(list_rows_by_candidate(search)), "candidate")
    if not hasattr(search, "best_score_"):  # where `refit` is a function, which need not go by a score
        return f"It was chosen from {among} by a rule of the search's own (`refit`)."
    metric = find_metric(search)
    expect = "expect the score in the table above" if is_measured else "expect a worse score"
    return (
        f"The search that chose it reported {metric.label} {metric.write(search.best_score_)}, the best of {among}. "
        f"The model was chosen by this number, so on new rows {expect}."
    )


def _describe_measured(measured: Measured) -> str:
    rows = []
    for score in measured.scores:
        metric = Metric(score.metric)
        rows.append((metric.label, *_write_score(score), metric.hint))
    table = write_table(("metric", "on new rows", "95 % interval", ""), rows)
    way = "nested cross-validation" if measured.searched else "cross-validation"
    each = ", each by a search of its own" if measured.searched else ""
    return (
        f"{table}\n\nMeasured by {way}: {format_count(measured.n_models, 'model')} made in the same way{each}, scored "
        f"on rows that they had not seen. The interval is for the mean score of such models."
        f"{_describe_beside(measured)}"
    )


def _write_score(score: Score) -> tuple[str, str]:
    """Return a score and its interval."""
    metric = Metric(score.metric)
    known = np.isfinite([score.low, score.high]).all()
    return metric.write(score.mean), metric.write_interval(score.low, score.high) if known else "unknown"


def _describe_beside(measured: Measured) -> str:
    """Return what other models reach on the same rows, or nothing."""
    if not measured.beside:
        return ""
    rows = [(name, Metric(score.metric).label, *_write_score(score)) for name, score in measured.beside]
    table = write_table(("for comparison", "metric", "on the same rows", "95 % interval"), rows)
    return f"\n\n{table}"


def collect_findings(*sources: Any) -> Findings:
    """Return the findings of what was measured and of a search, each once.

    Of a code that several sources have found, in other rows, the first source counts.
    """
    found: dict[tuple[str, str], Finding] = {}
    for source in sources:
        before = {code for code, _ in found}
        for finding in getattr(source, "findings", None) or getattr(source, "findings_", None) or ():
            if finding.code not in before:
                found.setdefault((finding.code, finding.message), finding)
    return Findings(found.values())


def describe_findings(findings: Sequence[Finding], measured: Measured | None, search: Any) -> str:
    """Return the section on findings; there may be none, for want of checks."""
    switch = getattr(search, "checks", False) if hasattr(search, "findings_") else False
    if measured is None and switch is False:
        return "No checks were made."
    if not findings:
        which = "of the data, of scores and of learning curves" if switch is True else "that were made"
        return f"The checks {which} found nothing."
    lines = []
    for finding in findings:
        where = f" ({finding.subject})" if finding.subject else ""
        said = escape_text(f"{where}: {capitalise(finding.message)} {finding.advice}")
        lines.append(f"- **{finding.severity}**, `{finding.code}`{said}")
    return "\n".join(line.strip() for line in lines)
