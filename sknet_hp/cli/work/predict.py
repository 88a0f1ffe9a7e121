"""`sknet-hp predict`: from a saved model and a table to a CSV of predictions."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from sklearn.base import is_classifier

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.saved import find_file, list_text_columns, load_model
from sknet_hp.cli.output.files import require_file_can_be_written, write_file
from sknet_hp.cli.output.messages import collect_warnings
from sknet_hp.cli.output.training import print_warnings
from sknet_hp.cli.tables.features import select_features
from sknet_hp.cli.tables.loading import PARQUET_ENDINGS, SPREADSHEET_ENDINGS, load_table


def predict_table(model_path: Path, data: str, out: Path | None, proba: bool, overwrite: bool) -> None:
    """Predict every row of a table and write the predictions as CSV.

    Raises
    ------
    BadInput
        If the model is none, the table lacks a feature of the model's, or the result
        can't be written.
    """
    if out is not None:
        if out.name.lower().endswith(SPREADSHEET_ENDINGS):
            raise BadInput(f"--out {str(out)!r} is a spreadsheet: give a name in .csv, which spreadsheets open")
        require_file_can_be_written(out, overwrite)
        for source in (Path(data), find_file(model_path)):
            if out.exists() and source.exists() and out.samefile(source):
                raise BadInput(f"--out {str(out)!r} is an input of this command and would be lost: give another file")
    model = load_model(model_path)
    if proba and not (is_classifier(model) and hasattr(model, "predict_proba")):
        what = "gives classes without them" if is_classifier(model) else "predicts numbers, so it has none"
        raise BadInput(
            f"--proba asks for the probabilities of classes, and {str(model_path)!r} {what}: leave --proba out"
        )
    table = select_features(load_table(data, text_columns=list_text_columns(model)), model, data)
    with collect_warnings() as warnings:
        predictions = _predict(model, table, data, proba)
    print_warnings(Console(stderr=True, highlight=False, soft_wrap=True, markup=False), warnings)
    if out is None:
        predictions.to_csv(sys.stdout, index=False)
    else:
        write_file(out, lambda path: _write(predictions, path, out.name.lower()))
        print(f"{len(predictions):,} predictions are in {out}")


def _write(predictions: pd.DataFrame, path: Path, name: str) -> None:
    """Write them in the format that the file's name says; CSV if it says nothing."""
    if name.endswith(PARQUET_ENDINGS):
        predictions.to_parquet(path, index=False)
    else:
        predictions.to_csv(path, index=False, compression="gzip" if name.endswith(".gz") else None)


def _predict(model: Any, X: pd.DataFrame, data: str, proba: bool) -> pd.DataFrame:
    try:
        predictions = pd.DataFrame({"prediction": model.predict(X)})
        if proba:
            names = [f"probability_{label}" for label in model.classes_]
            predictions[names] = model.predict_proba(X)
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"the model can't predict the rows of {data!r} ({' '.join(str(error).split()).rstrip('.')}): correct the "
            f"table"
        ) from error
    except AttributeError as error:
        raise BadInput(
            f"the model was fitted by another version of sknet_hp or of its libraries ({error}): run tune again"
        ) from error
    return predictions
