"""`sknet-hp importances`: which columns a saved model's predictions rest on."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from sklearn.base import is_classifier

from sknet_hp.cli.errors import BadInput, list_names
from sknet_hp.cli.models.saved import find_file, list_text_columns, load_model
from sknet_hp.cli.options import ImportancesOptions
from sknet_hp.cli.output.json_text import print_json
from sknet_hp.cli.output.messages import collect_warnings
from sknet_hp.cli.output.text import make_console, print_problem, wrap
from sknet_hp.cli.output.training import print_warnings
from sknet_hp.cli.slips import read_summary
from sknet_hp.cli.tables.features import select_features
from sknet_hp.cli.tables.fingerprint import estimate_known_share
from sknet_hp.cli.tables.problem import Problem
from sknet_hp.cli.tables.reading import read_problem
from sknet_hp.cli.tables.scoring import Scoring, choose_scoring
from sknet_hp.formatting.numbers import format_percentage, format_score
from sknet_hp.formatting.words import capitalise
from sknet_hp.presets import TaskKind
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 10_000
"""More are sampled: they would say hardly more, and each column is predicted often."""

TRAINING_ROWS = 0.05
"""From this share on, a table is said to have rows that the model was trained on."""

BAR = 30
"""Characters of the longest bar."""


def measure_importances(options: ImportancesOptions) -> None:
    """Print by how much a model's score falls when a column's values are shuffled.

    This is scikit-learn's `permutation_importance` (Breiman 2001; Fisher, Rudin and
    Dominici 2019).

    Raises
    ------
    BadInput
        If the model is none, or the table lacks a column or has labels that the model
        does not know.
    """
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import check_scoring

    start = time.monotonic()
    model = load_model(options.model)
    task: TaskKind = "classification" if is_classifier(model) else "regression"
    problem = read_problem(replace(options, task=task), tuple(list_text_columns(model)))
    problem = replace(problem, reason="as the model was trained for", id_notes=())  # too late to drop
    X, y = select_features(problem.X, model, options.data), problem.y
    _check_labels(model, y, problem.target)
    summary = read_summary(find_file(options.model).parent)
    scoring = _choose_scoring(problem, options, summary)
    known = estimate_known_share(summary.get("training_rows"), X, y)
    chosen = _sample_rows(len(X), options.seed)
    X, y = X.iloc[chosen], y[chosen]
    console = make_console(quiet=options.as_json)
    print_problem(console, problem, options.data, scoring.note)
    scorer = check_scoring(model, scoring.scorer)
    with collect_warnings() as warnings:
        score = float(scorer(model, X, y))
        found = permutation_importance(
            model, X, y, scoring=scorer, n_repeats=options.n_repeats, random_state=options.seed
        )
    table = _make_table(list(X.columns), found)
    if options.as_json:
        print_json(
            {
                "scoring": scoring.name,
                "positive_class": scoring.positive,
                "score": score,
                "rows": len(X),
                "share_of_training_rows": known,
                "importances": table.to_dict("records"),
                "settings": vars(options),
                "seconds": round(time.monotonic() - start, 2),
            }
        )
        return
    print_warnings(console, warnings)
    _warn_of_training_rows(console, known)
    _print_table(console, table, scoring, score, n_rows=len(X), n_repeats=options.n_repeats)


def _choose_scoring(problem: Problem, options: ImportancesOptions, summary: dict[str, Any]) -> Scoring:
    """Return the scorer asked for, or else the one that the model was tuned by."""
    tuned_by = summary.get("nested_cv") or {}
    if options.scoring is not None or tuned_by.get("scoring") is None:
        return choose_scoring(problem, options.scoring, options.positive_class)
    positive = tuned_by.get("positive_class")
    chosen = options.positive_class if positive is None or options.positive_class else str(positive)
    return choose_scoring(problem, tuned_by["scoring"], chosen)


def _check_labels(model: Any, y: np.ndarray, target: str) -> None:
    if not is_classifier(model):
        return
    unknown = sorted(set(y.tolist()) - set(np.asarray(model.classes_).tolist()), key=str)
    if unknown:
        raise BadInput(
            f"{target!r} has the classes {list_names(unknown)}, and the model knows "
            f"{list_names(np.asarray(model.classes_))}: give the target that it was trained for, as --target"
        )


def _sample_rows(n_rows: int, seed: int) -> np.ndarray:
    """Return the places of the rows that are used, in their order."""
    if n_rows <= MOST_ROWS:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, MOST_ROWS, replace=False))


def _make_table(columns: list[str], found: Any) -> "pd.DataFrame":
    """Return a row for each column, the most important first."""
    import pandas as pd

    table = pd.DataFrame({"column": columns, "mean": found.importances_mean, "std": found.importances_std})
    table["values"] = list(found.importances)
    return table.sort_values("mean", ascending=False, kind="stable", ignore_index=True)


def _warn_of_training_rows(console: Console, known: float | None) -> None:
    if known is None or known < TRAINING_ROWS:
        return
    share = "" if known > 1 - TRAINING_ROWS else f"about {format_percentage(known)} of "
    console.print(
        wrap(
            f"Warning: {share}these rows are rows that the model was trained on. A column that it has merely learned "
            f"by heart seems important there: give rows that were held out."
        )
    )


def _print_table(
    console: Console, table: "pd.DataFrame", scoring: Scoring, score: float, *, n_rows: int, n_repeats: int
) -> None:
    metric = Metric(scoring.name)
    console.print(f"\n{capitalise(metric.label)} on {n_rows:,} rows: {metric.write(score)}")
    change = "rises" if metric.is_error else "falls"
    console.print(
        wrap(
            f"By how much it {change} when the values of a column are shuffled, so that they say nothing: mean and "
            f"standard deviation of {n_repeats} times."
        )
    )
    width = max(map(len, table["column"]))
    longest = max(float(table["mean"].max()), 1e-12)
    for _, row in table.iterrows():
        bar = "▪" * round(BAR * max(0.0, row["mean"]) / longest)
        console.print(
            f"  {row['column']:<{width}}  {format_score(row['mean']):>8} ± {format_score(row['std']):<8} {bar}".rstrip()
        )
    console.print(
        wrap(
            "A column may come out low because another one says the same. Importances are about this model: they do "
            "not say what causes the target."
        )
    )
