"""The record of a search, read from its journal."""

from pathlib import Path
from types import SimpleNamespace
from typing import Literal, NamedTuple

import numpy as np
from sklearn.model_selection._search import BaseSearchCV

from sknet_hp.findings.finding import Findings
from sknet_hp.search.base.results import list_columns, list_outcomes, rank_failed_last, silence_non_finite
from sknet_hp.search.candidates import Row
from sknet_hp.search.curves import collect_curves
from sknet_hp.search.journal.log import Event
from sknet_hp.search.journal.plain import from_plain, unpack_finding
from sknet_hp.search.journal.spaces import unpack_space
from sknet_hp.search.running.outcomes import name_error_scores
from sknet_hp.search.running.selection import RULES, find_best_index
from sknet_hp.search.views.display import make_summary_html
from sknet_hp.search.views.readable import Readable

State = Literal["running", "finished", "unfinished"]


class Advance(NamedTuple):
    """The progress of a search.

    Attributes
    ----------
    done, total : resources handed out, of how many, all splits together; `total` is
        None if nobody knows, as who goes on is decided on the way.
    unit : what they are counted in, such as "epochs".
    seconds : that the search has run since it was begun, or last taken up.
    seconds_left : about as many more, or None.
    """

    done: int
    total: int | None
    unit: str
    seconds: float
    seconds_left: float | None


class SearchRecord(Readable):
    """A search as its journal has it, without its data and its estimator.

    `read_journal` makes it. It has the attributes of a fitted search, as far as that
    has come: `cv_results_`, `curves_`, `best_index_`, `best_params_`, `best_score_`,
    `findings_`, `stopped_`, `n_splits_`, `n_candidates_`, `resource_`,
    `min_resources_`, `max_resources_`, `multimetric_`; of PBT `schedule_` and
    `lineage_`. As long as nothing was scored there are no results. Findings come at the
    end.

    Attributes
    ----------
    path : Path
        The journal.
    state : {"running", "finished", "unfinished"}
        "unfinished": it was killed, or has failed; the same search with the same
        journal goes on from there.
    searcher : str
        Its class, such as "HyperbandSearchCV".
    began_at : float
        When it was started or last resumed, in seconds since 1970.
    advance : Advance
        Its progress, and the time left.
    running_ : list of int
        Candidates that are training, or waiting for those they are compared with.
    measure_ : str
        The score by which it chooses, such as "accuracy".
    own_params_ : dict
        Parameters of the estimator as it was. What is neither a number nor a text is
        shown as its `repr`.
    param_distributions : list of dict
        The space that was searched.
    settings : dict
        Parameters of the search.
    search_time_ : float
        Seconds; those of the last session if it was resumed.
    """

    def __init__(self, path: Path, state: State, began: Event, ended: Event | None, rows: list[Row], advance: Advance):
        self.path, self.state, self.searcher, self.advance = path, state, str(began["searcher"]), advance
        self.began_at = float(began["at"])
        self.running_: list[int] = []
        self.measure_: str = began["measure"]
        self.own_params_ = {name: from_plain(value) for name, value in began["own"].items()}
        self.settings = {name: from_plain(value) for name, value in began["settings"].items()}
        self.param_distributions = unpack_space(began["space"])
        self.scoring, self.refit = self.settings.get("scoring"), self.settings.get("refit", True)
        self.n_splits_, self.resource_ = int(began["n_splits"]), str(began["resource"])
        self.min_resources_, self.max_resources_ = int(began["min_resources"]), int(began["max_resources"])
        self.search_time_ = advance.seconds
        self.stopped_: str | None = None
        self.findings_ = Findings()
        if rows:
            self._conclude(rows, began)
        if ended is not None:
            self._end(ended)

    @property
    def is_running(self) -> bool:
        """Whether the search still runs."""
        return self.state == "running"

    def _conclude(self, rows: list[Row], began: Event) -> None:
        """Set the results from the rows so far, as a search does at its end."""
        name_error_scores([outcome for row in rows for outcome in row.outcomes], from_plain(began["error_score"]))
        of_resource = {} if began["of_rows"] else {self.resource_: 0}
        params = [row.candidate.params | dict.fromkeys(of_resource, row.n_resources) for row in rows]
        stand_in = SimpleNamespace(return_train_score="train_scores" in rows[0].outcomes[0])
        with silence_non_finite():
            self.cv_results_ = BaseSearchCV._format_results(
                stand_in, params, self.n_splits_, list_outcomes(rows), list_columns(rows)
            )
        failed = np.array([row.failed for row in rows])
        rank_failed_last(self.cv_results_, failed)
        has_copies = any(row.candidate.parent is not None for row in rows)
        if has_copies or self.searcher.startswith("PBT"):
            self.cv_results_["parent"] = np.array([row.candidate.parent_number for row in rows])
        self._curves = collect_curves(rows, parents="parent" in self.cv_results_)
        self.n_candidates_ = len({row.candidate.number for row in rows})
        scores = rows[0].outcomes[0]["test_scores"]
        self.multimetric_ = isinstance(scores, dict)
        metric = began["metric"]
        if f"mean_test_{metric}" not in self.cv_results_:
            metric = next(iter(scores)) if isinstance(scores, dict) else "score"
        self._metric = metric
        rule = self.refit if isinstance(self.refit, str) and self.refit in RULES else True
        self._set_best(find_best_index(self.cv_results_, rule, metric, failed))

    def _set_best(self, row: int) -> None:
        self.best_index_ = row
        self.best_params_ = self.cv_results_["params"][row]
        self.best_score_ = self.cv_results_[f"mean_test_{self._metric}"][row]

    def _end(self, ended: Event) -> None:
        """Add what the search said of itself when it had ended."""
        self.search_time_, self.stopped_ = float(ended["seconds"]), ended["stopped"]
        self.findings_ = Findings(unpack_finding(packed) for packed in ended["findings"])
        for name, values in ended["columns"].items():
            self.cv_results_[name] = np.asarray(from_plain(values), dtype=object if name == "stage" else None)
        for name, value in ended["attributes"].items():
            setattr(self, name, from_plain(value))
        if ended["best"] is None:
            for name in ("best_index_", "best_params_", "best_score_"):
                vars(self).pop(name, None)
            return
        candidate, n_resources = ended["best"]
        results = self.cv_results_
        rows = np.flatnonzero((results["candidate"] == candidate) & (results["n_resources"] == n_resources))
        if len(rows):
            self._set_best(int(rows[-1]))

    def __repr__(self) -> str:
        n = getattr(self, "n_candidates_", 0)
        return f"<{self.searcher} in {str(self.path)!r}: {self.state}, {n} candidates scored>"

    def _repr_html_(self) -> str:
        return make_summary_html(self)
