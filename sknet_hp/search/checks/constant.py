"""Whether the winner is better than a constant prediction."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.utils import _safe_indexing

from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.findings.metrics import MAJORITY
from sknet_hp.search.checks.case import SearchCase
from sknet_hp.search.running.selection import is_function_of_predictions
from sknet_hp.search.views.metric import name_scoring


@check("no_better_than_constant", "a constant prediction scores as well as the best candidate")
def find_no_better_than_constant(case: SearchCase) -> Iterator[Finding]:
    """Compare the winner with a constant prediction in the same splits.

    The most frequent class and its share, or the mean, of the training rows. The winner
    is no better if its mean is not higher.
    """
    if case.constant is None or not case.ranked:
        return
    best, constant = float(case.means[case.ranked[0]]), float(np.mean(case.constant))
    if not best <= constant:
        return
    scores = (
        f"The best candidate scores {case.write_score(best)}, and a constant prediction {case.write_score(constant)} "
        f"in the same splits"
    )
    if _is_accuracy(case) and constant >= MAJORITY:
        yield Finding(
            code="no_better_than_constant",
            severity="warning",
            message=f"{scores}. Nearly all rows are of one class, and accuracy hardly sees the others.",
            evidence={"best": best, "constant": constant},
            advice="So it is not known whether anything was learned. Score by balanced accuracy, ROC AUC, average "
            "precision or log loss: sknet_hp.evaluation.suggest_scoring(y) has them.",
        )
        return
    yield Finding(
        code="no_better_than_constant",
        severity="error",
        message=f"{scores}: nothing was learned that helps.",
        evidence={"best": best, "constant": constant},
        advice="Look at the splits first: if the table is sorted, shuffle them. Then give more epochs, other rates "
        "or more rows. A linear model shows whether the columns say anything about the target.",
    )


def _is_accuracy(case: SearchCase) -> bool:
    """Return whether a search goes by accuracy."""
    scoring = getattr(case.search, "scoring", None)
    return name_scoring(scoring, case.search.estimator) == "accuracy"


def score_constant(estimator: Any, y: Any, splits: Sequence[Any], scorer: Any) -> np.ndarray | None:
    """Return the scores of a constant prediction.

    Parameters
    ----------
    estimator : that is searched, a classifier or not.
    y : targets of all rows.
    splits : of the rows, (train, test) each.
    scorer : scikit-learn's.

    Returns
    -------
    ndarray of shape (n_splits,) or None
        None where the scorer is a user's function, or can't score a constant.
    """
    if y is None or not is_function_of_predictions(scorer):
        return None
    scores = []
    for train, test in splits:
        model = DummyClassifier() if is_classifier(estimator) else DummyRegressor()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(np.zeros((len(train), 1)), _safe_indexing(y, train))
                scores.append(float(scorer(model, np.zeros((len(test), 1)), _safe_indexing(y, test))))
        except Exception:  # whatever a metric has against a constant: the check is then not made
            return None
    return np.array(scores)
