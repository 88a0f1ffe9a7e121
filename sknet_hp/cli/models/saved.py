"""Models that `tune` or `sknet_hp.save` has written."""

from pathlib import Path
from typing import Any

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.files import JOURNAL, MODEL, SUMMARY
from sknet_hp.cli.slips import suggest_run
from sknet_hp.cli.tables.loading import is_table_name
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
        raise BadInput(_explain_no_model(path))
    if is_table_name(path.name):
        raise BadInput(f"{str(path)!r} is a table, and a model is expected here: give the directory that tune wrote")
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


def _explain_no_model(path: Path) -> str:
    """Return why there is no model at a path, and what to give instead."""
    if path.is_dir() and (path / SUMMARY).exists():
        return f"the run in {str(path)!r} keeps no model, as tune does: give the directory that tune wrote"
    if path.is_dir() and (path / JOURNAL).exists():
        return f"the run in {str(path)!r} has not finished: wait for it, or continue it with --resume"
    return (
        f"there is no model {str(path)!r}{suggest_run(path)}: give a {MODEL} that tune wrote, its directory, or a file "
        f"that sknet_hp.save wrote"
    )


def list_text_columns(model: Any) -> list[str]:
    """Return the features that were text in training.

    Tune has noted them, or a network's own encoder knows.
    """
    encoder = getattr(model, "encoder_", None)
    known = [] if encoder is None else [model.feature_names_in_[column] for column in encoder.text_columns]
    return list(getattr(model, TEXT_COLUMNS, known))
