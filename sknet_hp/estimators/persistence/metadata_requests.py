"""Requests for metadata of an estimator, as plain data and back.

`set_fit_request(sample_weight=True)` makes such a request. scikit-learn keeps them in
an object that points back at the estimator.
"""

from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import MetadataRequest

ATTRIBUTE = "_metadata_request"
"""Where scikit-learn keeps an estimator's requests."""

Requests = dict[str, dict[str, bool | str | None]]
"""For each method, what it requests of each kind of metadata."""


def export_requests(estimator: BaseEstimator) -> Requests:
    """Return an estimator's requests, for each method that has some.

    A method wants metadata (True), does not want it (False), refuses it (None), or
    knows it by another name.
    """
    methods = {name: part.requests for name, part in vars(vars(estimator)[ATTRIBUTE]).items() if name != "owner"}
    return {name: dict(wanted) for name, wanted in methods.items() if wanted}


def restore_requests(estimator: BaseEstimator, requests: Requests, owner: str | None = None) -> None:
    """Give an estimator these requests.

    `owner` is what scikit-learn's errors call it; the estimator itself if None.

    Raises
    ------
    ValueError, TypeError or AttributeError
        If they are no requests.
    """
    made = MetadataRequest(owner=estimator if owner is None else owner)
    for method, wanted in requests.items():
        of_method = vars(made)[method]
        for name, alias in wanted.items():
            of_method.add_request(param=str(name), alias=alias)
    vars(estimator)[ATTRIBUTE] = made
