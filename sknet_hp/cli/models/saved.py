"""Models that `tune` or `sknet_hp.save` has written."""

from pathlib import Path
from typing import Any

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.files import MODEL
from sknet_hp.estimators.persistence import SavedModelError, load

TEXT_COLUMNS = "text_columns_"
"""Attribute of a saved model: the features that were text in training, which a CSV of
digits only would not tell.
"""


def find_file(model: Path) -> Path:
    """Return the file of a model that may be given by its directory."""
    return model / MODEL if model.is_dir() else model


def load_model(path: Path) -> Any:
    """Load a fitted estimator.

    Parameters
    ----------
    path : Path
        Its file, or a directory that `tune` wrote.

    Raises
    ------
    BadInput
        If it is not there or is nothing of the kind.
    """
    file = find_file(path)
    if not file.is_file():
        raise BadInput(
            f"there is no model {str(file)!r}: give a {MODEL} that tune wrote, its directory, or a file that "
            f"sknet_hp.save wrote"
        )
    try:
        model = load(file)
    except PermissionError:
        raise BadInput(f"{str(file)!r} can't be read: you have no permission, ask for it or copy the file") from None
    except SavedModelError as error:
        raise BadInput(f"{error}: give a {MODEL} that tune wrote, or a file that sknet_hp.save wrote") from error
    if not (hasattr(model, "predict") and hasattr(model, "feature_names_in_")):
        raise BadInput(
            f"{str(file)!r} holds a {type(model).__name__}, not an estimator fitted on a table with named "
            f"columns: give a "
            f"{MODEL} that tune wrote, or save one that was"
        )
    return model


def list_text_columns(model: Any) -> list[str]:
    """Return the features that were text in training.

    Tune has noted them, or a network's own encoder knows.
    """
    encoder = getattr(model, "encoder_", None)
    known = [] if encoder is None else [model.feature_names_in_[column] for column in encoder.text_columns]
    return list(getattr(model, TEXT_COLUMNS, known))
