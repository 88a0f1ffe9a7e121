"""`sknet-hp predict`: from a saved model and a table to a CSV of predictions."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import is_classifier

from sknet_hp.cli.data import load_table
from sknet_hp.cli.errors import BadInput, listed
from sknet_hp.cli.output import MODEL, require_file_can_be_written, write_file

TEXT_COLUMNS = "text_columns_"
"""Attribute of a saved model: the features that were text in training, which a CSV of digits only would not tell."""


def predict_table(model_path: Path, data: str, out: Path | None, proba: bool, overwrite: bool) -> None:
    """Predict every row of a table and write the predictions as CSV.

    Raises
    ------
    BadInput
        If the model is none, the table lacks a feature of the model's, or the result can't be written.
    """
    if out is not None:
        require_file_can_be_written(out, overwrite)
    model = load_model(model_path)
    if proba and not (is_classifier(model) and hasattr(model, "predict_proba")):
        raise BadInput(f"--proba needs a classifier and {str(model_path)!r} is a {type(model).__name__}: leave --proba out")
    features = list(model.feature_names_in_)
    table = load_table(data, text_columns=getattr(model, TEXT_COLUMNS, []))
    absent = [name for name in features if name not in table.columns]
    if absent:
        raise BadInput(f"{data!r} lacks {len(absent)} of the {len(features)} columns that the model was fitted on: add {listed(absent)}")
    predictions = _predict(model, table[features], data, proba)
    if out is None:
        predictions.to_csv(sys.stdout, index=False)
    else:
        write_file(out, lambda path: predictions.to_csv(path, index=False))
        print(f"{len(predictions):,} predictions are in {out}")


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
    file = path / MODEL if path.is_dir() else path
    if not file.is_file():
        raise BadInput(f"there is no model {str(file)!r}: give a {MODEL} that tune wrote, or its directory")
    from sknet_hp.estimators.persistence import SavedModelError, load  # torch takes a second to import: not for a mere mistake in a name

    try:
        model = load(file)
    except PermissionError:
        raise BadInput(f"{str(file)!r} can't be read: you have no permission, ask for it or copy the file") from None
    except SavedModelError as error:
        raise BadInput(f"{error}: give a {MODEL} that tune wrote") from error
    if not (hasattr(model, "predict") and hasattr(model, "feature_names_in_")):
        raise BadInput(
            f"{str(file)!r} holds a {type(model).__name__}, no estimator fitted on a table with named columns: give a {MODEL} that tune wrote"
        )
    return model


def _predict(model: Any, X: pd.DataFrame, data: str, proba: bool) -> pd.DataFrame:
    try:
        predictions = pd.DataFrame({"prediction": model.predict(X)})
        if proba:
            names = [f"probability_{label}" for label in model.classes_]
            predictions[names] = model.predict_proba(X)
    except (ValueError, TypeError) as error:
        raise BadInput(f"the model can't predict the rows of {data!r} ({' '.join(str(error).split()).rstrip('.')}): correct the table") from error
    except AttributeError as error:
        raise BadInput(f"the model was fitted by another version of sknet_hp or of its libraries ({error}): run tune again") from error
    return predictions
