"""The networks inside a pipeline, a search or an evaluation."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.findings import Finding
from sknet_hp.findings.finding import SEVERITIES
from sknet_hp.fusion.detection import has_network


class Subject(NamedTuple):
    """A network to look at, or the pipeline that ends with it, and what it is in."""

    estimator: Any
    name: str = ""


def list_subjects(fitted: Any) -> tuple[list[Subject], list[Finding]]:
    """Return the networks in something fitted, and what was found in it before.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If there is no network in it.
    """
    beside = getattr(fitted, "findings_", None) or getattr(fitted, "findings", None) or []
    return list(_walk(fitted, "")), list(beside)


def _walk(fitted: Any, name: str) -> Iterable[Subject]:
    _, last = find_last_step(fitted)
    if isinstance(last, BaseNet):
        check_is_fitted(last, "parameters_")
        yield Subject(fitted, name)
    elif hasattr(fitted, "best_estimator_"):
        yield from _walk(fitted.best_estimator_, name)
    elif hasattr(fitted, "outer_scores"):  # an evaluation
        yield from _walk_folds(fitted)
    elif _is_ensemble(fitted):
        for number, member in enumerate(fitted.estimators_, 1):
            yield from _walk(member, f"{name}, member {number}" if name else f"member {number}")
    else:
        raise _make_error(fitted)


def _is_ensemble(fitted: Any) -> bool:
    """Return whether it averages networks, as searches that refit an ensemble do."""
    members = getattr(fitted, "estimators_", None)
    return isinstance(members, list) and all(isinstance(find_last_step(each)[1], BaseNet) for each in members)


def _walk_folds(evaluation: Any) -> Iterable[Subject]:
    fitted = [
        (split.name, each)
        for split, each in zip(evaluation.splits, evaluation.estimators or [], strict=False)
        if each is not None
    ]
    if not fitted:
        raise ValueError(
            f"{type(evaluation).__name__} has no fitted estimators to look at; keep those of the outer folds, or "
            "diagnose a network that was fitted to the whole table"
        )
    for name, each in fitted:
        yield from _walk(each, name)


def _make_error(fitted: Any) -> Exception:
    kind = type(fitted).__name__
    if isinstance(fitted, BaseEstimator) and has_network(fitted):
        if hasattr(fitted, "cv_results_"):
            return ValueError(
                f"this {kind} has no best_estimator_ (refit=False, or it was interrupted); fit a network with its "
                f"best_params_ and diagnose that"
            )
        if not _is_fitted(fitted):
            return NotFittedError(f"this {kind} is not fitted yet; call fit before diagnose")
    return TypeError(
        f"diagnose reads fitted NetClassifiers and NetRegressors, pipelines that end with one, and searches and "
        f"evaluations of those; got {kind}, which has no learning curve that it knows; "
        f"if it holds a fitted network, give that"
    )


def _is_fitted(estimator: Any) -> bool:
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def merge_findings(found: Iterable[Iterable[Finding]]) -> list[Finding]:
    """Return findings of several networks, each code once, with all it was found in."""
    by_code: dict[str, list[Finding]] = {}
    for findings in found:
        for finding in findings:
            by_code.setdefault(finding.code, []).append(finding)
    return [_merge(findings) for findings in by_code.values()]


def _merge(findings: list[Finding]) -> Finding:
    subjects = list(dict.fromkeys(finding.subject for finding in findings if finding.subject))
    worst = min(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    return replace(worst, subject="; ".join(subjects))
