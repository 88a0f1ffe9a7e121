"""What a card says of a model's quality, and what checks have found."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.findings.finding import Finding, Findings
from sknet_hp.report.searches import name_score
from sknet_hp.report.words import Metric, capitalise, count
from sknet_hp.sharing.cards.markdown import write_table


def describe_scores(search: Any, evaluation: NestedResult | None) -> str:
    """Return the section on how good the model is.

    Parameters
    ----------
    search : the search that has found the model; None if there was none.
    evaluation : of the way in which the model was made, on rows held out; or None.
    """
    parts = []
    if evaluation is not None:
        parts.append(_describe_evaluation(evaluation))
    if search is not None:
        metric = Metric(name_score(search).replace(" ", "_"))
        own = f"{metric.label} {metric.write(search.best_score_)}"
        expect = "expect somewhat less" if evaluation is None else "the table above is what to expect"
        parts.append(
            f"In the search that chose it: {own}, the best of {count(len(search.cv_results_['params']), 'result')}. "
            f"The model was chosen by this number, so {expect}."
        )
    return "\n\n".join(parts) or (
        "It has not been measured. `sknet_hp.evaluation.nested_cross_validate` tells how good models made in this way "
        "are on new rows."
    )


def _describe_evaluation(evaluation: NestedResult) -> str:
    rows, intervals = [], evaluation.interval()
    for name in evaluation.metrics:
        metric, scores = Metric(name), evaluation.get_scores(name)
        scores = scores[np.isfinite(scores)]
        low, high = intervals[name] if isinstance(intervals, dict) else intervals
        mean = metric.write(scores.mean()) if len(scores) else "unknown"
        interval = metric.write_interval(low, high) if np.isfinite([low, high]).all() else "unknown"
        rows.append((metric.label, mean, interval, metric.hint))
    table = write_table(("metric", "on new rows", "95 % interval", ""), rows)
    nested = "" if evaluation.inner_metric is None else ", each of them searched anew"
    how = (
        f"Measured by {'cross-validation' if not nested else 'nested cross-validation'}: "
        f"{count(evaluation.statuses.count('done'), 'model')} made in the same way{nested}, scored on rows that they "
        f"had not seen."
    )
    return f"{table}\n\n{how}"


def collect_findings(*sources: Any) -> Findings:
    """Return the findings of a search and of evaluations, each once."""
    found: dict[tuple[str, str], Finding] = {}
    for source in sources:
        for finding in getattr(source, "findings", None) or getattr(source, "findings_", None) or ():
            found.setdefault((finding.code, finding.message), finding)
    return Findings(found.values())


def describe_findings(findings: Sequence[Finding], checked: bool) -> str:
    """Return the section on findings; `checked` is whether any checks were made."""
    if not checked:
        return "No checks were made."
    if not findings:
        return "The checks of the data, of scores and of learning curves found nothing."
    lines = []
    for finding in findings:
        where = f" ({finding.subject})" if finding.subject else ""
        lines.append(
            f"- **{finding.severity}**, `{finding.code}`{where}: {capitalise(finding.message)} {finding.advice}"
        )
    return "\n".join(line.strip() for line in lines)
