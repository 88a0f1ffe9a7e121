"""scikit-learn's own estimators, as other steps of a pipeline, as bytes and back, by
skops: no pickle either.
"""

from copy import deepcopy
from functools import cache
from typing import Any
from zipfile import ZIP_STORED

from sklearn.base import BaseEstimator

from sknet_hp.estimators.persistence import metadata_requests
from sknet_hp.estimators.persistence.archives import check_sizes
from sknet_hp.estimators.persistence.classes import objects_in


@cache
def _trusted() -> list[str]:
    """What skops may build beside estimators: what they hold of scikit-learn's own,
    written in Python and called by nothing but their methods.

    Not what is compiled, such as trees and their like: it believes the sizes that a
    file tells it.
    """
    from sklearn import feature_selection, gaussian_process, metrics, model_selection

    scores = (
        "chi2",
        "f_classif",
        "f_oneway",
        "f_regression",
        "mutual_info_classif",
        "mutual_info_regression",
        "r_regression",
    )
    found = [getattr(feature_selection, name) for name in scores if hasattr(feature_selection, name)]
    found += [part for part in map(model_selection.__dict__.get, model_selection.__all__) if hasattr(part, "split")]
    found += [
        part for name, part in vars(metrics).items() if name.endswith(("_score", "_loss", "_error")) and callable(part)
    ]
    found += [
        part
        for part in vars(gaussian_process.kernels).values()
        if isinstance(part, type) and hasattr(part, "hyperparameters")
    ]
    return [
        *(f"{part.__module__}.{part.__qualname__}" for part in found),
        *(f"numpy.{name}" for name in ("dtype", "number", "integer", "floating", "object_")),
        *(
            f"sklearn.calibration.{name}"
            for name in ("_CalibratedClassifier", "_SigmoidCalibration", "_TemperatureScaling")
        ),
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.impute._iterative._ImputerTriplet",
        *(f"sklearn.metrics._scorer.{name}" for name in ("_CurveScorer", "_PassthroughScorer", "_Scorer")),
        "sklearn.multiclass._ConstantPredictor",
        *(f"sklearn.neural_network._stochastic_optimizers.{name}" for name in ("AdamOptimizer", "SGDOptimizer")),
        "sklearn.utils._metadata_requests.MetadataRequest",
        "sklearn.utils._metadata_requests.MethodMetadataRequest",
    ]


def step_to_bytes(value: Any, where: str) -> bytes:
    """What skops writes of it; `where` names it in errors.

    Raises
    ------
    TypeError
        If it holds something that skops does not store, or would not build when it is
        loaded.
    """
    import skops.io

    what = f"{where} ({type(value).__name__})"
    try:
        content = skops.io.dumps(
            _without_owners(value), compression=ZIP_STORED
        )  # so that it is as large as what it holds
    except Exception as error:  # of many kinds, from skops and from what it asks to describe itself
        raise TypeError(
            f"{what} can't be stored without pickle ({' '.join(str(error).split()).rstrip('.')}); use joblib.dump"
        ) from error
    unknown = sorted(set(skops.io.get_untrusted_types(data=content)) - set(_trusted()))
    if any(name.startswith("sknet_hp.") for name in unknown):
        raise TypeError(
            f"{what} holds a network, and is no public estimator of scikit-learn: save the network itself, or use "
            f"joblib.dump for all"
        )
    if unknown:
        raise TypeError(
            f"{what} holds {', '.join(unknown)}, which would not be trusted when it is loaded; use joblib.dump"
        )
    return content


def step_from_bytes(content: bytes) -> Any:
    """The opposite.

    Raises
    ------
    ValueError
        If it can't be read, holds what is not trusted, or would take more memory than
        its own size.
    """
    import skops.io

    try:
        check_sizes(content)
        return skops.io.loads(content, trusted=_trusted())
    except Exception as error:  # whatever a changed archive makes of skops
        raise ValueError("a step of the pipeline can't be read") from error


def _without_owners(value: Any) -> Any:
    """The same; a copy where estimators in it have requests, which would point back at
    them: skops writes trees.
    """
    if not _with_requests(value):
        return value
    value = deepcopy(value)
    for estimator in _with_requests(value):
        metadata_requests.restore(estimator, metadata_requests.plain(estimator), owner=type(estimator).__name__)
    return value


def _with_requests(value: Any) -> list[Any]:
    """The estimators in it that have requests of their own."""
    return [
        part
        for part in objects_in(value)
        if isinstance(part, BaseEstimator) and metadata_requests.ATTRIBUTE in vars(part)
    ]
