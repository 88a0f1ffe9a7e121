"""`sknet-hp card`: from a saved model to a page about it."""

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sknet_hp.cli.errors import BadInput, suggest
from sknet_hp.cli.models.saved import find_file, list_text_columns, load_model
from sknet_hp.cli.output.files import require_file_can_be_written, write_file
from sknet_hp.cli.output.wording import name_options
from sknet_hp.cli.slips import read_summary
from sknet_hp.cli.tables.features import select_features
from sknet_hp.cli.tables.fingerprint import estimate_known_share
from sknet_hp.cli.tables.loading import load_table
from sknet_hp.cli.tables.roles import drop_rows_without_target
from sknet_hp.formatting.numbers import format_count, format_percentage

if TYPE_CHECKING:
    import pandas as pd

    from sknet_hp.sharing.cards.scores import Measured, Score

ALL_ROWS = 0.95
"""From this share of training rows on, a table is taken for the training table: shares
are known to about five percent.
"""


def write_card(
    model_path: Path, data: str | None, target: str | None, name: str | None, out: Path | None, overwrite: bool
) -> None:
    """Write the card of a saved model into a file, or on standard output.

    Raises
    ------
    BadInput
        If the model is none, or the table lacks a column or is not the one of training.
    """
    from sknet_hp.sharing import card

    if out is not None:
        require_file_can_be_written(out, overwrite)
    model = load_model(model_path)
    run = read_summary(find_file(model_path).parent)
    target = run.get("target") if target is None else target
    X, y = None, None
    if data is not None:
        table = load_table(data, text_columns=list_text_columns(model))
        if target is not None and target not in table.columns:
            known = suggest(target, list(table.columns))
            raise BadInput(f"{data!r} has no column {target!r}{known}: give another --target")
        if target is not None:
            table, _ = drop_rows_without_target(table, target)  # as `tune` does
        X = select_features(table, model, data)
        y = None if target is None else table[target]
        if y is not None:
            _check_rows(run, X, y, data)
    measured, file = _read_scores(run), find_file(model_path).name
    made = card(model, evaluation=measured, X=X, y=y, target=target, name=name, file=file)
    made = replace(made, text=name_options(made.text))
    if out is None:
        print(made)
    else:
        write_file(out, made.save)
        print(f"The card is in {out}")


def _check_rows(run: dict[str, Any], X: "pd.DataFrame", y: "pd.Series", data: str) -> None:
    """Check that these are the rows that `tune` has trained on, if it noted them."""
    noted = run.get("training_rows")
    if not isinstance(noted, dict) or not noted.get("hashes"):
        return
    known = estimate_known_share(noted, X, y.to_numpy()) or 0.0
    if len(X) == noted["n"] and known >= ALL_ROWS:
        return
    share = "none" if known == 0 else f"about {format_percentage(known)}"
    trained = (run.get("settings") or {}).get("data")
    raise BadInput(
        f"{data!r} is not the table that the model was trained on: it has {format_count(len(X), 'row')} (training: "
        f"{noted['n']:,}), and with the target {y.name!r} {share} of them are rows of training. A card describes those "
        f"rows: give their table{f' ({trained})' if trained else ''}, or no table"
    )


def _read_scores(run: dict[str, Any]) -> "Measured | None":
    """Return the scores on new rows that `tune` has noted, or None."""
    from sknet_hp.findings import Finding
    from sknet_hp.sharing.cards.scores import Measured, Score

    nested = run.get("nested_cv")
    if not nested or nested.get("mean") is None:
        return None
    interval = nested.get("interval") or {}
    ends = [np.nan if interval.get(end) is None else interval[end] for end in ("low", "high")]
    known = [field.name for field in fields(Finding)]
    found = [Finding(**{name: each[name] for name in known if name in each}) for each in run.get("findings", [])]
    n_models = sum(score is not None for score in nested["folds"])
    score = Score(nested["scoring"], nested["mean"], *ends)
    chosen = list(run.get("best_params") or ())
    return Measured([score], n_models, True, found, _read_beside(run), nested.get("calibration_error"), chosen)


def _read_beside(run: dict[str, Any]) -> "list[tuple[str, Score]]":
    """Return the scores of the models that `tune` has scored for comparison."""
    from sknet_hp.sharing.cards.scores import Score

    pairs = run.get("comparisons") or [{}]
    own = pairs[0].get("first")  # the tuned model is compared with each of the others, before they are
    found = []
    for each in run.get("beside") or ():
        mean, low, high = (np.nan if each.get(part) is None else each[part] for part in ("mean", "low", "high"))
        if each["name"] != own:
            found.append((each["name"], Score(each["metric"], mean, low, high)))
    return found
