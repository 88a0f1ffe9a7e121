"""Checks of a nested cross-validation: of its data, metrics, folds and scores."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from sklearn.base import is_classifier

from sknet_hp.evaluation.checks import EVALUATION_CHECKS
from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.evaluation.nested.agreement import complete_params
from sknet_hp.evaluation.running.data import Data
from sknet_hp.findings.check import check, read_switch, register, run_checks
from sknet_hp.findings.data import DATA_CHECKS, find_in_data
from sknet_hp.findings.finding import Finding, Findings
from sknet_hp.findings.metrics import METRIC_CHECKS, MetricCase
from sknet_hp.formatting.errors import summarise_traceback
from sknet_hp.search.checks import SEARCH_CHECKS

NestedResult: TypeAlias = Any
"""The result, whose file knows nothing of checks."""


@check("failed_folds", "Outer folds whose fit raised an error")
def find_failed_folds(result: NestedResult) -> Iterable[Finding]:
    """Find outer folds whose fit has failed."""
    failed = [k for k, status in enumerate(result.statuses) if status == "failed"]
    if failed:
        reason = summarise_traceback(result.errors[failed[0]])
        yield Finding(
            "failed_folds",
            "error",
            f"{len(failed)} of {len(result.splits)} outer folds failed, the first one with {reason!r}; the scores are "
            f"from the other folds.",
            {"n_failed": len(failed), "n_folds": len(result.splits), "first": failed[0], "error": reason},
            "`errors` has the tracebacks. Fix the cause: the folds that could be fitted are not a fair sample.",
        )


@check("unfinished_folds", "An evaluation that ended before its last outer fold")
def find_unfinished_folds(result: NestedResult) -> Iterable[Finding]:
    """Find outer folds that are not finished, and searches that were cut short."""
    n_missing = result.statuses.count("not finished")
    n_short = sum(1 for stopped in result.stopped_searches if stopped in ("time_budget", "interrupted"))
    if n_missing:
        yield Finding(
            "unfinished_folds",
            "warning",
            f"{n_missing} of {len(result.splits)} outer folds were not finished; the scores are from the other folds.",
            {"n_missing": n_missing, "n_folds": len(result.splits)},
            "Give more time, fewer folds or a smaller search; with journal= the same call goes on where it stopped.",
        )
    if n_short:
        yield Finding(
            "unfinished_folds",
            "info",
            f"{n_short} of {len(result.splits)} searches ran out of time before they had tried all that was planned.",
            {"n_cut_short": n_short, "n_folds": len(result.splits)},
            "The score is that of a search of this length. Give more time if the final search will have more.",
        )


NESTED_CHECKS = register(find_failed_folds, find_unfinished_folds)
"""What can go wrong in a nested cross-validation, by code."""


def read_checks(checks: bool | Collection[str]) -> set[str]:
    """Return the codes that are not looked for."""
    registries = DATA_CHECKS | METRIC_CHECKS | EVALUATION_CHECKS | NESTED_CHECKS | SEARCH_CHECKS
    return read_switch(checks, registries, "checks")


def find_beforehand(search: Any, data: Data, splits: Any, scorers: Mapping[str, Any], skip: set[str]) -> Findings:
    """Return what is found in the data, the splits and the metrics."""
    pairs = [(split.train, split.test) for split in splits if split.repeat == 0]
    found = find_in_data(data.X, data.y, splits=pairs, groups=data.groups, estimator=search, skip=skip)
    return Findings([*found, *run_checks(METRIC_CHECKS, MetricCase(data.y, scorers, search), skip)])


def find_afterwards(
    result: NestedResult, search: Any, data: Data, scorers: Mapping[str, Any], skip: set[str]
) -> Findings:
    """Return what is found in the outcome."""
    found = Findings([*run_checks(NESTED_CHECKS, result, skip), *merge_findings(result, skip)])
    if data.y is None or not len(result.get_scores()) or set(EVALUATION_CHECKS) <= skip:
        return found
    metric = result.inner_metric if result.inner_metric in result.metrics else result.metrics[0]
    has_inner = result.inner_metric in result.metrics and not np.isnan(result.inner_scores).all()
    probabilities, classes = average_probabilities(result, data.n_rows)
    if classes is None and is_classifier(search) and np.ndim(data.y) == 1:
        classes = np.unique(np.asarray(data.y))
    case = EvaluationCase(
        np.asarray(data.y),
        [(split.train, split.test) for split in result.splits],
        {name: result.get_scores(name) for name in result.metrics},
        metric,
        inner_scores=result.inner_scores if has_inner else None,
        params=complete_params(result.done_params, result.own_params) if any(result.params) else None,
        probabilities=probabilities,
        classes=classes,
        scorers=scorers,
    )
    return Findings([*found, *run_checks(EVALUATION_CHECKS, case, skip)])


def merge_findings(result: NestedResult, skip: set[str]) -> Findings:
    """Return what most searches have found in themselves, each code once.

    What holds for all of them comes first; the numbers are those of the first search
    that has found it, and are said to be.
    """
    known = [(split, each) for split, each in zip(result.splits, result.outcomes, strict=True) if each is not None]
    by_code: dict[str, list[tuple[str, Finding]]] = {}
    for split, each in known:
        for code, finding in {finding.code: finding for finding in reversed(each.findings)}.items():
            by_code.setdefault(code, []).append((split.name, finding))
    return Findings(
        _name_common(found, len(known))
        for code, found in by_code.items()
        if code not in skip and len(known) > 1 and len(found) > len(known) / 2
    )


def _name_common(found: list[tuple[str, Finding]], n_searches: int) -> Finding:
    """Return one finding for what several searches have found."""
    place, first = found[0]
    title = SEARCH_CHECKS[first.code].title
    return replace(
        first,
        message=f"{title[0].upper()}{title[1:]}. In {place}: {first.message}",
        subject=f"{len(found)} of {n_searches} outer searches",
    )


def average_probabilities(result: NestedResult, n_rows: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return mean out-of-fold probabilities (rows, classes), and the classes.

    Rows that were in no test rows have NaN; None stands for an estimator without
    probabilities.
    """
    known = [
        (split.test, each)
        for split, each in zip(result.splits, result.outcomes, strict=True)
        if each is not None and each.probabilities is not None
    ]
    if not known:
        return None, None
    classes = np.unique(np.concatenate([each.classes for _, each in known]))
    total, count = np.zeros((n_rows, len(classes))), np.zeros(n_rows)
    for test, each in known:
        total[np.ix_(test, np.searchsorted(classes, each.classes))] += each.probabilities
        count[test] += 1
    with np.errstate(invalid="ignore"):
        return total / count[:, None], classes
