"""The diagnosis as checks of skore's reports (skore is an extra)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sknet_hp.estimators.base import BaseNet
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.findings.check import read_switch
from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.checks import DIAGNOSIS_CHECKS

_SLOW = ("not_converged", "overfitting", "underfitting", "label_noise", "schedule_too_short", "worse_than_baseline")
"""Checks that train something."""


class _Cases:
    """The case of the report that was looked at last, which checks share."""

    def __init__(self) -> None:
        self.case: NetworkCase | None = None

    def get(self, report: Any) -> NetworkCase:
        """Return what a report says of its network."""
        from skore import CheckNotApplicable

        estimator = report.estimator_
        if not isinstance(find_last_step(estimator)[1], BaseNet):
            raise CheckNotApplicable("The estimator is not a network of sknet_hp.")
        if self.case is None or self.case.estimator is not estimator:
            self.case = NetworkCase(estimator, report.X_train, report.y_train)
        return self.case


@dataclass
class SkoreCheck:
    """A check of a trained network, as skore's `Check` describes one.

    Attributes
    ----------
    code, title : of the check; the code is that of `diagnose`.
    report_types, docs_url, severity, slow : as in skore.
    """

    code: str
    title: str
    slow: bool
    cases: _Cases = field(repr=False)
    severity: str = "issue"
    docs_url: str | None = None
    report_types: list[str] = field(default_factory=lambda: ["estimator"])

    def check_function(self, report: Any) -> str | None:
        """Return what is found in a report's network, or None; an info is nothing."""
        from skore import CheckNotApplicable

        case, check = self.cases.get(report), DIAGNOSIS_CHECKS[self.code]
        if getattr(check, "needs", "curve") == "rows" and not case.has_rows:
            raise CheckNotApplicable("The training rows are not in the report.")
        found = [finding for finding in check(case) if finding.severity != "info"]
        return " ".join(f"{finding.message} {finding.advice}" for finding in found) or None


def make_skore_checks(checks: bool | Collection[str] = True) -> list[SkoreCheck]:
    """Return the checks of `diagnose` for a report of skore's.

    Parameters
    ----------
    checks : bool or list of str, default=True
        Codes to check for.

    Returns
    -------
    checks : list
        For `report.checks.add(...)` of an `EstimatorReport`, or of a report that holds
        some.
    """
    skip, cases = read_switch(checks, DIAGNOSIS_CHECKS, "checks"), _Cases()
    return [
        SkoreCheck(code, check.title[0].upper() + check.title[1:], code in _SLOW, cases)
        for code, check in DIAGNOSIS_CHECKS.items()
        if code not in skip
    ]
