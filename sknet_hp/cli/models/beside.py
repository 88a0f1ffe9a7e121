"""What stands beside a score: the model untuned, a linear one, a constant."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from sknet_hp.cli.models.named import make_contestant
from sknet_hp.cli.options import MODELS
from sknet_hp.cli.output.json_text import describe_table
from sknet_hp.cli.output.text import print_ranking, wrap
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.scoring import Scoring
from sknet_hp.formatting.words import capitalise
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    from sknet_hp.evaluation import NestedResult
    from sknet_hp.evaluation.comparison.result import Comparison

LEAST_FOLDS = 2
"""Of fewer, nothing can be said of a difference."""

LEAST_SECONDS = 5.0
"""For the untuned network, also where the time is nearly up."""

LEAST_SECONDS_OF_SIMPLE = 30.0
"""For the others, which take two seconds for 48,842 rows: a limit for huge tables."""

NO_TIME = "there was no time"


@dataclass(frozen=True)
class Beside:
    """What stands beside a score.

    Attributes
    ----------
    comparison : with the evaluated model first; None where there is nothing to compare.
    left_out : why a model has no score, by its name.
    """

    comparison: "Comparison | None"
    left_out: Mapping[str, str]


def compare_beside(
    problem: Problem,
    result: "NestedResult",
    names: tuple[str, str | None],
    untuned: Any,
    scoring: Scoring,
    seed: int,
    deadline: float | None,
) -> Beside:
    """Score what stands beside a result, in the same folds.

    A model that there is no time for, or that fails, is left out: nothing that happens
    here costs the result.

    Parameters
    ----------
    names : what the evaluated model is called, and the one that is not tuned; None
        where nothing was tuned.
    untuned : that model.
    scoring : as of the result.
    deadline : when it must have ended, on the monotonic clock; None for no limit.
    """
    from sknet_hp.evaluation import compare

    if _count_common_folds(result, result) < LEAST_FOLDS:
        return Beside(None, {})
    own, plain = names
    settings = {
        "cv": [(split.train, split.test) for split in result.splits],
        "scoring": scoring.scorer,
        "groups": problem.groups,
        "random_state": seed,
        "checks": False,
    }
    models = _make_simple_models(problem, scoring, seed) | ({} if plain is None else {plain: untuned})
    found: dict[str, NestedResult | str] = {}
    for name, model in models.items():  # the quickest first, so that they leave time for the untuned network
        if name != own:
            least = LEAST_SECONDS if name == plain else LEAST_SECONDS_OF_SIMPLE
            seconds = None if deadline is None else max(least, deadline - time.monotonic())
            found[name] = _score(model, problem, result, settings | {"time_budget": seconds})
    if plain is not None:
        found = {plain: found.pop(plain)} | found
    left_out = {name: each for name, each in found.items() if isinstance(each, str)}
    scored = {name: each for name, each in found.items() if not isinstance(each, str)}
    comparison = compare(result, *scored.values(), names=[own, *scored]) if scored else None
    return Beside(comparison, left_out)


def _score(model: Any, problem: Problem, result: "NestedResult", settings: dict[str, Any]) -> "NestedResult | str":
    """Score a model in the folds of a result, or return why it has no score."""
    from sknet_hp.evaluation import nested_cross_validate

    try:
        found = nested_cross_validate(model, problem.X, problem.y, **settings)
    except Exception as error:  # whatever it is: the result that the model stands beside must not be lost
        return NO_TIME if "were up before the first" in str(error) else str(error).strip().splitlines()[-1]
    if _count_common_folds(result, found) >= LEAST_FOLDS:
        return found
    return NO_TIME if "not finished" in found.statuses else "it failed in most folds"


def _count_common_folds(a: "NestedResult", b: "NestedResult") -> int:
    return int((np.isfinite(a.get_scores()) & np.isfinite(b.get_scores())).sum())


def _make_simple_models(problem: Problem, scoring: Scoring, seed: int) -> dict[str, Any]:
    from sklearn.dummy import DummyClassifier

    models = {
        name: make_contestant(name, problem.task, seed=seed, device="cpu").estimator for name in ("constant", "linear")
    }
    if scoring.scored is not None:  # a constant that never names the class would have an F1 of 0
        del models["constant"]
        models[f"always {scoring.scored}"] = DummyClassifier(strategy="constant", constant=scoring.scored)
    return models


def print_beside(console: Console, beside: Beside) -> None:
    """Print the scores, the best first, and how the first contestant stands."""
    comparison = beside.comparison
    if comparison is None and not beside.left_out:
        console.print("\nToo few folds were finished for a comparison with simple models: give more time.")
    if comparison is not None:
        metric = Metric(comparison.metrics[0])
        heading = (
            f"For comparison, {metric.label} in the same folds"
            f"{' (lower is better)' if metric.is_error else ''}, mean and 95 % interval:"
        )
        console.print(f"\n{wrap(heading)}")
        print_ranking(console, comparison)
        first = comparison.contestants[0].name
        for pair in comparison.pairs:
            if pair.first == first:
                console.print(wrap(f"- {_begin(pair.verdict, first)}."))
    for name, reason in beside.left_out.items():
        console.print(wrap(f"- {capitalise(name)} was not scored: {reason.rstrip('.')}.", indent="  ").strip())


def _begin(sentence: str, own: str) -> str:
    """Return a sentence with a capital, unless it begins with the path of a model."""
    is_path = own not in (*MODELS, "network") and not own.startswith("tuned ")
    return sentence if is_path and sentence.startswith(own) else capitalise(sentence)


def describe_names(model: str, usual: str, *, is_tuned: bool) -> tuple[str, str | None]:
    """Return what a model is called beside others, and what it is called untuned."""
    name = "network" if model == usual else model
    return (f"tuned {name}", f"untuned {name}") if is_tuned else (name, None)


def describe_beside(beside: Beside) -> Mapping[str, Any]:
    """Return what stands beside a score for JSON."""
    found = beside.comparison
    ranking, pairs = ([], []) if found is None else (describe_table(found.ranking), describe_table(found.table))
    return {"beside": ranking, "comparisons": pairs, "not_scored": dict(beside.left_out)}
