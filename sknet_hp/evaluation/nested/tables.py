"""Tables of what came of the outer folds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.evaluation.running.data import Data, Split
from sknet_hp.evaluation.running.outcome import Outcome

Folds = Sequence[tuple[Split, Outcome | None]]
"""The outer splits, with what came of each."""


def make_fold_table(folds: Folds, metrics: Sequence[str]) -> pd.DataFrame:
    """Return one row for each outer fold: scores, what was chosen, rows and times."""
    rows: list[dict[str, Any]] = []
    for split, outcome in folds:
        row: dict[str, Any] = {"repeat": split.repeat, "fold": split.fold}
        row |= dict.fromkeys(metrics, np.nan) | ({} if outcome is None else outcome.scores)
        if outcome is not None:
            row["inner_score"] = np.nan if outcome.inner_score is None else outcome.inner_score
            row |= {f"param_{name}": value for name, value in outcome.params.items()}
            row |= {"fit_time": outcome.fit_time, "score_time": outcome.score_time}
        row |= {"n_train": len(split.train), "n_test": len(split.test), "status": name_status(outcome)}
        rows.append(row)
    table = pd.DataFrame(rows)
    params = [name for name in table if str(name).startswith("param_")]
    last = [name for name in ("n_train", "n_test", "fit_time", "score_time", "status") if name in table]
    first = ["repeat", "fold", *metrics, *(["inner_score"] if "inner_score" in table else [])]
    return table[[*first, *params, *last]]


def name_status(outcome: Outcome | None) -> str:
    """Return whether a fold is finished: "done", "failed" or "not finished"."""
    return "not finished" if outcome is None else "failed" if outcome.error is not None else "done"


def make_predictions(folds: Folds, data: Data) -> pd.DataFrame:
    """Return the predictions of all rows, each by a model that has not seen it.

    The index is that of the rows' numbers; columns are repeat, fold, y where there is
    one, prediction, and the probability of each class.
    """
    parts = []
    for split, outcome in folds:
        if outcome is None or outcome.predictions is None:
            continue
        columns: dict[str, Any] = {"repeat": split.repeat, "fold": split.fold}
        y = None if data.y is None else np.asarray(data.y)[split.test]
        for name, values in (("y", y), ("prediction", outcome.predictions)):
            if values is not None and values.ndim > 1:
                columns |= {f"{name}_{k}": values[:, k] for k in range(values.shape[1])}
            elif values is not None:
                columns[name] = values
        if outcome.probabilities is not None and outcome.classes is not None:
            columns |= {f"probability_{name}": outcome.probabilities[:, k] for k, name in enumerate(outcome.classes)}
        parts.append(pd.DataFrame(columns, index=pd.Index(split.test, name="row")))
    if not parts:
        return pd.DataFrame(columns=["repeat", "fold", "prediction"])
    together = pd.concat(parts)
    of_classes = [name for name in together if str(name).startswith("probability_")]
    together[of_classes] = together[of_classes].fillna(0.0)  # a class that was not among the training rows
    return together.sort_values(["repeat", "row"], kind="stable")


def make_curves(folds: Folds) -> pd.DataFrame:
    """Return all learning curves below each other, with the outer fold of each."""
    parts = [
        pd.DataFrame({"repeat": split.repeat, "outer_fold": split.fold, **outcome.curves})
        for split, outcome in folds
        if outcome is not None and outcome.curves
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["repeat", "outer_fold", "epoch"])
