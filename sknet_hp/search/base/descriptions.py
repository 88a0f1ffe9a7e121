"""Descriptions of the parameters and attributes that searchers share."""

from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any

from sknet_hp.estimators.docstrings import Description, document

_PARAMETERS: dict[str, Description] = {
    "estimator": (
        "estimator",
        "A network of ours, or a pipeline that ends with one; any estimator with a parameter that `fit` goes on from "
        '(`warm_start` beside it, as gradient boosting has with `n_estimators`); with `resource="n_samples"`, any at '
        "all.",
    ),
    "param_distributions": (
        "dict or list of dict",
        "From names of parameters to lists of choices (of any kind), distributions of SciPy or Optuna, dimensions of "
        'scikit-optimize, or tuples: `(low, high)` or `(low, high, "log-uniform")`, whole numbers if both bounds are. '
        "Several dicts are alternatives.",
    ),
    "n_candidates": ('int or "auto"', "How many candidates are drawn."),
    "resource": (
        "str",
        'What candidates are given more and more of: the name of a parameter of the estimator, or "n_samples", '
        'training rows. "auto" is `max_epochs` of the last step.',
    ),
    "min_resources": (
        'int or "auto"',
        'What the first rung is given; "auto" is `max_resources / factor³`, at least 1; of rows, two for each class '
        "and split.",
    ),
    "max_resources": (
        'int or "auto"',
        'What the last rung is given; "auto" is what the estimator has, or all rows of the smallest training split.',
    ),
    "factor": (
        "float",
        "Above 1: from rung to rung the 1 / `factor` best go on, to `factor` times the resource. The papers' η.",
    ),
    "scoring": (
        "str, callable, list, tuple, dict or None",
        "As in scikit-learn's searches: one score or several; None is the estimator's `score`.",
    ),
    "refit": (
        "bool, str or callable",
        "Fit the best candidate on all rows, as `best_estimator_`. With several scores, the name of the one that the "
        'search goes by. A function is given `cv_results_` and returns the index of the best. "one_standard_error" '
        "takes the simplest among those within one standard error of the best (Breiman et al. 1984): with the fewest "
        "weights, then the fewest epochs trained (of estimators that show no weights, that which was fitted fastest, "
        'which depends on times); "ensemble" averages candidates that reached the most resources, chosen and weighted '
        "by greedy selection on their out-of-fold predictions (Caruana et al. 2004); for it at least three go on to "
        "the end, if there are so many.",
    ),
    "cv": (
        "int, splitter, iterable or None",
        "As in scikit-learn's searches. Splits are made once, and all rungs use them.",
    ),
    "n_jobs": (
        "int or None",
        "How many cores work on the networks; None is all. Of estimators without a network it is how many processes "
        "fit them, None being one, as in scikit-learn. Where a joblib backend is chosen, that one decides.",
    ),
    "random_state": (
        "int, RandomState or None",
        "Of the draws of candidates and of rows. Networks have their own; a journal needs an integer.",
    ),
    "error_score": ('"raise" or float', "The score of a fit that fails. NaN ranks last and never wins."),
    "return_train_score": (
        "bool",
        "Whether to score on training rows, too. A pipeline's first steps are then fitted for each candidate.",
    ),
    "initial_candidates": (
        'list of dict, "current" or None',
        'Settings that are tried first, and count among the candidates. "current", alone or in the list, is what the '
        "estimator has: without it, nobody knows what the search has gained. All of them are tried, each once, also "
        "where they are more than the candidates. None tries none of one's own.",
    ),
    "target_score": (
        "float or None",
        "Ends the search as soon as its best candidate so far has such a mean score, or a better one: one of those "
        "with the most resources so far, as `best_score_` is.",
    ),
    "patience": (
        "int or None",
        "Ends the search when so many candidates in a row have reached `max_resources` without one that is better "
        "than all before.",
    ),
    "time_budget": (
        "float or None",
        "Seconds for the search and the final fit. When no more are left than the final fit takes, training ends, and "
        "the candidates that have been scored in all splits count; one always is. What is found then depends on the "
        "machine.",
    ),
    "journal": (
        "path or None",
        "A directory in which the search writes down what it has done. The same search with the same journal takes up "
        "where it was killed.",
    ),
    "checks": (
        "bool, str or list of str",
        "What `findings_` looks for: everything, nothing, or the codes that are named.",
    ),
    "verbose": (
        "int",
        "1 shows what the search will cost, a live line and what was found on a terminal; 2 writes that and a line for "
        "each rung to anything, notebooks included.",
    ),
}
"""By name; a searcher adds its own, and may describe others anew."""

_ATTRIBUTES: dict[str, Description] = {
    "cv_results_": (
        "dict of ndarray",
        "As scikit-learn's, one row for each candidate in each rung, and `candidate` (its number), `bracket`, `iter` "
        "(the rung), `n_resources`; of networks, `mean_n_parameters` and `mean_n_iter`, their weights and the epochs "
        "that they were trained for. Times are of that rung alone.",
    ),
    "curves_": (
        "pandas.DataFrame",
        "Learning curves, a row for each epoch of each fit: candidate, bracket, iter (the rung), n_resources (of the "
        "rung), split, epoch, train_loss, valid_loss, valid_score; NaN where something is not known. A fit that goes "
        "on has the epochs that it added. Of networks, scikit-learn's perceptrons and its gradient boosting; no rows "
        "of others.",
    ),
    "findings_": (
        "Findings",
        "What the search says of itself and of its data, a list, the worst first: `print(search.findings_)`. Each has "
        "`code`, `severity`, `message`, `evidence`, `advice`; where parameters can mend it, "
        "`search.findings_[0].apply(search)` is a search that has them.",
    ),
    "best_index_": ("int", "The row of the best, which is among those at the most resources."),
    "best_params_": ("dict", "Its parameters, the resource included."),
    "best_score_": ("float", "Its mean score; not if `refit` is a function."),
    "best_estimator_": ("estimator", "Fitted on all rows; only with `refit`."),
    "ensemble_": (
        "list of dict",
        'Who is in it: `candidate`, `weight` and `params`, the largest weight first; only with `refit="ensemble"`.',
    ),
    "refit_time_": ("float", "Seconds that `best_estimator_` took; only with `refit`."),
    "search_time_": ("float", "Seconds that the search took, without that."),
    "n_splits_": ("int", "How many splits there are."),
    "n_candidates_": ("int", "How many candidates there were."),
    "resource_, min_resources_, max_resources_": ("str, int, int", 'What "auto" came to.'),
    "multimetric_": ("bool", "Whether there are several scores."),
    "scorer_": ("callable or dict", "What scores."),
    "stopped_": (
        '"target_score", "patience", "time_budget", "interrupted" or None',
        "What ended the search before its time: Ctrl-C too, after which there is no refit.",
    ),
    "classes_, n_features_in_, feature_names_in_": (
        "ndarray, int, ndarray",
        "Of `best_estimator_`, where it has them.",
    ),
}


def document_searcher(
    attributes: Mapping[str, Description | None] | None = None, **parameters: Description
) -> Callable[[type], type]:
    """Return a class decorator that writes parameters and attributes of a docstring.

    Parameters
    ----------
    attributes : of this searcher, beside those that all have; None for what it has not.
    **parameters : of this searcher, or what they mean here.
    """
    known, found = _PARAMETERS | parameters, {**_ATTRIBUTES, **(attributes or {})}

    def describe(name: str, default: Any) -> Description:
        kind, text = known[name]
        return (kind if default is Parameter.empty else f"{kind}, default={default!r}"), text

    return document(describe, {name: entry for name, entry in found.items() if entry is not None})
