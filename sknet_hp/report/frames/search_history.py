"""A search over time: what each candidate scored, and the best so far."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.report.parameters import list_settings
from sknet_hp.report.searches import get_results, read_rows
from sknet_hp.search.spaces.values import are_equal
from sknet_hp.search.views.facts import get_own_values
from sknet_hp.search.views.history import list_best_scores


def frame_history(search: Any) -> pd.DataFrame:
    """Return a row for each row of `cv_results_`, in the order in which they came.

    Returns
    -------
    frame : DataFrame
        `order` (from 1), `candidate`, `bracket`, `rung`, `resource`, `score`, `std`
        (over the splits), `failed`, `best` (the one that was chosen), `untuned` (the
        estimator as it is), `stage` and `stage_number` (of guided tuning; "" and 0 in
        other searches), `best_so_far`: the best score among those with the most of the
        resource by then, as scores of less do not compare; so it may fall when a search
        goes on to more.
    """
    rows = read_rows(search)
    rows.insert(0, "order", np.arange(1, len(rows) + 1))
    stages = [str(stage) for stage in get_results(search).get("stage", [""] * len(rows))]
    numbers = _number_stages(search, stages)
    return rows.assign(
        untuned=_find_untuned(search),
        stage=stages,
        stage_number=[numbers[stage] for stage in stages],
        best_so_far=list_best_scores(rows["score"].to_numpy(), rows["resource"].fillna(0.0).to_numpy()),
    )


def _number_stages(search: Any, stages: list[str]) -> dict[str, int]:
    """Return the number of each stage, as the search itself counts them."""
    told = [report.stage for report in getattr(search, "stages_", None) or []]
    names = told if set(stages) <= set(told) else dict.fromkeys(filter(None, stages))
    return {name: number for number, name in enumerate(names, 1)} | {"": 0}


def list_stages(frame: pd.DataFrame) -> pd.DataFrame:
    """Return where each stage of a history begins and ends; no rows without stages.

    Parameters
    ----------
    frame : of `frame_history`.

    Returns
    -------
    stages : DataFrame
        `number`, `stage`, and `begin` and `end` on the axis of `order`, half-way
        between two scores.
    """
    known = frame[frame["stage_number"] > 0].drop_duplicates("stage_number").sort_values("order")
    begin = known["order"].to_numpy() - 0.5
    end = np.append(begin[1:], frame["order"].max() + 0.5)[: len(begin)]
    columns = {"number": known["stage_number"].to_numpy(), "stage": known["stage"].to_numpy()}
    return pd.DataFrame(columns | {"begin": begin, "end": end})


def name_stages(stages: pd.DataFrame) -> str:
    """Return the numbers of stages with their names, as a sentence of a caption."""
    pairs = zip(stages["number"], stages["stage"], strict=True)
    named = ", ".join(f"({number})\u00a0{stage}" for number, stage in pairs)
    return f"Stages: {named}." if named else ""


def _find_untuned(search: Any) -> np.ndarray:
    """Return which rows have the parameters that the estimator had before."""
    own = get_own_values(search)
    return np.array(
        [
            all(name in own and are_equal(own[name], value) for name, value in params.items())
            for params in list_settings(search)
        ]
    )
