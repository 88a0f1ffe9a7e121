"""Objects of scikit-learn that hold no network, as bytes and back, without pickle.

They are written by skops, whole: other steps of a saved pipeline, and the states of a
search over estimators that are not ours.
"""

from collections.abc import Collection
from copy import deepcopy
from functools import cache
from typing import Any
from zipfile import ZIP_STORED

from sklearn.base import BaseEstimator

from sknet_hp.estimators.persistence import metadata_requests
from sknet_hp.estimators.persistence.archives import check_sizes
from sknet_hp.estimators.persistence.classes import iterate_estimators


@cache
def list_trusted_parts() -> tuple[str, ...]:
    """Return the names of what skops may build beside estimators.

    It is what estimators hold of scikit-learn's own that is written in Python and
    called by nothing but their methods. Compiled classes, such as trees, are not among
    them: they believe the sizes that a file tells them.
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
    return (
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
    )


def dump_with_skops(value: object, where: str, more_trusted: Collection[str] = ()) -> bytes:
    """Return what skops writes of an object.

    Parameters
    ----------
    value : what to write.
    where : names it in errors.
    more_trusted : names of types that skops may build beside the usual ones.

    Raises
    ------
    TypeError
        If it holds something that skops does not store, or would not build when it is
        loaded.
    """
    import skops.io

    what = f"{where} ({type(value).__name__})"
    try:
        # Not compressed, so that it is as large as what it holds.
        content: bytes = skops.io.dumps(_detach_requests(value), compression=ZIP_STORED)
    except Exception as error:  # of many kinds, from skops and from what it asks to describe itself
        raise TypeError(
            f"{what} can't be stored without pickle ({' '.join(str(error).split()).rstrip('.')}); use joblib.dump"
        ) from error
    unknown = sorted({*skops.io.get_untrusted_types(data=content)}.difference(list_trusted_parts(), more_trusted))
    if any(name.startswith("sknet_hp.") for name in unknown):
        raise TypeError(
            f"{what} holds a network, and is not a public estimator of scikit-learn: save the network itself, or use "
            f"joblib.dump for all"
        )
    if unknown:
        raise TypeError(
            f"{what} holds {', '.join(unknown)}, which would not be trusted when it is loaded; use joblib.dump"
        )
    return content


def load_with_skops(content: bytes, more_trusted: Collection[str] = ()) -> Any:
    """Return the object that `dump_with_skops` has written.

    Raises
    ------
    ValueError
        If it can't be read, holds what is not trusted, or would take more memory than
        its own size.
    """
    import skops.io

    try:
        check_sizes(content)
        return skops.io.loads(content, trusted=[*list_trusted_parts(), *more_trusted])
    except Exception as error:  # whatever a changed archive makes of skops
        raise ValueError("an object of scikit-learn can't be read") from error


def _detach_requests(value: Any) -> Any:
    """Return the value, or a copy whose requests for metadata name no estimator.

    scikit-learn's requests point back at their estimator, and skops writes trees.
    """
    if not _find_requests(value):
        return value
    value = deepcopy(value)
    for estimator in _find_requests(value):
        requests = metadata_requests.export_requests(estimator)
        metadata_requests.restore_requests(estimator, requests, owner=type(estimator).__name__)
    return value


def _find_requests(value: Any) -> list[BaseEstimator]:
    """Return the estimators in a value that have requests of their own."""
    return [
        part
        for part in iterate_estimators(value)
        if isinstance(part, BaseEstimator) and metadata_requests.ATTRIBUTE in vars(part)
    ]
