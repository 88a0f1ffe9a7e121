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
from sknet_hp.search.spaces.values import Params, drop_known, have_same_values
from sknet_hp.search.views.metric import SAME, Metric
from sknet_hp.tuning.guided.affordable import SAFETY, TYPICAL_EPOCHS, choose_affordable, count_epochs, plan_race
from sknet_hp.tuning.guided.budget import Budget
from sknet_hp.tuning.guided.changes import Change, estimate_cost
from sknet_hp.tuning.guided.curing import diagnose_network, list_remedies
from sknet_hp.tuning.guided.evidence import measure_gain
from sknet_hp.tuning.guided.notebook import Notebook
from sknet_hp.tuning.guided.reports import StageReport, Stages

FINALISTS = 6
"""So many of the best candidates, at most, keep their networks for the ensemble."""

_NO_TIME = "There was no time {}. "


class Guide:
    """A guided search under way.

    Parameters
    ----------
    run : that trains candidates.
    estimator : network, or pipeline that ends with one.
    budget, notebook : seconds, and decisions that follow from them.
    random_state : of the draws of candidates.
    n_rows : of the whole table.
    metric : of the scores, for reports.
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
        metric: Metric,
        reports: Stages,
        checks: bool | str | Collection[str] = True,
    ):
        self.run, self.estimator, self.budget, self.notebook = run, estimator, budget, notebook
        self.prefix, network = find_last_step(estimator)
        self._own = network.get_params(deep=False)
        self.draw, self.n_rows = check_random_state(random_state), n_rows
        self._checks, self.metric = checks, metric
        self.incumbent: Candidate | None = None
        self.reports = reports
        self.remedies: list[Change] = []
        self.stage_of: list[str] = []
        self._let_go: set[Candidate] = set()
        self._n_races = 0

    # ---- what stages ask ---------------------------------------------------------------------------------------------

    @property
    def report(self) -> StageReport:
        """That of the stage under way."""
        return self.reports[-1]

    @property
    def settings(self) -> Params:
        """The network's parameters as the search goes on with them, without prefix."""
        return self._read_settings({} if self.incumbent is None else self.incumbent.params)

    def _read_settings(self, changed: Params) -> Params:
        return self._own | {
            name.removeprefix(self.prefix): value for name, value in changed.items() if name.startswith(self.prefix)
        }

    def _compute_cost(self, params: Params) -> float:
        """Return how long an epoch takes, in epochs of the untuned estimator."""
        return estimate_cost(self._read_settings(params)) / estimate_cost(self._own)

    @property
    def n_train_rows(self) -> int:
        """Rows of the smallest training part."""
        return min(len(table.train) for table in self.run.tables)

    @property
    def typical_epochs(self) -> float:
        """Epochs for which the network of the incumbent trained until it stopped."""
        if self.incumbent is None:
            return min(self.run.resource.most, TYPICAL_EPOCHS)
        return self._average_epochs(self.incumbent)

    def _average_epochs(self, candidate: Candidate) -> float:
        row = self._row(candidate)
        epochs = [_read_epochs(outcome, row) for outcome in row.outcomes]
        return float(np.nanmean(epochs)) if np.isfinite(epochs).any() else float(row.n_resources)

    @property
    def seconds_per_network(self) -> float:
        """Seconds that the incumbent's network takes on all rows, others beside it."""
        return 0.0 if self.incumbent is None else self.foresee_seconds(self.incumbent)

    def foresee_seconds(self, candidate: Candidate) -> float:
        """Return the seconds of a candidate's network on all rows, others beside it."""
        epochs = self._average_epochs(candidate) * self._compute_cost(candidate.params)
        return (self.budget.seconds_per_epoch or 0.0) * epochs * self.n_rows / self.n_train_rows

    @property
    def seconds_per_candidate(self) -> float:
        """Seconds that another candidate like the incumbent takes in all splits."""
        if self.incumbent is None:
            return 0.0
        epochs = self.typical_epochs * self._compute_cost(self.incumbent.params)
        return (self.budget.seconds_per_epoch or 0.0) * epochs * self.run.n_splits

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

    def choose_in(self, seconds: float, candidates: Sequence[Params], *, keep: int) -> list[int]:
        """Return which candidates can race in so many seconds, the first ones first."""
        costs = [self._compute_cost(params) for params in candidates]
        per_epoch = (self.budget.seconds_per_epoch or 0.0) * self.run.n_splits
        return choose_affordable(seconds, costs, per_epoch, self.typical_epochs, self.run.resource.most, keep=keep)

    # ---- what stages do ----------------------------------------------------------------------------------------------

    def try_first(self) -> None:
        """Train the untuned estimator in all splits: others are compared with it.

        Raises
        ------
        ValueError, TypeError
            If it has no score in any split because fits have failed, as with a table
            that holds infinity, or cells of a wrong type: others would fail as well.
        """
        candidate = self._propose({})
        for i, rung in enumerate(plan_race(1, self.run.resource.most)):
            self._train([Step(candidate, rung.n_resources, i)])
            errors = [outcome["fit_error"] for outcome in self._row(candidate).outcomes if outcome["fit_error"]]
            if errors and np.isnan(self._read_scores(candidate)).all():
                reason = errors[0].strip().splitlines()[-1]
                kind = TypeError if reason.startswith("TypeError:") else ValueError
                raise kind(f"the untuned estimator could not be fitted: {reason}")
        self.incumbent = candidate
        self.report.tried.append("the untuned estimator")

    def race(self, changes: Sequence[Change], *, share: float, keep: int = 1, n_tries: int = 1) -> None:
        """Try changes of the incumbent, and go on with the best if it is better.

        A third of them goes on from rung to rung. The report of the stage says what
        was tried and what came out.

        Parameters
        ----------
        changes : the most promising first; those for which there is no time beside the
            ones before are left out.
        share : of the seconds left that may be spent.
        keep : candidates that come to the end, at least.
        n_tries : settings of whose luckiest a gain must exceed the luck. One, the
            default, asks for a gain of more than one standard error.
        """
        assert self.incumbent is not None
        known, wanted = [candidate.params for candidate in self.run.candidates], list[Change]()
        for change in [*self.remedies, *changes]:  # two illnesses may have the same remedy
            if drop_known([self._make(change)], known):
                wanted.append(change)
                known.append(self._make(change))
        if not wanted:
            self.report.found = self.report.found or "There was nothing new to try. "
            return
        seconds = share * self.budget.left_to_search
        self._n_races += 1
        numbers = self.notebook.recall(
            f"{self.report.stage}, candidates of race {self._n_races}",
            lambda: (
                self.choose_in(seconds, [self._make(change) for change in wanted], keep=keep)
                if self.budget.is_limited
                else list(range(len(wanted)))
            ),
        )
        chosen = [wanted[k] for k in numbers]
        self.remedies = [remedy for remedy in self.remedies if remedy not in chosen]
        if not chosen:
            lacking = "for more" if self.report.tried else "to train a candidate to the end"
            if not self.report.found.endswith(_NO_TIME.format(lacking)):
                self.report.found += _NO_TIME.format(lacking)
            return
        self.report.tried += [change.text for change in chosen]
        self.report.decided = self.report.decided or "Nothing is changed."
        candidates = [self._propose(self._make(change)) for change in chosen]
        texts = {candidate: change.text for candidate, change in zip(candidates, chosen, strict=True)}
        try:
            candidates = self._halve(candidates, keep)
        finally:  # also when the time is up: some may have come to the end
            finished = [candidate for candidate in candidates if candidate.n_resources == self.run.resource.most]
            if finished:
                self._decide(finished, texts, n_tries)
            else:
                self.report.found += "The search ended before one of them was trained to the end. "

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
        """Return the best of the candidates that were trained to the end.

        The incumbent and the untuned estimator are among them.
        """
        most = self.run.resource.most
        finished = [
            c for c in self.run.candidates if c.n_resources == most and not np.isnan(c.score) and c not in self._let_go
        ]
        best = rank(finished)[:FINALISTS]
        kept = [c for c in (self.run.candidates[0], self.incumbent) if c in finished and c not in best]
        return best[: FINALISTS - len(kept)] + kept

    # ---- the parts of a race ---------------------------------------------------------------------------------------

    def _make(self, change: Change) -> Params:
        """Return the incumbent's parameters with a change.

        Only those are named that differ from the untuned estimator's, so that nobody
        takes one of its own values for a choice.
        """
        assert self.incumbent is not None
        changed = {f"{self.prefix}{name}": value for name, value in change.params.items()}
        own = {f"{self.prefix}{name}": value for name, value in self._own.items()}
        return {
            name: value
            for name, value in (self.incumbent.params | changed).items()
            if name not in own or not have_same_values({name: value}, {name: own[name]})
        }

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
            costs = [self._compute_cost(candidate.params) for candidate in survivors]
            self.run_out_of_time(count_epochs(step, self.typical_epochs, costs) - sum(costs) * before)
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
            epochs = sum(
                (self._count_trained(step.candidate) - reached[step.candidate])
                * self._compute_cost(step.candidate.params)
                for step in steps
            )
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

    def _decide(self, finished: list[Candidate], texts: dict[Candidate, str], n_tries: int) -> None:
        """Go on with the best of those that came to the end, if it is better."""
        assert self.incumbent is not None
        best = rank(finished)[0]
        if np.isnan(best.score):
            self.report.found += "None of them could be trained and scored. "
        else:
            gain = measure_gain(self._read_scores(best), self._read_scores(self.incumbent))
            is_better = gain.exceeds_noise(n_tries) or np.isnan(self.incumbent.score)
            change = self.metric.write_gain(gain.mean)
            self.report.found += (
                f"The best was {texts[best]} ({self.metric.label} {self.metric.write(best.score)}), {change} "
                f"{'as' if change == SAME else 'than'} the best so far. {gain.describe(is_better=is_better)} "
            )
            if is_better:
                self.incumbent = best
                self.report.decided = f"Go on with {texts[best]}."
        finalists = self.list_finalists()
        let_go = [candidate for candidate in self.run.candidates if candidate not in finalists]
        self._let_go.update(let_go)
        self.run.forget(let_go)


def _read_epochs(outcome: dict[str, Any], row: Row) -> float:
    """Return the epochs that a fit has trained in all."""
    return float(outcome.get("n_iter", row.n_resources))
