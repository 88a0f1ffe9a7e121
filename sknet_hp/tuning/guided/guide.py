"""A guided search under way: the setting that it goes on with, and races against it."""

from collections.abc import Collection, Sequence
from math import ceil
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.search.candidates import Candidate, Row, Step, rank, read_score
from sknet_hp.search.running.batches import SearchStopped
from sknet_hp.search.running.run import Run
from sknet_hp.search.spaces.values import Params, drop_known
from sknet_hp.tuning.guided.affordable import SAFETY, TYPICAL_EPOCHS, count_affordable, count_epochs, plan_race
from sknet_hp.tuning.guided.budget import Budget
from sknet_hp.tuning.guided.changes import Change
from sknet_hp.tuning.guided.curing import diagnose_network, list_remedies
from sknet_hp.tuning.guided.evidence import measure_gain
from sknet_hp.tuning.guided.notebook import Notebook
from sknet_hp.tuning.guided.reports import StageReport, Stages

FINALISTS = 5
"""So many of the best candidates, at most, keep their networks for the ensemble."""


class Guide:
    """A guided search under way.

    Parameters
    ----------
    run : that trains candidates.
    estimator : network, or pipeline that ends with one.
    budget, notebook : seconds, and decisions that follow from them.
    random_state : of the draws of candidates.
    n_rows : of the whole table.
    reports : of the stages; the one under way is the last.
    checks : that are made of learning curves after each stage.

    Attributes
    ----------
    incumbent : the candidate whose setting the search goes on with.
    remedies : changes that a diagnosis advises, which the next race tries.
    stage_of : names of the stages in which candidates were tried, by their numbers.
    """

    def __init__(
        self,
        run: Run,
        estimator: Any,
        *,
        budget: Budget,
        notebook: Notebook,
        random_state: Any,
        n_rows: int,
        reports: Stages,
        checks: bool | str | Collection[str] = True,
    ):
        self.run, self.estimator, self.budget, self.notebook = run, estimator, budget, notebook
        self.prefix, network = find_last_step(estimator)
        self._own = network.get_params(deep=False)
        self.draw, self.n_rows = check_random_state(random_state), n_rows
        self._checks = checks
        self.incumbent: Candidate | None = None
        self.reports = reports
        self.remedies: list[Change] = []
        self.stage_of: list[str] = []

    # ---- what stages ask ---------------------------------------------------------------------------------------------

    @property
    def report(self) -> StageReport:
        """That of the stage under way."""
        return self.reports[-1]

    @property
    def settings(self) -> Params:
        """The network's parameters as the search goes on with them, without prefix."""
        changed = {} if self.incumbent is None else self.incumbent.params
        return self._own | {
            name.removeprefix(self.prefix): value for name, value in changed.items() if name.startswith(self.prefix)
        }

    @property
    def n_train_rows(self) -> int:
        """Rows of the smallest training part."""
        return min(len(table.train) for table in self.run.tables)

    @property
    def typical_epochs(self) -> float:
        """Epochs for which the network of the incumbent trained until it stopped."""
        if self.incumbent is None:
            return min(self.run.resource.most, TYPICAL_EPOCHS)
        row = self._row(self.incumbent)
        epochs = [_read_epochs(outcome, row) for outcome in row.outcomes]
        return float(np.nanmean(epochs)) if np.isfinite(epochs).any() else float(row.n_resources)

    @property
    def seconds_per_network(self) -> float:
        """Seconds that the incumbent's network takes on all rows, others beside it."""
        per_epoch = (self.budget.seconds_per_epoch or 0.0) * self._compare_cost()
        return per_epoch * self.typical_epochs * self.n_rows / self.n_train_rows

    def _compare_cost(self) -> float:
        """Return how many times as long as on average an epoch of the incumbent is."""
        own = self._measure_epoch([row for row in self.run.rows if row.candidate is self.incumbent])
        average = self._measure_epoch(self.run.rows)
        return own / average if own and average else 1.0

    def _measure_epoch(self, rows: Sequence[Row]) -> float:
        """Return the seconds of an epoch in fits, 0 if they are unknown."""
        last = {row.candidate: row for row in rows}
        epochs = np.nansum([_read_epochs(outcome, row) for row in last.values() for outcome in row.outcomes])
        seconds = sum(outcome.get("fit_time", 0.0) for row in rows for outcome in row.outcomes)
        return float(seconds / epochs) if epochs else 0.0

    def cap_epochs(self, candidate: Candidate) -> int:
        """Return for how many epochs a candidate is fitted on all rows, at most.

        In a limited time half as many again as it took in the search, which it hardly
        needs; else as many as it may have.
        """
        if not self.budget.is_limited:
            return candidate.n_resources
        epochs = [_read_epochs(outcome, self._row(candidate)) for outcome in self._row(candidate).outcomes]
        longest = float(np.nanmax(epochs)) if np.isfinite(epochs).any() else candidate.n_resources
        return min(candidate.n_resources, ceil(1.5 * longest))

    def count_in(self, seconds: float, n: int, *, keep: int) -> int:
        """Return how many of n candidates can race in so many seconds."""
        per_epoch = (self.budget.seconds_per_epoch or 0.0) * self.run.n_splits
        return count_affordable(seconds, n, per_epoch, self.typical_epochs, self.run.resource.most, keep=keep)

    # ---- what stages do ----------------------------------------------------------------------------------------------

    def try_first(self) -> None:
        """Train the estimator as it is, in all splits: others are compared with it."""
        candidate = self._propose({})
        for i, rung in enumerate(plan_race(1, self.run.resource.most)):
            self._train([Step(candidate, rung.n_resources, i)])
        self.incumbent = candidate
        self.report.tried.append("the estimator as it is")

    def race(self, changes: Sequence[Change], *, share: float, keep: int = 1) -> None:
        """Try changes of the incumbent, and go on with the best if it is better.

        A third of them goes on from rung to rung. The report of the stage says what
        was tried and what came out.

        Parameters
        ----------
        changes : the most promising first; the last ones are left out where the time is
            short.
        share : of the seconds left that may be spent.
        keep : candidates that come to the end, at least.
        """
        assert self.incumbent is not None
        known = [candidate.params for candidate in self.run.candidates]
        wanted = [change for change in [*self.remedies, *changes] if drop_known([self._make(change)], known)]
        if not wanted:
            return
        seconds = share * self.budget.left_to_search
        chosen = wanted[
            : self.notebook.recall(
                f"{self.report.stage}, candidates of race {len(self.report.tried)}",
                lambda: self.count_in(seconds, len(wanted), keep=keep) if self.budget.is_limited else len(wanted),
            )
        ]
        self.remedies = [remedy for remedy in self.remedies if remedy not in chosen]
        if not chosen:
            self.report.found += "There was no time to train a candidate to the end. "
            return
        self.report.tried += [change.text for change in chosen]
        self.report.decided = self.report.decided or "Nothing is changed."
        candidates = [self._propose(self._make(change)) for change in chosen]
        texts = {candidate: change.text for candidate, change in zip(candidates, chosen, strict=True)}
        finished = self._halve(candidates, keep)
        self._decide(finished, texts)

    def diagnose(self) -> None:
        """Look at the incumbent's learning curves; the next race tries remedies."""
        if self.incumbent is None:
            return
        network = self.incumbent.estimators[0]
        found = self.notebook.recall(
            f"{self.report.stage}, diagnosis",
            lambda: [] if network is None else diagnose_network(network, self._checks),
        )
        self.report.diagnosis = [code for code, _ in found]
        tried = {text for report in self.reports for text in report.tried}
        self.remedies = [remedy for remedy in list_remedies(found) if remedy.text not in tried]

    def run_out_of_time(self, epochs: float) -> None:
        """End the search if so many epochs take longer than what is left."""
        if self.budget.seconds_per_epoch is not None:
            expected = self.budget.seconds_per_epoch * epochs * self.run.n_splits
            if self.budget.is_limited and expected > SAFETY * max(0.0, self.budget.left_to_search):
                raise SearchStopped("time_budget")

    def list_finalists(self) -> list[Candidate]:
        """Return the best of the candidates that were trained to the end."""
        most = self.run.resource.most
        finished = [c for c in self.run.candidates if c.n_resources == most and not np.isnan(c.score)]
        best = rank(finished)[:FINALISTS]
        if self.incumbent is not None and self.incumbent in finished and self.incumbent not in best:
            best[-1] = self.incumbent
        return best

    # ---- the parts of a race ---------------------------------------------------------------------------------------

    def _make(self, change: Change) -> Params:
        """Return the incumbent's parameters with a change."""
        assert self.incumbent is not None
        return self.incumbent.params | {f"{self.prefix}{name}": value for name, value in change.params.items()}

    def _propose(self, params: Params) -> Candidate:
        self.stage_of.append(self.report.stage)
        return self.run.propose(params)

    def _halve(self, candidates: list[Candidate], keep: int) -> list[Candidate]:
        """Train candidates from rung to rung, and return those that came to the end."""
        rungs, before = plan_race(len(candidates), self.run.resource.most, keep=keep), 0
        for i, rung in enumerate(rungs):
            survivors = rank(candidates)[: rung.n_candidates] if i else candidates
            self.run.forget(candidate for candidate in candidates if candidate not in survivors)
            step = [rung._replace(n_candidates=len(survivors))]
            # What stopped early before costs no more.
            self.run_out_of_time(count_epochs(step, self.typical_epochs) - len(survivors) * before)
            self._train([Step(candidate, rung.n_resources, i) for candidate in survivors])
            before = min(rung.n_resources, ceil(self.typical_epochs))
            candidates = survivors
        return candidates

    def _train(self, steps: list[Step]) -> None:
        """Train, and learn how long an epoch takes."""
        known, start = self.run.progress.known, self.budget.clock()
        reached = {step.candidate: self._count_trained(step.candidate) for step in steps}
        self.run.train(steps)
        if self.run.progress.known == known:  # nothing came from a journal
            epochs = sum(self._count_trained(step.candidate) - reached[step.candidate] for step in steps)
            self.budget.note(self.budget.clock() - start, epochs)

    def _count_trained(self, candidate: Candidate) -> float:
        """Return the epochs of a candidate in all splits."""
        rows = [row for row in self.run.rows if row.candidate is candidate]
        return float(np.nansum([_read_epochs(outcome, rows[-1]) for outcome in rows[-1].outcomes])) if rows else 0.0

    def _row(self, candidate: Candidate) -> Row:
        """Return the last row of a candidate."""
        return next(row for row in reversed(self.run.rows) if row.candidate is candidate)

    def _read_scores(self, candidate: Candidate) -> list[float]:
        return [read_score(outcome, self.run.metric) for outcome in self._row(candidate).outcomes]

    def _decide(self, finished: list[Candidate], texts: dict[Candidate, str]) -> None:
        """Go on with the best of those that came to the end, if it is better."""
        assert self.incumbent is not None
        best = rank(finished)[0]
        if np.isnan(best.score):
            self.report.found += "None of them could be trained and scored. "
        else:
            gain = measure_gain(self._read_scores(best), self._read_scores(self.incumbent))
            is_better = gain.exceeds_noise or np.isnan(self.incumbent.score)
            verdict = "a gain" if is_better else "no gain" if gain.mean <= 0 else "no more than noise"
            self.report.found += (
                f"The best was {texts[best]} with {best.score:.4g}, {gain.mean:+.2g} against the best so far. The "
                f"noise between splits is ±{gain.noise:.2g}, so this is {verdict}. "
            )
            if is_better:
                self.incumbent = best
                self.report.decided = f"Go on with {texts[best]}."
        finalists = self.list_finalists()
        self.run.forget(candidate for candidate in finished if candidate not in finalists)


def _read_epochs(outcome: dict[str, Any], row: Row) -> float:
    """Return the epochs that a fit has trained in all."""
    return float(outcome.get("n_iter", row.n_resources))
