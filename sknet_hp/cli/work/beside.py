"""What stands beside a score: the model untuned, a linear one, a constant."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sknet_hp.cli.models.named import make_contestant
from sknet_hp.cli.output.json_text import describe_table
from sknet_hp.cli.output.scores import is_error, name_metric
from sknet_hp.cli.output.text import print_ranking
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.scoring import Scoring

if TYPE_CHECKING:
    from sknet_hp.evaluation import NestedResult
    from sknet_hp.evaluation.comparison.result import Comparison

CONSTANT = "constant"
SIMPLE = ("linear", CONSTANT)


def compare_beside(
    problem: Problem,
    result: "NestedResult",
    names: tuple[str, str | None],
    untuned: Any,
    scoring: Scoring,
    seed: int,
    deadline: float | None,
) -> "Comparison":
    """Score what stands beside a result, in the same folds.

    Parameters
    ----------
    names : what the evaluated model is called, and the one that is not tuned; None
        where nothing was tuned.
    untuned : that model.
    scoring : as of the result.
    deadline : when it must have ended, on the monotonic clock; None for no limit.
    """
    from sklearn.dummy import DummyClassifier

    from sknet_hp.evaluation import compare

    own, plain = names
    others: dict[str, Any] = {} if plain is None else {plain: untuned}
    for name in SIMPLE:
        if name != own:
            others[name] = make_contestant(name, problem.task, seed=seed, device="cpu").estimator
    if CONSTANT in others and scoring.scored is not None:
        # Of one class a constant is none that never names it: F1 would be 0.
        del others[CONSTANT]
        others[f"always {scoring.scored}"] = DummyClassifier(strategy="constant", constant=scoring.scored)
    return compare(
        result,
        *others.values(),
        X=problem.X,
        y=problem.y,
        names=[own, *others],
        scoring=scoring.scorer,
        groups=problem.groups,
        random_state=seed,
        time_budget=None if deadline is None else max(1.0, deadline - time.monotonic()),
    )


def print_beside(console: Console, comparison: "Comparison") -> None:
    """Print the scores, the best first, and how the first contestant stands."""
    metric = comparison.metrics[0]
    console.print(
        f"\nFor comparison, {name_metric(metric)} in the same folds"
        f"{' (lower is better)' if is_error(metric) else ''}, mean and 95 % interval:"
    )
    print_ranking(console, comparison)
    first = comparison.contestants[0].name
    verdicts = [pair.verdict for pair in comparison.pairs if pair.first == first]
    for verdict in verdicts:
        console.print(f"- {verdict[:1].upper()}{verdict[1:]}.")


def describe_names(model: str, usual: str, *, is_tuned: bool) -> tuple[str, str | None]:
    """Return what a model is called beside others, and what it is called untuned."""
    name = "network" if model == usual else model
    return (f"tuned {name}", f"untuned {name}") if is_tuned else (name, None)


def describe_comparison(comparison: "Comparison | None") -> Mapping[str, Any]:
    """Return the comparison for JSON."""
    if comparison is None:
        return {"beside": [], "comparisons": []}
    return {"beside": describe_table(comparison.ranking), "comparisons": describe_table(comparison.table)}
