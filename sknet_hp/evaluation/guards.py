"""What can be found in data, splits and metrics, before anything is trained."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sknet_hp.evaluation.running.data import Data, Split
from sknet_hp.findings.check import read_switch
from sknet_hp.findings.data import DATA_CHECKS, find_in_data
from sknet_hp.findings.finding import Findings
from sknet_hp.findings.metrics import METRIC_CHECKS, find_in_metrics


def find_in_problem(
    data: Data,
    splits: Sequence[Split],
    scorers: Mapping[str, Any],
    estimator: Any,
    checks: bool | Collection[str] = True,
) -> Findings:
    """Return what is found in the data, the splits and the metrics of an evaluation.

    Parameters
    ----------
    data : all rows.
    splits : the outer ones.
    scorers : scikit-learn's, by the names of their metrics.
    estimator : what is evaluated.
    checks : True, False, or codes that are looked for.

    Raises
    ------
    ValueError
        If a code is not known.
    """
    skip = read_switch(checks, DATA_CHECKS | METRIC_CHECKS, "checks")
    pairs = [(split.train, split.test) for split in splits]
    of_data = find_in_data(data.X, data.y, splits=pairs, groups=data.groups, estimator=estimator, skip=skip)
    return Findings([*of_data, *find_in_metrics(data.y, scorers, estimator=estimator, skip=skip)])
