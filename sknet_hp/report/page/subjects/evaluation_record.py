"""The page of an evaluation that still runs, or of which only the journal is left."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.formatting.numbers import format_count, format_score
from sknet_hp.formatting.words import capitalise, join_words
from sknet_hp.report.page.content import Answer, Page, Score, Section, Text
from sknet_hp.report.page.subjects.answers import make_origin_section
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.tables import make_table, write_fit_time
from sknet_hp.search.views.metric import Metric, find_metric

_NOTICES = {
    "running": "This evaluation is still running. The numbers are from the folds that are finished.",
    "unfinished": "This evaluation was stopped before its end. The same call with the same journal continues it.",
}
_PLACES = ("name", "repeat", "fold")
_KEYS = (*_PLACES, "inner_score", "fit_time")
"""Columns of the table that are no outer scores."""


def describe_evaluation_record(record: Any, extras: Extras) -> Page:
    """Return the page of an evaluation by its journal alone.

    Parameters
    ----------
    record : of `sknet_hp.evaluation.read_journal`.
    extras : with what else belongs to its origin.
    """
    table = record.table
    metrics = [Metric(str(name)) for name in table if name not in _KEYS]
    names = list(dict.fromkeys(name for name, _, _ in record.planned))
    said = record.summary().splitlines()
    return Page(
        title=f"Evaluation of {join_words(names)}",
        subtitle=f"{format_count(len(table), 'outer fold')} of {len(record.planned)} done.",
        notice=_NOTICES.get(record.state, ""),
        score=_make_score(table, metrics),
        answers=[Answer("How much is done?", [Text(line) for line in said])],
        sections=[
            *([Section("On unseen rows", [_make_folds(table, metrics)], "unseen")] if len(table) else []),
            *_make_searches(record),
            make_origin_section(extras.X, extras.y, lead="", code=None, unknown=[], others=list(extras.notes.items())),
        ],
    )


def _make_score(table: pd.DataFrame, metrics: list[Metric]) -> Score | None:
    """Return the mean score of the first estimator by the first metric so far."""
    if not len(table) or not metrics:
        return None
    name, metric = table["name"].iloc[0], metrics[0]
    scores = table.loc[table["name"] == name, metric.name].to_numpy(dtype=float)
    known = scores[np.isfinite(scores)]
    if not len(known):
        return None
    folds = format_count(len(known), "outer fold")
    detail = f"Mean of the {folds} of {name} that are finished, on rows that it has not seen."
    return Score(metric.write(known.mean()), f"{capitalise(metric.label)} ({metric.hint})", detail)


def _make_folds(table: pd.DataFrame, metrics: list[Metric]) -> Any:
    shown = _drop_constant(table.copy())
    for metric in metrics:
        shown[metric.name] = [metric.turn(score) for score in shown[metric.name].astype(float)]
    names = {metric.name: capitalise(metric.label) for metric in metrics}
    names |= {"inner_score": "Score of the search", "fit_time": "Fit time (s)"}
    names |= {name: capitalise(name) for name in _PLACES}
    return make_table(shown, "Finished outer folds", names=names, writers={"fit_time": write_fit_time})


def _make_searches(record: Any) -> list[Section]:
    """Return how far the search of each outer fold has come."""
    rows = [
        {
            "name": name,
            "repeat": repeat,
            "fold": fold,
            "searcher": search.searcher,
            "state": search.state,
            "candidates": getattr(search, "n_candidates_", 0),
            "best so far": find_metric(search).turn(getattr(search, "best_score_", np.nan)),
        }
        for (name, repeat, fold), search in record.searches.items()
    ]
    if not rows:
        return []
    shown = _drop_constant(pd.DataFrame(rows).sort_values(list(_PLACES)))
    names = {name: capitalise(name) for name in shown}
    table = make_table(shown, "The search of each outer fold", names=names, writers={"best so far": format_score})
    return [Section("Searches", [table], "searches")]


def _drop_constant(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of folds without names and repeats where there is only one."""
    return table.drop(columns=[name for name in ("name", "repeat") if table[name].nunique() == 1])
