"""What a search says of itself when it has ended: its findings."""

from typing import Any

import numpy as np

from sknet_hp.findings.check import read_switch, run_checks
from sknet_hp.findings.data import DATA_CHECKS, find_in_data, is_assumed_checked
from sknet_hp.findings.finding import Findings
from sknet_hp.findings.metrics import METRIC_CHECKS, MetricCase
from sknet_hp.search.base.initial import find_current
from sknet_hp.search.base.setup import Setup
from sknet_hp.search.candidates import read_score
from sknet_hp.search.checks import SEARCH_CHECKS
from sknet_hp.search.checks.case import ResourceOfSearch, SearchCase
from sknet_hp.search.checks.constant import score_constant
from sknet_hp.search.curves import CurveTable
from sknet_hp.search.running.run import Run
from sknet_hp.search.running.selection import name_scorers
from sknet_hp.search.spaces.stock import read_stock_space
from sknet_hp.search.spaces.values import Params

ALL_CHECKS = SEARCH_CHECKS | METRIC_CHECKS | DATA_CHECKS
"""What `findings_` may have, by code."""


def read_checks(given: Any) -> set[str]:
    """Return the codes that a search's parameter `checks` leaves out."""
    return read_switch(given, ALL_CHECKS, "checks")


def find_in_run(search: Any, run: Run, setup: Setup, curves: CurveTable) -> Findings:
    """Return what is found in a search, in its metrics and in its data.

    Parameters
    ----------
    search : the searcher.
    run, setup : of the search.
    curves : of all fits.
    """
    rows, resource, own = run.rows, run.resource, search.get_params(deep=False)
    case = SearchCase(
        search,
        scores=np.array(
            [[np.nan if row.failed else read_score(outcome, run.metric) for outcome in row.outcomes] for row in rows]
        ),
        errors=[next((o["fit_error"] for o in row.outcomes if o["fit_error"] is not None), None) for row in rows],
        params=[row.candidate.params for row in rows],
        candidate=np.array([row.candidate.number for row in rows]),
        n_resources=np.array([row.n_resources for row in rows]),
        curves=curves,
        space_name="param_distributions",
        space=setup.space,
        current=find_current(search.estimator, setup.space),
        has_copies=any(row.candidate.parent is not None for row in rows),
        resource=ResourceOfSearch(
            resource.unit,
            resource.least,
            resource.most,
            goes_on=not resource.of_rows,
            in_rungs="min_resources" in own,
            parameter="max_resources" if "max_resources" in own else f"estimator__{resource.name}",
        ),
        constant=_score_constant(search, run, setup),
    )
    skip = read_checks(search.checks) | search._inapplicable_checks
    groups = setup.params.get("groups")
    scorers = {} if is_assumed_checked() else name_scorers(setup.scorers, search.scoring)
    return Findings(
        [
            *run_checks(SEARCH_CHECKS, case, skip),
            *run_checks(METRIC_CHECKS, MetricCase(setup.y, scorers, search.estimator), skip),
            *find_in_data(
                setup.X,
                setup.y,
                splits=setup.splits,
                groups=groups,
                estimator=search.estimator,
                skip=skip,
            ),
        ]
    )


def _score_constant(search: Any, run: Run, setup: Setup) -> np.ndarray | None:
    """Return the scores of a constant prediction, None where rows have weights."""
    if setup.routed.scorer.score:
        return None
    scorer = name_scorers(setup.scorers, search.scoring).get(run.metric, setup.scorers)
    return score_constant(search.estimator, setup.y, setup.splits, scorer)


def find_in_results(
    search: Any, results: dict[str, Any], metric: str, errors: list[str | None], curves: CurveTable, space_name: str
) -> Findings:
    """Return what is found in a search of scikit-learn's.

    Parameters
    ----------
    search : the searcher.
    results : its `cv_results_`.
    metric : the name of the score that it goes by.
    errors : of each candidate the first error of a fit, or None.
    curves : of all fits.
    space_name : the parameter of the search that has its space.
    """
    params: list[Params] = [dict(each) for each in results["params"]]
    scores = np.array([results[f"split{k}_test_{metric}"] for k in range(search.n_splits_)], dtype=float).T
    scores[[error is not None for error in errors]] = np.nan
    space = read_stock_space(getattr(search, space_name), of_lists=space_name != "search_spaces")
    case = SearchCase(
        search,
        scores=scores,
        errors=errors,
        params=params,
        candidate=np.arange(len(params)),
        n_resources=np.zeros(len(params), dtype=int),
        curves=curves,
        space_name=space_name,
        space=space,
        current=None if space is None else find_current(search.estimator, space),
    )
    return run_checks(SEARCH_CHECKS, case)
