"""What stands beside a score: the model untuned, a linear one, a constant."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sknet_hp.cli.models.named import make_contestant
from sknet_hp.cli.output.json_text import describe_table
from sknet_hp.cli.output.text import print_ranking
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.scoring import Scoring
from sknet_hp.report.words import Metric, capitalise

if TYPE_CHECKING:
    from sknet_hp.evaluation import NestedResult
    from sknet_hp.evaluation.comparison.result import Comparison

LEAST_FOLDS = 2
"""Of fewer, nothing can be said of a difference."""

LEAST_SECONDS = 5.0
"""For the untuned network, also where the time is nearly up."""


def compare_beside(
    problem: Problem,
    result: "NestedResult",
    names: tuple[str, str | None],
    untuned: Any,
    scoring: Scoring,
    seed: int,
    deadline: float | None,
) -> "Comparison | None":
    """Score what stands beside a result, in the same folds.

    The untuned network is left out where there is no time for it.

    Parameters
    ----------
    names : what the evaluated model is called, and the one that is not tuned; None
        where nothing was tuned.
    untuned : that model.
    scoring : as of the result.
    deadline : when it must have ended, on the monotonic clock; None for no limit.

    Returns
    -------
    Comparison or None
        None where the result has fewer than two folds.
    """
    from sknet_hp.evaluation import compare, nested_cross_validate

    if result.statuses.count("done") < LEAST_FOLDS:
        return None
    own, plain = names
    settings = {
        "cv": [(split.train, split.test) for split in result.splits],
        "scoring": scoring.scorer,
        "groups": problem.groups,
        "random_state": seed,
        "checks": False,
    }
    others = {
        name: nested_cross_validate(model, problem.X, problem.y, **settings)
        for name, model in _make_simple_models(problem, scoring, seed).items()
        if name != own
    }
    if plain is not None:
        seconds = None if deadline is None else max(LEAST_SECONDS, deadline - time.monotonic())
        try:
            scored = nested_cross_validate(untuned, problem.X, problem.y, **settings, time_budget=seconds)
            if scored.statuses.count("done") >= LEAST_FOLDS:
                others = {plain: scored} | others
        except ValueError as error:
            if "were up before the first" not in str(error):
                raise
    return compare(result, *others.values(), names=[own, *others])


def _make_simple_models(problem: Problem, scoring: Scoring, seed: int) -> dict[str, Any]:
    from sklearn.dummy import DummyClassifier

    models = {
        name: make_contestant(name, problem.task, seed=seed, device="cpu").estimator for name in ("linear", "constant")
    }
    if scoring.scored is not None:  # a constant that never names the class would have an F1 of 0
        del models["constant"]
        models[f"always {scoring.scored}"] = DummyClassifier(strategy="constant", constant=scoring.scored)
    return models


def print_beside(console: Console, comparison: "Comparison | None", untuned: str | None) -> None:
    """Print the scores, the best first, and how the first contestant stands.

    Parameters
    ----------
    untuned : what the untuned model would be called, if there is one.
    """
    if comparison is None:
        console.print("\nToo few folds were finished for a comparison with simple models: give more time.")
        return
    metric = Metric(comparison.metrics[0])
    console.print(
        f"\nFor comparison, {metric.label} in the same folds"
        f"{' (lower is better)' if metric.is_error else ''}, mean and 95 % interval:"
    )
    print_ranking(console, comparison)
    first = comparison.contestants[0].name
    for pair in comparison.pairs:
        if pair.first == first:
            console.print(f"- {capitalise(pair.verdict)}.")
    if untuned is not None and untuned not in [each.name for each in comparison.contestants]:
        console.print(f"- There was no time to score the {untuned}.")


def describe_names(model: str, usual: str, *, is_tuned: bool) -> tuple[str, str | None]:
    """Return what a model is called beside others, and what it is called untuned."""
    name = "network" if model == usual else model
    return (f"tuned {name}", f"untuned {name}") if is_tuned else (name, None)


def describe_comparison(comparison: "Comparison | None") -> Mapping[str, Any]:
    """Return the comparison for JSON."""
    if comparison is None:
        return {"beside": [], "comparisons": []}
    return {"beside": describe_table(comparison.ranking), "comparisons": describe_table(comparison.table)}
