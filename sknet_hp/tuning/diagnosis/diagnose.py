"""`diagnose`: from something fitted to findings."""

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing, check_consistent_length

from sknet_hp.findings import Finding, Findings
from sknet_hp.findings.check import read_switch, run_checks
from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.values import format_params
from sknet_hp.formatting.words import wrap_line
from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.checks import DIAGNOSIS_CHECKS
from sknet_hp.tuning.diagnosis.subjects import Subject, list_subjects, merge_findings
from sknet_hp.tuning.trainings import Trainings


class Diagnosis(Findings):
    """What was found in something fitted, the worst first.

    Parameters
    ----------
    findings : iterable of Finding
    unchecked : dict
        Codes that could not be checked, and what was missing.
    n_checks, n_networks : int, default=0
        How many checks were made, and in how many networks.
    stopped : {"", "time_budget", "interrupted"}, default=""
        Why it ended early, if it did.

    Attributes
    ----------
    unchecked : dict
    n_checks, n_networks : int
    stopped : str
    """

    def __init__(
        self,
        findings: Iterable[Finding] = (),
        unchecked: dict[str, str] | None = None,
        *,
        n_checks: int = 0,
        n_networks: int = 0,
        stopped: str = "",
    ):
        super().__init__(findings)
        self.unchecked = dict(unchecked or {})
        self.n_checks = n_checks
        self.n_networks = n_networks
        self.stopped = stopped

    @property
    def extent(self) -> str:
        """What was checked, in a few words: "17 checks of 8 networks"."""
        return f"{format_count(self.n_checks, 'check')} of {format_count(self.n_networks, 'network')}"

    @property
    def table(self) -> Any:
        """The findings as a DataFrame, a row each."""
        import pandas as pd

        names = ("severity", "code", "subject", "message", "advice", "remedy")
        return pd.DataFrame([[getattr(each, name) for name in names] for each in self], columns=list(names))

    def summary(self) -> str:
        """Return the findings in plain text, and what was not checked."""
        lines = [wrap_line(str(each) + _write_remedy(each)) for each in self]
        lines = lines or [f"{self.extent}: nothing was found."]
        for reason in dict.fromkeys(self.unchecked.values()):
            codes = [code for code, own in self.unchecked.items() if own == reason]
            lines.append(wrap_line(f"Not checked, because {reason}: {', '.join(codes)}."))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Diagnosis({self.codes})"


def _write_remedy(finding: Finding) -> str:
    return f" Try {format_params(finding.remedy)}." if finding.remedy else ""


