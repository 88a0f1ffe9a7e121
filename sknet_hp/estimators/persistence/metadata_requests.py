"""Requests for metadata of an estimator, as plain data and back.

`set_fit_request(sample_weight=True)` makes such a request. scikit-learn keeps them in
an object that points back at the estimator.
"""

from typing import Any

from sklearn.utils.metadata_routing import MetadataRequest

ATTRIBUTE = "_metadata_request"


def export_requests(estimator: Any) -> dict[str, dict[str, bool | str | None]]:
    """Return an estimator's requests, for each method that has some.

    A method wants metadata (True), does not want it (False), refuses it (None), or
    knows it by another name.
    """
    methods = {name: part.requests for name, part in vars(vars(estimator)[ATTRIBUTE]).items() if name != "owner"}
    return {name: dict(wanted) for name, wanted in methods.items() if wanted}


def restore_requests(estimator: Any, wanted: dict[str, dict[str, bool | str | None]], owner: Any = None) -> None:
    """Give an estimator these requests.

    `owner` is whom scikit-learn's errors name, the estimator itself if None.

    Raises
    ------
    ValueError, TypeError or AttributeError
        If they are no requests.
    """
    made = MetadataRequest(owner=estimator if owner is None else owner)
    for method, each in wanted.items():
        of_method = vars(made)[method]
        for name, alias in each.items():
            of_method.add_request(param=str(name), alias=alias)
    vars(estimator)[ATTRIBUTE] = made
