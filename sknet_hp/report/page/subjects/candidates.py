"""The table of all candidates of a search."""

from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.formatting.numbers import format_score
from sknet_hp.formatting.values import format_value
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.page.content import Section
from sknet_hp.report.page.subjects.view import SearchView
from sknet_hp.report.page.tables import make_table, write_fit_time
from sknet_hp.report.parameters import list_settings, shorten_names
from sknet_hp.search.views.metric import MISSING


def make_candidates(view: SearchView) -> Section:
    """Return the table of candidates, the best first."""
    rows = view.latest
    failed = ~np.isfinite(view.means[rows])
    order = rows[np.lexsort((-np.nan_to_num(view.means[rows]), -view.n_resources[rows], failed))]
    columns: dict[str, Any] = {"Candidate": view.candidate[order]}
    score = capitalise(view.metric.label)
    columns[score] = [view.metric.turn(each) for each in view.means[order]]
    columns["± sd"] = np.std(view.scores[order], axis=1, ddof=1) if view.n_splits > 1 else np.nan
    if view.unit is not None:
        columns[capitalise(view.unit)] = view.n_resources[order]
    if "bracket" in view.results and len(set(view.results["bracket"])) > 1:
        columns["Bracket"] = np.asarray(view.results["bracket"])[order]
    if "stage" in view.results:
        columns["Stage"] = np.asarray(view.results["stage"])[order]
    settings, labels = list_settings(view.search), shorten_names(view.names)
    for name in _order_parameters(view):
        columns[labels[name]] = pd.Series([settings[row].get(name, MISSING) for row in order], dtype=object)
    if "mean_fit_time" in view.results:
        columns["Fit time (s)"] = np.asarray(view.results["mean_fit_time"], dtype=float)[order]
    frame = pd.DataFrame(columns)
    marked = [
        k for k, row in enumerate(order) if view.best is not None and view.candidate[row] == view.candidate[view.best]
    ]
    note = "Each candidate has its last score." if view.unit is not None else ""
    if any(set(settings[row]) - set(view.results["params"][row]) for row in order):
        note += " Where a candidate left a parameter as it was, the value is the estimator's own."
    if marked and marked[0] > 0:
        note = f"The chosen one is marked. {note}"
    table = make_table(
        frame,
        "All candidates, best first",
        writers={
            score: format_score,
            "± sd": format_score,
            "Fit time (s)": write_fit_time,
            **dict.fromkeys(labels.values(), format_value),
        },
        marked=marked,
        note=note.strip(),
    )
    return Section("Candidates", [table], "candidates")


def _order_parameters(view: SearchView) -> list[str]:
    """Return all parameters, those first that the chosen candidate has changed."""
    chosen = {} if view.best is None else view.params[int(view.candidate[view.best])]
    return sorted(view.names, key=lambda name: name not in chosen or view.is_own(name, chosen[name]))
