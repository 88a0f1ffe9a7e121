"""By what models are scored; asked before anything is trained."""

import warnings
from dataclasses import dataclass
from typing import Any

from sknet_hp.cli.errors import BadInput, list_names, suggest
from sknet_hp.cli.tables.problem import Problem

SHORT = {
    "auc": "roc_auc",
    "bacc": "balanced_accuracy",
    "logloss": "neg_log_loss",
    "mae": "neg_mean_absolute_error",
    "mape": "neg_mean_absolute_percentage_error",
    "medae": "neg_median_absolute_error",
    "mse": "neg_mean_squared_error",
    "pr_auc": "average_precision",
    "rmse": "neg_root_mean_squared_error",
    "rmsle": "neg_root_mean_squared_log_error",
}
"""What people call scorers, and what scikit-learn does."""


@dataclass(frozen=True)
class Scoring:
    """A scorer of scikit-learn's.

    Attributes
    ----------
    name : as scikit-learn knows it.
    positive : the class that it scores, as it stands in the target; None where it
        scores all, or where scikit-learn takes the right one by itself.
    scored : the class that it scores, also where scikit-learn takes it; else None.
    note : what a person should know of it, in a sentence; may be empty.
    """

    name: str
    positive: Any = None
    scored: Any = None
    note: str = ""

    @property
    def scorer(self) -> Any:
        """What searches and evaluations are given."""
        from sknet_hp.findings.positive import make_class_scorer

        return self.name if self.positive is None else make_class_scorer(self.name, self.positive)


def choose_scoring(problem: Problem, scoring: str | None, positive: str | None = None) -> Scoring:
    """Return the scorer that is asked for, or accuracy or r2.

    Parameters
    ----------
    scoring : name of a scorer, None for the default.
    positive : the class that is to be found, as text; None for the usual one.

    Raises
    ------
    BadInput
        If it does not exist, or does not suit the problem.
    """
    from sklearn.metrics import get_scorer_names

    chosen = ("accuracy" if problem.task == "classification" else "r2") if scoring is None else scoring
    names = get_scorer_names()
    if chosen not in names:
        near = suggest(SHORT.get(chosen.lower(), chosen), names)
        raise BadInput(
            f"there is no scoring {chosen!r}{near}: take a scorer of scikit-learn, for example accuracy, "
            f"balanced_accuracy, roc_auc, neg_log_loss, r2 or neg_root_mean_squared_error"
        )
    made = _choose_class(problem, chosen, positive)
    _check_scoring(problem, made)
    return made


def _choose_class(problem: Problem, scoring: str, positive: str | None) -> Scoring:
    """Return a scorer with the class that it is to score, if it scores one."""
    import numpy as np

    from sknet_hp.findings.positive import list_scorers_of_one_class, scores_one_class

    classes, counts = np.unique(problem.y, return_counts=True)
    labels = classes.tolist()
    has_two = problem.task == "classification" and len(labels) == 2
    if positive is None:
        if not (has_two and scores_one_class(scoring)):
            return Scoring(scoring)
        if 1 in labels:
            note = _write_class_note(scoring, problem, 1, "scikit-learn's choice")
            return Scoring(scoring, scored=1, note="" if labels in ([0, 1], [-1, 1]) else note)
        rarer = labels[0] if counts[0] < counts[1] else labels[1]
        reason = "the rarer one" if counts[0] != counts[1] else "the last in sorted order"
        return Scoring(scoring, rarer, rarer, _write_class_note(scoring, problem, rarer, reason))
    if not has_two:
        raise BadInput(
            f"--positive-class {positive!r} needs a target with two classes, and {problem.target!r} "
            f"{f'has {len(labels)}' if problem.task == 'classification' else 'is a number'}: leave it out"
        )
    if not scores_one_class(scoring):
        raise BadInput(
            f"--positive-class {positive!r} has no effect with --scoring {scoring}, which scores both classes: "
            f"leave it "
            f"out, or say --scoring f1, average_precision or recall (all: {', '.join(list_scorers_of_one_class())})"
        )
    known = {str(label): label for label in labels}
    if positive not in known:
        raise BadInput(
            f"--positive-class {positive!r} is not a class of {problem.target!r}{suggest(positive, known)}: give "
            f"{list_names(known)}"
        )
    return Scoring(scoring, known[positive], known[positive])


def _write_class_note(scoring: str, problem: Problem, label: Any, reason: str) -> str:
    return (
        f"{scoring} is computed for the class {str(label)!r} of {problem.target!r} ({reason}); --positive-class "
        f"chooses the other"
    )


def _check_scoring(problem: Problem, scoring: Scoring) -> None:
    """Check that a scorer can score this target, on the constant prediction."""
    import numpy as np
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.metrics import get_scorer

    dummy = DummyClassifier() if problem.task == "classification" else DummyRegressor()
    nothing = np.zeros((len(problem.y), 1))
    score = get_scorer(scoring.scorer)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = float(score(dummy.fit(nothing, problem.y), nothing, problem.y))
    except (ValueError, TypeError, AttributeError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise BadInput(
            f"--scoring {scoring.name} does not suit this {_describe(problem)} ({reason}): choose another scorer, such "
            f"as {_list_suitable_scorers(problem)}"
        ) from error
    if not np.isfinite(value):
        raise BadInput(
            f"--scoring {scoring.name} gives {value} for this {_describe(problem)}: choose another scorer, such as "
            f"{_list_suitable_scorers(problem)}"
        )


def _list_suitable_scorers(problem: Problem) -> str:
    if problem.task == "regression":
        return "r2, neg_root_mean_squared_error or neg_mean_absolute_error"
    return "accuracy, balanced_accuracy, f1_macro, neg_log_loss or " + (
        "roc_auc" if len(set(problem.y.tolist())) == 2 else "roc_auc_ovr"
    )


def _describe(problem: Problem) -> str:
    return (
        f"{problem.task} of {len(set(problem.y.tolist()))} classes"
        if problem.task == "classification"
        else problem.task
    )
