"""What a comparison came to, in tables and in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.evaluation.comparison.pair import Pair
from sknet_hp.evaluation.comparison.scored import Scored
from sknet_hp.evaluation.ranges import limit_interval
from sknet_hp.evaluation.running.data import Data
from sknet_hp.evaluation.statistics import fit_corrected_t
from sknet_hp.findings.finding import Findings
from sknet_hp.formatting.numbers import format_p_value, format_percentage, format_score
from sknet_hp.formatting.words import capitalise, wrap_line
from sknet_hp.search.views.metric import Metric

FEW = 10
"""With fewer splits a test sees large differences only."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Which of two or more is better, by scores on the same splits.

    Attributes
    ----------
    contestants : list of Scored
        Their scores, in the order in which they were given.
    pairs : list of Pair
        Each pair of contestants, for each metric.
    confidence : float
        Level of the intervals.
    findings : Findings
        Problems that checks have found in the data and the metrics.
    given : list
        The contestants as they were given, in the same order. Empty if they are not
        known.
    data : Data or None
        The rows on which contestants were evaluated here (`X`, `y`, `groups`,
        `sample_weight`). None if all of them came with scores.
    settings : dict
        The arguments of the call that decide its numbers, such as `cv` and `scoring`.
    """

    contestants: Sequence[Scored]
    pairs: Sequence[Pair]
    confidence: float = 0.95
    findings: Findings = field(default_factory=Findings)
    given: Sequence[Any] = ()
    data: Data | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def metrics(self) -> list[str]:
        """By what they were compared."""
        return list(dict.fromkeys(pair.metric for pair in self.pairs))

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each pair and metric.

        Its columns: `first`, `second`, `metric`; `difference` of the mean scores,
        positive where the first is better, with the ends `low` and `high` of its
        interval; `t` and `p` of the corrected t-test, `p_holm` for all rows together;
        `effect_size`, the difference in standard deviations of the differences; `rope`,
        half the region of practical equivalence, with `p_first_better`, `p_equivalent`
        and `p_second_better`; `wins`, `losses`, `n_splits`; `verdict`.
        """
        return pd.DataFrame([pair.write_row(self.confidence) for pair in self.pairs])

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """A row for each contestant and metric, the best first: mean, sd, interval."""
        rows: list[dict[str, Any]] = []
        for metric in self.metrics:
            rows += sorted((self._rank(each, metric) for each in self.contestants), key=lambda row: -row["mean"])
        return pd.DataFrame(rows)

    def _rank(self, contestant: Scored, metric: str) -> dict[str, Any]:
        scores = contestant.scores[metric]
        known = np.isfinite(scores)
        t = fit_corrected_t(scores[known], contestant.n_train[known], contestant.n_test[known])
        low, high = limit_interval(metric, *t.compute_interval(self.confidence))
        return {
            "metric": metric,
            "name": contestant.name,
            "mean": t.mean,
            "sd": t.sd,
            "low": low,
            "high": high,
            "n_splits": int(known.sum()),
        }

    @cached_property
    def scores(self) -> pd.DataFrame:
        """A row for each split, a column for each contestant (and metric)."""
        parts = {
            metric: pd.DataFrame({each.name: each.scores[metric] for each in self.contestants})
            for metric in self.metrics
        }
        return parts[self.metrics[0]] if len(parts) == 1 else pd.concat(parts, axis=1)

    @cached_property
    def sentences(self) -> list[str]:
        """A sentence for each pair and metric, ready for a paper."""
        return [
            write_sentence(pair, self._describe_splits(pair), self.confidence, len(self.pairs)) for pair in self.pairs
        ]

    @property
    def sentence(self) -> str:
        """The first of `sentences`: of the first two, by the first metric."""
        return self.sentences[0]

    def _describe_splits(self, pair: Pair) -> str:
        n_repeats = self.contestants[0].n_repeats
        n_splits = self.contestants[0].n_splits
        if n_repeats == 1 or pair.n_splits != n_splits:
            return f"{pair.n_splits} splits"
        return f"{n_splits} splits ({n_splits // n_repeats} folds × {n_repeats} repeats)"

    def summary(self) -> str:
        """Return what came out, in plain text."""
        table: list[str] = []
        lines: list[str] = []
        for metric in map(Metric, self.metrics):
            level = format_percentage(self.confidence, None)
            table.append(f"{capitalise(metric.label)} ({metric.hint}), with {level} intervals:")
            of_metric = self.ranking[self.ranking["metric"] == metric.name]
            width = max(len(name) for name in of_metric["name"])
            table += [
                f"  {row['name']:<{width}}  {metric.write(row['mean'])}  "
                f"({metric.write_interval(row['low'], row['high'])})"
                for _, row in of_metric.iterrows()
            ]
        if len(self.contestants) == 2:
            for pair, sentence in zip(self.pairs, self.sentences, strict=True):
                lines += ["", f"In short: {pair.verdict} ({Metric(pair.metric).label}).", sentence]
        else:
            lines += ["", f"All pairs, with p-values adjusted for {len(self.pairs)} comparisons (Holm):"]
            lines += [
                f"  {pair.verdict} ({Metric(pair.metric).label}: {self._write_difference(pair)})" for pair in self.pairs
            ]
            lines += ["`sentences` has a sentence for each, ready for a paper."]
        lines += ["", *self._write_notes()]
        if self.findings:
            lines += ["", "Findings:", *map(str, self.findings)]
        return "\n".join([*table, *map(wrap_line, lines)])

    def _write_difference(self, pair: Pair) -> str:
        metric, test = Metric(pair.metric), pair.as_named
        interval = metric.write_interval(*test.compute_interval(self.confidence))
        return f"{metric.write(test.mean)}, {interval}, p {format_p_value(pair.p_adjusted)}"

    def _write_notes(self) -> list[str]:
        ropes = {Metric(pair.metric): pair.rope for pair in self.pairs}
        notes = [
            f"Differences in {metric.label} of up to ±{format_score(rope.half)} count as equivalent in practice "
            f"({rope.reason}; rope= sets it)."
            for metric, rope in ropes.items()
        ]
        fewest = min(pair.n_splits for pair in self.pairs)
        if fewest < FEW:
            notes.append(
                f"{fewest} splits can show large differences only. For smaller ones, set n_repeats= or use more rows."
            )
        return notes

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(each.name for each in self.contestants)} by {', '.join(self.metrics)}>"

    def _repr_html_(self) -> str:
        verdicts = "".join(f"<li>{escape(f'{pair.verdict} ({Metric(pair.metric).label})')}</li>" for pair in self.pairs)
        tables = "".join(each.to_html(index=False, float_format=format_score) for each in (self.ranking, self.table))
        return f"<ul>{verdicts}</ul>{tables}" + (self.findings._repr_html_() if self.findings else "")


def write_sentence(pair: Pair, splits: str, confidence: float, n_pairs: int) -> str:
    """Return a sentence about a pair for a paper; the table has all other numbers."""
    metric, sign = Metric(pair.metric), -1 if Metric(pair.metric).is_error else 1
    interval = metric.write_interval(*pair.test.compute_interval(confidence))
    p = f"p {format_p_value(pair.p_adjusted)}"
    if n_pairs > 1:
        p += f", adjusted for {n_pairs} comparisons by Holm's method"
    return (
        f"On the same {splits}, {pair.first} had a mean {metric.label} of {metric.write(pair.means[0])} and "
        f"{pair.second} {metric.write(pair.means[1])}, a difference of {metric.write(pair.test.mean)} "
        f"({format_percentage(confidence)} interval {interval}; corrected resampled t-test, "
        f"t({pair.test.degrees_of_freedom}) = {sign * pair.test.statistic:.2f}, {p})."
    )
