"""Requests for groups and weights, so that they reach every level."""

from typing import Any

from sklearn import config_context
from sklearn.base import is_classifier, is_outlier_detector, is_regressor
from sklearn.metrics import check_scoring
from sklearn.metrics._scorer import _BaseScorer, _MultimetricScorer

from sknet_hp.evaluation.levels.walk import find_requests, iterate_parts, list_own_parameters
from sknet_hp.evaluation.running.data import Data
from sknet_hp.evaluation.running.fitting import find_consumed, route_metadata
from sknet_hp.fusion.detection import TrainsNetworks


def request_metadata(estimator: Any, data: Data) -> list[str]:
    """Let groups and weights reach all that can use them, in place, and return notes.

    What the user has requested, or refused, stays as it is. Weights go to what
    predicts, not to the steps before it, and to the scorers of searches.

    Parameters
    ----------
    estimator : whose requests are set; a copy of the user's.
    data : whose groups and weights are to be handed on.
    """
    notes: list[str] = []
    if data.groups is None and data.sample_weight is None:
        return notes
    with config_context(enable_metadata_routing=True):
        for prefix, part in iterate_parts(estimator):
            if data.groups is not None:
                _request(part, "fit", "groups", wanted=True, also_if_refused=isinstance(part, TrainsNetworks))
            if data.sample_weight is not None:
                _request(part, "fit", "sample_weight", wanted=_predicts(part))
                _request(part, "score", "sample_weight", wanted=True)
                notes += _weigh_scorers(prefix, part)
    with route_metadata(data):
        if data.sample_weight is not None and not find_consumed(estimator, ["sample_weight"]):
            notes.append(
                f"weights are not used in fits, because nothing in {type(estimator).__name__} takes sample_weight; "
                f"scores are weighted all the same"
            )
    return notes


def _request(part: Any, method: str, name: str, *, wanted: bool, also_if_refused: bool = False) -> None:
    """Decide a request that nobody has decided."""
    requests = find_requests(part, method)
    if name in requests and (requests[name] is None or (also_if_refused and requests[name] is False)):
        getattr(part, f"set_{method}_request")(**{name: wanted})


def _predicts(part: Any) -> bool:
    return is_classifier(part) or is_regressor(part) or is_outlier_detector(part)


def _weigh_scorers(prefix: str, part: Any) -> list[str]:
    """Let the scorers of a search ask for weights, and return what cannot."""
    own = list_own_parameters(part)
    scoring = own.get("scoring")
    if scoring is None or "cv" not in own or "estimator" not in own:
        return []
    if callable(scoring) or isinstance(scoring, str):
        weighed = _weigh(check_scoring(part.estimator, scoring))
        part.set_params(scoring=weighed)
        return [] if isinstance(weighed, _BaseScorer) else [f"{prefix}scoring is a function, which gets no weights"]
    several = check_scoring(part.estimator, scoring)
    assert isinstance(several, _MultimetricScorer)
    part.set_params(scoring={name: _weigh(scorer) for name, scorer in several._scorers.items()})
    return []


def _weigh(scorer: Any) -> Any:
    if isinstance(scorer, _BaseScorer) and scorer._accept_sample_weight():
        return scorer.set_score_request(sample_weight=True)
    return scorer
