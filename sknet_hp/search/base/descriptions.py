"""Descriptions of the parameters and attributes that searchers share."""

from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any

from sknet_hp.estimators.docstrings import Description, document

_PARAMETERS: dict[str, Description] = {
    "estimator": (
        "estimator",
        "`NetClassifier`, `NetRegressor`, or a pipeline that ends with one. Also any estimator whose `fit` can "
        'continue with `warm_start`, as gradient boosting with `n_estimators`. With `resource="n_samples"`, any '
        "estimator.",
    ),
    "param_distributions": (
        "dict or list of dict",
        "The search space: names of parameters with lists of choices (of any kind), distributions of SciPy or Optuna, "
        'dimensions of scikit-optimize, or tuples `(low, high)` or `(low, high, "log-uniform")`. A range has whole '
        "numbers if both bounds are whole. In a list, dicts are alternatives. `search_space(estimator)` makes one.",
    ),
    "n_candidates": ('int or "auto"', "Number of candidates."),
    "resource": (
        "str",
        'What candidates get more of from rung to rung: the name of a parameter of the estimator, or "n_samples" for '
        'training rows. "auto" is `max_epochs` of the last step.',
    ),
    "min_resources": (
        'int or "auto"',
        'Resource of the first rung. "auto" is `max_resources / factor³`, at least 1. For rows, it is two for each '
        "class and split.",
    ),
    "max_resources": (
        'int or "auto"',
        'Resource of the last rung. "auto" is the value of the estimator, or all rows of the smallest training split.',
    ),
    "factor": (
        "float",
        "The best 1 / `factor` of a rung continue, to `factor` times the resource. It must be above 1. The papers' η.",
    ),
    "scoring": (
        "str, callable, list, tuple, dict or None",
        "One score or several, as in scikit-learn's searches. None is the estimator's `score`.",
    ),
    "refit": (
        "bool, str or callable",
        "True fits the best candidate on all rows, as `best_estimator_`. With several scores, give the name of the "
        "score that the search optimises. A function gets `cv_results_` and returns the index of the best. "
        '"one_standard_error" takes the simplest candidate within one standard error of the best (Breiman et al. '
        "1984): the one with the fewest weights, then the fewest epochs. (Estimators without an array of weights are "
        'compared by their fit times, which are not reproducible.) "ensemble" averages candidates that reached the '
        "most resources, chosen and weighted by greedy selection on their out-of-fold predictions (Caruana et al. "
        "2004). For this, at least three candidates train to the end, if there are three.",
    ),
    "cv": (
        "int, splitter, iterable or None",
        "As in scikit-learn's searches. Splits are made once and used in all rungs.",
    ),
    "n_jobs": (
        "int or None",
        "Number of cores that train networks; None means all. For estimators without a network, the number of "
        "processes; None means one, as in scikit-learn. If you have chosen a joblib backend, that one decides.",
    ),
    "random_state": (
        "int, RandomState or None",
        "Seed for drawing candidates and rows. Networks have their own `random_state`. A journal needs an integer.",
    ),
    "error_score": ('"raise" or float', "Score of a fit that fails. NaN ranks last and never wins."),
    "return_train_score": (
        "bool",
        "Whether to score on training rows, too. A pipeline's first steps are then fitted for each candidate.",
    ),
    "initial_candidates": (
        'list of dict, "current" or None',
        'Settings to try first; they count among the candidates. "current", alone or in the list, is the untuned '
        "estimator with its own settings, which shows how much the search gains. Each is tried once, even if there "
        "are more of them than `n_candidates`. None means no such settings.",
    ),
    "target_score": (
        "float or None",
        "End the search as soon as the best candidate so far has this mean score, or a better one. As for "
        "`best_score_`, only candidates with the most resources so far count.",
    ),
    "patience": (
        "int or None",
        "End the search when this many candidates in a row have reached `max_resources` without being better than all "
        "before.",
    ),
    "time_budget": (
        "float or None",
        "Seconds for the search, including the final fit. When only the time for the final fit is left, training ends. "
        "Candidates that have been scored in all splits by then count; there is always at least one. The result then "
        "depends on the speed of the machine.",
    ),
    "journal": (
        "path or None",
        "Directory in which the search records what it has done. If it was killed, the same search with the same "
        "journal continues where it stopped.",
    ),
    "checks": (
        "bool, str or list of str",
        "What to check for in `findings_`: everything (True), nothing (False), or the given codes.",
    ),
    "verbose": (
        "int",
        "1 shows on a terminal what the search will cost, a live line, and the findings. 2 also writes a line for each "
        "rung, on terminals and elsewhere, such as in notebooks.",
    ),
}
"""By name. A searcher adds its own, and may replace others."""

