"""Which page is for what."""

from collections.abc import Callable
from typing import Any

from sklearn.exceptions import NotFittedError

from sknet_hp.evaluation.comparison.result import Comparison
from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.evaluation.record import EvaluationRecord
from sknet_hp.evaluation.seeds.result import SeedsResult
from sknet_hp.report.page.content import Page
from sknet_hp.report.page.subjects.comparison import describe_comparison
from sknet_hp.report.page.subjects.evaluation import describe_evaluation
from sknet_hp.report.page.subjects.evaluation_record import describe_evaluation_record
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.subjects.search import describe_beginning, describe_search
from sknet_hp.report.page.subjects.seeds import describe_seeds
from sknet_hp.search.record.record import SearchRecord

SUBJECTS: dict[type, Callable[[Any, Extras], Page]] = {
    NestedResult: describe_evaluation,
    Comparison: describe_comparison,
    SeedsResult: describe_seeds,
    EvaluationRecord: describe_evaluation_record,
}
"""Results of evaluations, and the function that describes each."""


def describe(subject: Any, extras: Extras) -> Page:
    """Return the page of a search, or of a result.

    Raises
    ------
    TypeError
        If it is neither.
    NotFittedError
        If it is a search that is not fitted.
    """
    for kind, describe_subject in SUBJECTS.items():
        if isinstance(subject, kind):
            return describe_subject(subject, extras)
    if isinstance(subject, SearchRecord) and not hasattr(subject, "cv_results_"):
        return describe_beginning(subject)
    if hasattr(subject, "cv_results_"):
        return describe_search(subject, extras)
    if hasattr(subject, "fit") and hasattr(subject, "cv"):
        raise NotFittedError(f"this {type(subject).__name__} is not fitted yet: call `fit` before `report`")
    raise TypeError(
        f"a report needs a fitted search, or the result of nested_cross_validate, compare, repeat_over_seeds or "
        f"read_journal; got {type(subject).__name__}"
    )
