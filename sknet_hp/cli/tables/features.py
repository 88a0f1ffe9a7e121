"""The columns of a table that a model was fitted on."""

from typing import TYPE_CHECKING, Any

from sknet_hp.cli.errors import BadInput, list_names, suggest

if TYPE_CHECKING:
    import pandas as pd


def select_features(table: "pd.DataFrame", model: Any, data: str) -> "pd.DataFrame":
    """Return the columns of a table that a model was fitted on, in its order.

    Parameters
    ----------
    data : the name of the table, for errors.

    Raises
    ------
    BadInput
        If one is not there.
    """
    features = list(model.feature_names_in_)
    absent = [name for name in features if name not in table.columns]
    if absent:
        spare = [name for name in table.columns if name not in features]
        raise BadInput(
            f"{data!r} lacks {len(absent)} of the {len(features)} columns that the model was fitted on: add "
            f"{absent[0]!r}{suggest(absent[0], spare)}{f', {list_names(absent[1:])}' if absent[1:] else ''}"
        )
    return table[features]
