"""A nested cross-validation in sentences."""

from html import escape
from typing import Any, TypeAlias

import numpy as np

from sknet_hp.evaluation.levels.outer import is_ordered
from sknet_hp.search.views.numbers import format_score

_SAME = 5e-5
"""What is less is none, in numbers of four digits."""

NEGATIVE = "neg_"
"""How scikit-learn's names of errors begin, whose scores are their negatives."""

NestedResult: TypeAlias = Any
"""The result, whose file imports this one."""


def write_summary(result: NestedResult) -> str:
    """Return in sentences what came out, and what checks have found."""
    lines = [write_outcome(result)]
    if result.findings:
        lines += ["", "Findings:", *(f"  {finding}" for finding in result.findings)]
    return "\n".join(lines)


def write_outcome(result: NestedResult) -> str:
    """Return in sentences what came out."""
    kind = "Cross-validation" if result.inner_metric is None else "Nested cross-validation"
    lines = [f"{kind} of {result.description}: {_count_folds(result)}.", ""]
    lines += _write_scores(result)
    lines += _write_optimism(result)
    if result.agreement:
        lines += ["", "What the searches in the outer folds chose:", *(f"  {each}" for each in result.agreement)]
    missing = [name for name in ("failed", "not finished") if name in result.statuses]
    lines += [
        f"{result.statuses.count(name)} of {len(result.splits)} outer folds {_say(name, result)}" for name in missing
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
    for metric in result.metrics:
        scores = result.get_scores(metric)
        scores = scores[np.isfinite(scores)]
        if not len(scores):
            lines.append(f"{metric}: no score")
            continue
        sign = -1 if is_error(metric) else 1
        text = f"{metric.removeprefix(NEGATIVE)}: {format_score(sign * scores.mean())}"
        if len(scores) > 1:
            low, high = sorted(sign * end for end in result.interval(metric=metric))
            text += (
                f", 95 % interval {format_score(low)} to {format_score(high)} (sd {format_score(scores.std(ddof=1))}"
            )
            text += f" over {len(scores)} scores)"
        lines.append(text)
    errors = [metric.removeprefix(NEGATIVE) for metric in result.metrics if is_error(metric)]
    if errors:
        lines.append(f"({', '.join(errors)}: lower is better; scores have it with a minus sign)")
    if n_scores > 1 and any(np.isfinite(result.get_scores(metric)).sum() > 1 for metric in result.metrics):
        lines.append("The interval is for the mean score on new rows of models trained in this way (corrected t).")
        if not any(split.repeat for split in result.splits) and not is_ordered(result.splits):
            lines.append("With one repeat it is wider than necessary; n_repeats=5 makes it narrower.")
    return lines


def _write_optimism(result: NestedResult) -> list[str]:
    if np.isnan(result.inner_scores).all():
        return []
    metric = str(result.inner_metric)
    sign = -1 if is_error(metric) else 1
    inner = format_score(sign * float(np.nanmean(result.inner_scores)))
    optimism = result.optimism
    text = f"The searches themselves report {inner} ({metric.removeprefix(NEGATIVE)})"
    if np.isnan(optimism):
        return ["", f"{text}."]
    if abs(optimism) < _SAME:
        return ["", f"{text}, the same as on unseen rows."]
    difference = f"{format_score(abs(optimism))} {'more' if sign * optimism > 0 else 'less'} than on unseen rows"
    return ["", f"{text}, {difference}{'.' if optimism > 0 else ': no sign of optimism.'}"]


def is_error(metric: str) -> bool:
    """Return whether scores of a metric are errors with a minus sign."""
    return metric.startswith(NEGATIVE)


def _say(status: str, result: NestedResult) -> str:
    if status == "failed":
        return "failed; `errors` has the tracebacks."
    reason = {"time_budget": "the time was used up", "interrupted": "it was interrupted"}.get(result.stopped_ or "", "")
    return f"were not finished{f' ({reason})' if reason else ''}; the numbers above are from the others."
