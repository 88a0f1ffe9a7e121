"""`sknet-hp export`: from a saved model to an ONNX file."""

from pathlib import Path

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.saved import list_text_columns, load_model
from sknet_hp.cli.output.files import MODEL, require_file_can_be_written, write_file
from sknet_hp.cli.output.wording import name_options
from sknet_hp.cli.tables.features import select_features
from sknet_hp.cli.tables.loading import load_table
from sknet_hp.formatting.numbers import format_bytes


def export_model(model_path: Path, data: str | None, out: Path | None, overwrite: bool) -> None:
    """Write a saved model as ONNX, compared on the rows of a table if there is one.

    Without `out`, into the working directory, under the model's name.

    Raises
    ------
    BadInput
        If the model is none or has no ONNX form, if a package is missing, or if the
        file predicts otherwise.
    """
    from sknet_hp.sharing import export

    if out is None:
        out = Path(f"{_name_model(model_path)}.onnx")
    require_file_can_be_written(out, overwrite)
    model = load_model(model_path)
    X = None
    if data is not None:
        X = select_features(load_table(data, text_columns=list_text_columns(model)), model, data)
    try:
        write_file(out, lambda path: export(model, path, X))
    except (ImportError, TypeError, ValueError) as error:
        raise BadInput(f"the model can't be exported: {name_options(' '.join(str(error).split()))}") from error
    checked = "not compared with the model; give DATA to compare them"
    if X is not None:
        checked = f"predicts {len(X):,} rows of {data} as the model does"
    print(f"{out} ({format_bytes(out.stat().st_size)}): {checked}")


def _name_model(path: Path) -> str:
    """Return what a model is called: by its directory if `tune` has named the file."""
    place = path.resolve()
    if place.name == MODEL:
        place = place.parent
    return place.name if place.is_dir() else place.stem
