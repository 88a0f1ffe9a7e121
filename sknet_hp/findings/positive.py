"""Metrics of one class: of which one, where the labels do not say."""

import warnings
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.metrics import get_scorer, get_scorer_names, make_scorer
from sklearn.metrics._scorer import _BaseScorer, _Scorer
from sklearn.utils.multiclass import type_of_target


def scores_one_class(scoring: str) -> bool:
    """Return whether one of scikit-learn's scorers scores a single class.

    Such as "f1", "recall" and "average_precision", which take the class 1 if they are
    told nothing.
    """
    scorer = get_scorer(scoring)
    label = signature(scorer._score_func).parameters.get("pos_label", Parameter("none", Parameter.KEYWORD_ONLY))
    return label.default == 1 and scorer._kwargs.get("average", "binary") == "binary"


def list_scorers_of_one_class() -> list[str]:
    """Return the names of scikit-learn's scorers that score a single class."""
    return [name for name in get_scorer_names() if scores_one_class(name)]


def make_class_scorer(scoring: str, positive: Any) -> Callable[..., float]:
    """Return a scikit-learn scorer with a given positive class.

    Parameters
    ----------
    scoring : str
        The name of a scikit-learn scorer that scores one class, such as "f1", "recall"
        or "average_precision".
    positive : label
        The class, as it is in the target.

    Returns
    -------
    scorer : callable
        For ``scoring=`` of searches and evaluations.

    Raises
    ------
    ValueError
        If the scorer does not exist, or does not score one class.

    Examples
    --------
    >>> from sknet_hp.evaluation import make_class_scorer
    >>> make_class_scorer("f1", "yes")
    make_scorer(f1_score, response_method='predict', average=binary, pos_label=yes)
    """
    scorer = get_scorer(scoring)
    if not scores_one_class(scoring):
        raise ValueError(
            f"scoring={scoring!r} does not score one class, so it takes no positive one; those that do: "
            f"{', '.join(list_scorers_of_one_class())}"
        )
    return make_scorer(
        scorer._score_func,
        response_method=scorer._response_method,
        greater_is_better=scorer._sign > 0,
        **scorer._kwargs | {"pos_label": positive},
    )


def find_name(scorer: Any) -> str | None:
    """Return the name of scikit-learn's scorer that this one is, for whatever class."""
    if not isinstance(scorer, _BaseScorer):
        return None
    for name in list_scorers_of_one_class():
        known = get_scorer(name)
        own = {key: value for key, value in scorer._kwargs.items() if key != "pos_label"}
        if (scorer._score_func, scorer._sign, own) == (known._score_func, known._sign, known._kwargs):
            return name
    return None


def require_labels(scorers: Mapping[str, Callable[..., float]], y: Any) -> None:
    """Refuse metrics of one class where they do not know which, before all is trained.

    Raises
    ------
    ValueError
        If scikit-learn's metric takes 1 for the class to find, and y has no 1.
    """
    if y is None:
        return
    with np.errstate(invalid="ignore"):  # it casts NaN to whole numbers before it refuses it
        kind = type_of_target(y, input_name="y")
    if kind != "binary":
        return
    rows, y = np.zeros((len(y), 1)), np.asarray(y)
    constant = DummyClassifier().fit(rows, y)
    for name, scorer in scorers.items():
        if type(scorer) is not _Scorer:  # others may want more than a constant prediction, or count calls
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                scorer(constant, rows, y)
        except Exception as error:  # whatever a metric of the user's has against a constant prediction
            if "pos_label" in str(error):
                labels = np.unique(y).tolist()
                known = name if name in get_scorer_names() else "f1"
                raise ValueError(
                    f"scoring={name!r} scores one class, and cannot tell which of "
                    f"{', '.join(map(repr, labels))}: scoring=sknet_hp.evaluation.suggest_scoring(y) takes the rarer "
                    f"one; scoring=sknet_hp.evaluation.make_class_scorer({known!r}, {labels[-1]!r}) takes the one "
                    f"that you name"
                ) from error
