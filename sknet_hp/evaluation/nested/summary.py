"""A nested cross-validation in sentences."""

from html import escape
from typing import Any, TypeAlias

import numpy as np

from sknet_hp.evaluation.levels.outer import lacks_repeats
from sknet_hp.formatting.numbers import format_score
from sknet_hp.formatting.words import wrap_line
from sknet_hp.search.views.metric import SAME, Metric

NestedResult: TypeAlias = Any
"""The result, whose file imports this one."""


def write_summary(result: NestedResult) -> str:
    """Return in sentences what came out, and what checks have found."""
    lines = [write_outcome(result)]
    if result.findings:
        lines += ["", "Findings:"]
        lines += [wrap_line(f"- {each}") for each in result.findings]
    return "\n".join(lines)


def write_outcome(result: NestedResult) -> str:
    """Return in sentences what came out."""
    kind = "Cross-validation" if result.inner_metric is None else "Nested cross-validation"
    lines = [wrap_line(f"{kind} of {result.description}: {_count_folds(result)}."), ""]
    lines += _write_scores(result)
    lines += map(wrap_line, _write_optimism(result))
    if result.agreement:
        lines += [
            "",
            "What the searches in the outer folds chose:",
            *(wrap_line(f"  {each}") for each in result.agreement),
        ]
    missing = [name for name in ("failed", "not finished") if name in result.statuses]
    lines += [
        wrap_line(f"{result.statuses.count(name)} of {len(result.splits)} outer folds {_say(name, result)}")
        for name in missing
    ]
    return "\n".join(lines)


def write_html(result: NestedResult) -> str:
    """Return the result for a notebook: sentences, findings, a row for each fold."""
    head, *rest = write_outcome(result).split("\n")
    findings = result.findings._repr_html_() if result.findings else ""
    return (
        f"<p><b>{escape(head)}</b></p><pre>{escape(chr(10).join(rest).strip())}</pre>{findings}"
        f"{result.table.to_html(index=False, float_format=format_score)}"
    )


def _count_folds(result: NestedResult) -> str:
    n_repeats = 1 + max(split.repeat for split in result.splits)
    n_folds = len(result.splits) // n_repeats
    repeats = f", {n_repeats} times" if n_repeats > 1 else ""
    return f"{n_folds} outer fold{'s' if n_folds > 1 else ''}{repeats}"


def _write_scores(result: NestedResult) -> list[str]:
    lines = []
    n_scores = result.statuses.count("done")
    for metric in map(Metric, result.metrics):
        scores = result.get_scores(metric.name)
        scores = scores[np.isfinite(scores)]
        if not len(scores):
            lines.append(f"{metric.label}: no score")
            continue
        text = f"{metric.label}: {metric.write(scores.mean())}"
        if len(scores) > 1:
            text += (
                f", 95 % interval {metric.write_interval(*result.interval(metric=metric.name))} (sd "
                f"{format_score(scores.std(ddof=1))} over {len(scores)} scores)"
            )
        lines.append(text)
    errors = [metric.label for metric in map(Metric, result.metrics) if metric.is_error]
    if errors:
        lines.append(f"({', '.join(errors)}: lower is better; scores have it with a minus sign)")
    if n_scores > 1 and any(np.isfinite(result.get_scores(metric)).sum() > 1 for metric in result.metrics):
        lines.append("The interval is for the mean score on new rows of models trained this way (corrected t).")
        if lacks_repeats(result.splits, result.settings.get("cv")):
            lines.append("With one repeat it is wider than necessary; n_repeats=5 makes it narrower.")
    return lines


def _write_optimism(result: NestedResult) -> list[str]:
    if np.isnan(result.inner_scores).all():
        return []
    metric, optimism = Metric(str(result.inner_metric)), result.optimism
    inner = metric.write(float(np.nanmean(result.inner_scores)))
    text = f"The searches themselves report {inner} ({metric.label}) on the folds inside their training rows"
    if np.isnan(optimism):
        return ["", f"{text}."]
    gain = metric.write_gain(optimism)
    if gain == SAME:
        return ["", f"{text}, the same as on unseen rows."]
    return ["", f"{text}, {gain} than on unseen rows{'.' if optimism > 0 else ': no sign of optimism.'}"]


def _say(status: str, result: NestedResult) -> str:
    if status == "failed":
        return "failed; `errors` has the tracebacks."
    reason = {"time_budget": "the time was used up", "interrupted": "it was interrupted"}.get(result.stopped_ or "", "")
    rest = "; the numbers above are from the others" if "done" in result.statuses else ""
    return f"were not finished{f' ({reason})' if reason else ''}{rest}."