_ATTRIBUTES: dict[str, Description] = {
    "cv_results_": (
        "dict of ndarray",
        "As in scikit-learn, with a row for each candidate in each rung, and also `candidate` (its number), `bracket`, "
        "`iter` (the rung) and `n_resources`. Networks also have `mean_n_parameters` (weights) and `mean_n_iter` "
        "(epochs trained). Times are those of this rung only.",
    ),
    "curves_": (
        "pandas.DataFrame",
        "Learning curves, with a row for each epoch of each fit: candidate, bracket, iter (the rung), n_resources (of "
        "the rung), split, epoch, train_loss, valid_loss, valid_score. Unknown values are NaN. A fit that continues "
        "adds its new epochs. Networks, scikit-learn's perceptrons and its gradient boosting have curves; other "
        "estimators have no rows.",
    ),
    "findings_": (
        "Findings",
        "Problems that the search has found in its results and its data, the worst first: `print(search.findings_)`. "
        "Each has `code`, `severity`, `message`, `evidence` and `advice`. If parameters can help, "
        "`search.findings_[0].apply(search)` returns a search with them.",
    ),
    "best_index_": ("int", "Row of the best candidate, which is one of those with the most resources."),
    "best_params_": ("dict", "Parameters of the best candidate, including the resource."),
    "best_score_": ("float", "Mean score of the best candidate. Missing if `refit` is a function."),
    "best_estimator_": ("estimator", "The best candidate, fitted on all rows. Only with `refit`."),
    "ensemble_": (
        "list of dict",
        "Members of the ensemble: `candidate`, `weight` and `params`, the largest weight first. Only with "
        '`refit="ensemble"`.',
    ),
    "refit_time_": ("float", "Seconds that the fit of `best_estimator_` took. Only with `refit`."),
    "search_time_": ("float", "Seconds that the search took, without `refit_time_`."),
    "n_splits_": ("int", "Number of splits."),
    "n_candidates_": ("int", "Number of candidates."),
    "resource_, min_resources_, max_resources_": ("str, int, int", "The resource that was used, and its range."),
    "multimetric_": ("bool", "Whether there are several scores."),
    "scorer_": ("callable or dict", "The scorer, or a dict of scorers by name."),
    "stopped_": (
        '"target_score", "patience", "time_budget", "interrupted" or None',
        'What ended the search early. After Ctrl-C ("interrupted"), there is no refit.',
    ),
    "classes_, n_features_in_, feature_names_in_": (
        "ndarray, int, ndarray",
        "Those of `best_estimator_`, if it has them.",
    ),
}


def document_searcher(
    attributes: Mapping[str, Description | None] | None = None, **parameters: Description
) -> Callable[[type], type]:
    """Return a class decorator that writes parameters and attributes of a docstring.

    Parameters
    ----------
    attributes : those of this searcher, besides the shared ones; None removes one.
    **parameters : those of this searcher, or shared ones with another meaning here.
    """
    known, found = _PARAMETERS | parameters, {**_ATTRIBUTES, **(attributes or {})}

    def describe(name: str, default: Any) -> Description:
        kind, text = known[name]
        return (kind if default is Parameter.empty else f"{kind}, default={default!r}"), text

    return document(describe, {name: entry for name, entry in found.items() if entry is not None})