def diagnose(
    fitted: Any,
    X: Any = None,
    y: Any = None,
    *,
    sample_weight: Any = None,
    checks: bool | Collection[str] = True,
    random_state: int = 0,
    n_jobs: int | None = None,
    time_budget: float | None = None,
    verbose: int = 0,
) -> Diagnosis:
    """Say what is wrong with a trained network, and what to change.

    Without X and y, only the learning curve is checked. With them, units, gradients and
    predictions are checked too, and networks with the same parameters are compared with
    simple models of scikit-learn, on some of the rows. All of them train together.

    Parameters
    ----------
    fitted : NetClassifier, NetRegressor, Pipeline, search or evaluation
        A fitted network, or a pipeline that ends with one. For a search, its
        `best_estimator_` is checked, and its own `findings_` are added. For an
        evaluation, the networks of all folds are checked.
    X : array-like, dataframe or sparse matrix, default=None
        The table that the network was trained on, or other rows.
    y : array-like of shape (n_rows,), default=None
        The target.
    sample_weight : array-like of shape (n_rows,), default=None
        Rows of weight 0 are left out; other weights do not matter here.
    checks : bool or list of str, default=True
        Which codes to check for: all, none, or those given. `docs/findings.md`
        describes them.
    random_state : int, default=0
        Seed for drawing rows and for splits.
    n_jobs : int, default=None
        Number of cores. None means all.
    time_budget : float, default=None
        Seconds after which training ends, as after Ctrl-C. Of networks that were not
        done by then, only the learning curve is checked.
    verbose : int, default=0
        1 shows on a terminal how many networks have been checked. 2 writes a line for
        each.

    Returns
    -------
    Diagnosis
        A list of findings, the worst first. `summary()` says them in sentences.
        `finding.apply(estimator)` returns a copy of the estimator with the remedy.
        `unchecked` says what could not be checked, and `stopped` why it ended early.

    Raises
    ------
    NotFittedError
        If `fitted` is not fitted.
    TypeError
        If `fitted` contains no network of this package.
    ValueError
        If X and y are not given together, or do not fit each other, or another
        parameter has a wrong value.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.tuning import diagnose
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(lr=1e-6, random_state=0).fit(X, y)
    >>> "rate_too_low" in diagnose(net).codes
    True
    """
    skip = read_switch(checks, DIAGNOSIS_CHECKS, "checks")
    if (X is None) != (y is None):
        raise ValueError(f"X and y belong together, but {'X' if X is None else 'y'} is missing")
    if X is not None:
        check_consistent_length(X, y, sample_weight)
        X, y = _drop_rows_without_weight(X, y, sample_weight)
    subjects, beside = list_subjects(fitted)
    if X is not None:
        _require_fit(subjects, X, y)
    trainings: Trainings[tuple[int, Findings]] = Trainings("diagnose", n_jobs, time_budget, verbose)
    if X is not None:
        trainings.run(_diagnose_one, [(*each, X, y, skip, random_state) for each in enumerate(subjects)])
    found, unchecked = (
        dict(trainings.done),
        _list_unchecked(skip, len(trainings.done), len(subjects), trainings.stopped),
    )
    for number, subject in enumerate(subjects):
        if number not in found:  # by its curve, which takes no time
            _, found[number] = _diagnose_one(number, subject, None, None, skip | set(unchecked), random_state)
    return Diagnosis(
        [*merge_findings(found[number] for number in range(len(subjects))), *beside],
        unchecked,
        n_checks=len(DIAGNOSIS_CHECKS) - len(skip | set(unchecked)),
        n_networks=len(subjects),
        stopped=trainings.stopped,
    )


def _diagnose_one(
    number: int, subject: Subject, X: Any, y: Any, skip: set[str], random_state: int
) -> tuple[int, Findings]:
    """Return the number of a network, and what is found in it."""
    case = NetworkCase(subject.estimator, X, y, random_state=random_state, subject=subject.name)
    return number, run_checks(DIAGNOSIS_CHECKS, case, skip)


def _require_fit(subjects: Iterable[Subject], X: Any, y: Any) -> None:
    """Refuse rows of another table than the networks were trained on."""
    from pandas import Series

    for subject in subjects:
        subject.estimator.predict(_safe_indexing(X, np.arange(1)))  # it names what does not fit
        classes = getattr(subject.estimator, "classes_", None)
        if not isinstance(classes, np.ndarray) or np.ndim(y) != 1:
            continue
        labels = Series(np.asarray(y))
        if not labels.isin(classes).any():
            raise ValueError(
                f"y has labels such as {labels[0]!s}, none of which the network was trained on; it knows "
                f"{', '.join(map(str, classes[:3]))}: give the y of its training"
            )


def _list_unchecked(skip: set[str], n_done: int, n_networks: int, stopped: str) -> dict[str, str]:
    """Return the codes that need rows and were not looked for everywhere, and why."""
    if n_done == n_networks:
        return {}
    ended = {"time_budget": "the time was up", "interrupted": "it was interrupted"}
    reason = "X and y were not given"
    if stopped:
        reason = f"{ended[stopped]} after {n_done} of {format_count(n_networks, 'network')}"
    return {
        code: reason
        for code, each in DIAGNOSIS_CHECKS.items()
        if code not in skip and getattr(each, "needs", "curve") == "rows"
    }


def _drop_rows_without_weight(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
    if sample_weight is None or (np.asarray(sample_weight) > 0).all():
        return X, y
    rows = np.flatnonzero(np.asarray(sample_weight) > 0)
    return _safe_indexing(X, rows), _safe_indexing(y, rows)
