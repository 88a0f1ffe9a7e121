"""`sknet-hp card`: from a saved model to a page about it."""

from pathlib import Path

from sknet_hp.cli.errors import BadInput, suggest
from sknet_hp.cli.models.saved import find_file, list_text_columns, load_model
from sknet_hp.cli.output.files import require_file_can_be_written, write_file
from sknet_hp.cli.tables.features import select_features
from sknet_hp.cli.tables.loading import load_table


def write_card(
    model_path: Path, data: str | None, target: str | None, name: str | None, out: Path | None, overwrite: bool
) -> None:
    """Write the card of a saved model into a file, or on standard output.

    Raises
    ------
    BadInput
        If the model is none, or the table lacks a column.
    """
    from sknet_hp.sharing import card

    if out is not None:
        require_file_can_be_written(out, overwrite)
    model = load_model(model_path)
    X, y = None, None
    if data is not None:
        table = load_table(data, text_columns=list_text_columns(model))
        if target is not None and target not in table.columns:
            raise BadInput(
                f"{data!r} has no column {target!r}{suggest(target, list(table.columns))}: give another --target"
            )
        X = select_features(table, model, data)
        y = None if target is None else table[target]
    elif target is not None:
        raise BadInput("--target names a column of DATA: give the table, too")
    made = card(model, X=X, y=y, name=name, file=find_file(model_path).name)
    if out is None:
        print(made)
    else:
        write_file(out, made.save)
        print(f"The card is in {out}")
