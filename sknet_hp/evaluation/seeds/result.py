"""What a score owes to its seed, in numbers and in sentences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from sknet_hp.evaluation.comparison.rope import choose_rope
from sknet_hp.evaluation.ranges import limit_interval
from sknet_hp.evaluation.running.data import Data, Split
from sknet_hp.evaluation.seeds.variance import (
    VarianceComponents,
    compute_noise_threshold,
    compute_seed_noise,
    count_seeds_needed,
    decompose_variance,
)
from sknet_hp.evaluation.statistics import corrected_interval
from sknet_hp.findings.finding import Findings
from sknet_hp.formatting.numbers import format_count, format_percentage, format_score
from sknet_hp.formatting.words import capitalise, wrap_line
from sknet_hp.search.views.metric import Metric

SHARES = (1.0, 0.2)
"""Of what counts as a difference in practice: to which the summary counts seeds."""

FEW = 10
"""Of fewer seeds or splits, shares of the variance are said to be rough."""


@dataclass(frozen=True, repr=False)
class SeedsResult:
    """The scores of one estimator with several seeds in the same splits.

    With several metrics, methods use the one that you name, or the first; `mean`, `std`
    and `components` are dicts.

    Attributes
    ----------
    name : str
        Name of the estimator.
    seeds : list of int
        The seeds with a score in every split. Only these count.
    splits : list of Split
        Row numbers (`train`, `test`), with `repeat` and `fold`.
    scores : dict of ndarray of shape (n_seeds, n_splits)
        Scores by metric.
    seed_parameters : list of str
        The parameters that were given the seeds.
    findings : Findings
        Problems that checks have found in the data and the metrics.
    n_asked : int
        Number of seeds that were requested.
    estimator : estimator or None
        What was trained, as it was given. None if it is not known.
    data : Data or None
        The rows (`X`, `y`, `groups`, `sample_weight`).
    settings : dict
        The arguments of the call that decide its numbers, such as `cv` and `n_seeds`.
    """

    name: str
    seeds: Sequence[int]
    splits: Sequence[Split]
    scores: Mapping[str, np.ndarray]
    seed_parameters: Sequence[str]
    findings: Findings = field(default_factory=Findings)
    n_asked: int = 0
    estimator: Any = None
    data: Data | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics, of which the first is the main one."""
        return list(self.scores)

    def get_scores(self, metric: str | None = None) -> np.ndarray:
        """Return the scores by one metric, of shape (n_seeds, n_splits)."""
        metric = self.metrics[0] if metric is None else metric
        if metric not in self.scores:
            raise ValueError(f"metric={metric!r} was not computed; there are {self.metrics}")
        return self.scores[metric]

    def _by_metric(self, compute: Callable[[str], Any]) -> Any:
        by_metric = {metric: compute(metric) for metric in self.metrics}
        return by_metric if len(by_metric) > 1 else by_metric[self.metrics[0]]

    @property
    def mean(self) -> Any:
        """Mean score over seeds and splits."""
        return self._by_metric(lambda metric: float(self.scores[metric].mean()))

    @property
    def std(self) -> Any:
        """Standard deviation, from seed to seed, of the mean over the splits."""
        return self._by_metric(lambda metric: compute_seed_noise(self.scores[metric]))

    @property
    def components(self) -> Any:
        """Parts of the variance of one fit's score (`VarianceComponents`).

        None with a single split.
        """
        return self._by_metric(self._decompose)

    def _decompose(self, metric: str) -> VarianceComponents | None:
        return decompose_variance(self.scores[metric]) if len(self.splits) > 1 else None

    def interval(self, confidence: float = 0.95, metric: str | None = None) -> tuple[float, float]:
        """Return the interval of the true score of this way of training.

        It is the corrected one of cross-validation, from the means over the seeds.

        Parameters
        ----------
        confidence : float, default=0.95
        metric : str, default=None
            By which; None is the first.

        Returns
        -------
        low, high : float
            They end where a metric of scikit-learn's does, at an accuracy of 1, say.
        """
        scores = self.get_scores(metric).mean(axis=0)
        n_train, n_test = ([len(getattr(split, part)) for split in self.splits] for part in ("train", "test"))
        interval = corrected_interval(scores, n_train, n_test, confidence)
        return limit_interval(metric or self.metrics[0], *interval)

    def noise_threshold(self, confidence: float = 0.95, n_seeds: int = 1, metric: str | None = None) -> float:
        """Return the difference that runs with different seeds seldom exceed.

        Parameters
        ----------
        confidence : float, default=0.95
            How often they stay within it.
        n_seeds : int, default=1
            Over how many seeds each of the two is averaged.
        metric : str, default=None
        """
        if not 0 < confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, such as 0.95, got {confidence!r}")
        if n_seeds < 1:
            raise ValueError(f"n_seeds must be at least 1, got {n_seeds!r}")
        noise = compute_seed_noise(self.get_scores(metric))
        return compute_noise_threshold(noise, len(self.seeds) - 1, n_seeds, confidence)

    def exceeds_noise(
        self, difference: float, confidence: float = 0.95, n_seeds: int = 1, metric: str | None = None
    ) -> bool:
        """Return whether a difference of scores is more than seeds make.

        Parameters
        ----------
        difference : float
            Of the mean scores, over the same splits, of two runs.
        confidence, n_seeds, metric : as for `noise_threshold`.
        """
        return bool(abs(difference) > self.noise_threshold(confidence, n_seeds, metric))

    def n_seeds_needed(self, half_width: float, confidence: float = 0.95, metric: str | None = None) -> int:
        """Return how many seeds bring the interval of their mean to a half-width.

        It is the interval of the mean score in these splits. More seeds say nothing
        about other splits or other rows.

        Parameters
        ----------
        half_width : float
            In units of the score.
        confidence : float, default=0.95
        metric : str, default=None
        """
        return count_seeds_needed(compute_seed_noise(self.get_scores(metric)), half_width, confidence)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each seed and split, a column for each metric."""
        return pd.DataFrame(
            [
                {"seed": seed, "repeat": split.repeat, "fold": split.fold}
                | {metric: float(scores[i, j]) for metric, scores in self.scores.items()}
                for i, seed in enumerate(self.seeds)
                for j, split in enumerate(self.splits)
            ]
        )

    @cached_property
    def by_seed(self) -> pd.DataFrame:
        """A row for each seed: its mean score over the splits, by metric."""
        means = {metric: scores.mean(axis=1) for metric, scores in self.scores.items()}
        return pd.DataFrame({"seed": list(self.seeds)} | means)

    def summary(self) -> str:
        """Return what came out, in plain text."""
        lines = [f"{self.name}, {len(self.seeds)} seeds in the same {format_count(len(self.splits), 'split')}."]
        if len(self.seeds) < self.n_asked:
            n_left_out = self.n_asked - len(self.seeds)
            lines.append(f"{n_left_out} of {self.n_asked} seeds are left out: they lack a score in some split.")
        for metric in self.metrics:
            lines += ["", *self.describe(metric)]
        if self.findings:
            lines += ["", "Findings:", *map(str, self.findings)]
        return "\n".join(map(wrap_line, lines))

    def describe(self, metric: str | None = None) -> list[str]:
        """Return what came out by one metric, in sentences.

        Parameters
        ----------
        metric : str, default=None
            By which; None is the first.
        """
        name = self.metrics[0] if metric is None else metric
        scores, known = self.get_scores(name), Metric(name)
        noise, of_seeds = compute_seed_noise(scores), scores.mean(axis=1)
        mean, least, most = (float(each) for each in (scores.mean(), of_seeds.min(), of_seeds.max()))
        lines = [
            f"{capitalise(known.label)}: mean {known.write(mean)}; by seed from "
            f"{known.write_interval(least, most)}, standard deviation {format_score(noise)}."
        ]
        if not noise:
            return [*lines, "The seed makes no difference."]
        parts = self._decompose(name)
        if parts is not None:
            lines.append(
                f"Of the variance of a single fit's score, {format_percentage(parts.share_of_seeds)} comes from seeds "
                f"and {format_percentage(parts.share_of_splits)} from splits."
            )
            if min(scores.shape) < FEW:
                lines[-1] += (
                    f" With {scores.shape[0]} seeds and {scores.shape[1]} splits these shares are rough; {FEW} or "
                    f"more of each would tell."
                )
        lines.append(
            f"Two runs that differ only in their seed differ by more than "
            f"{format_score(self.noise_threshold(metric=name))} in one case of twenty. A smaller gain, measured "
            f"with one seed each, may be luck."
        )
        widths = [share * choose_rope(None, name, mean).half for share in SHARES]
        needed = [
            f"to ±{format_score(half)} takes {self.n_seeds_needed(half, metric=name):,} seeds"
            for half in widths
            if half
        ]
        if needed:
            lines.append(f"To know the mean over seeds {', and '.join(needed)}.")
        return lines

    def __repr__(self) -> str:
        scores = ", ".join(f"{metric} {values.mean():.4f}" for metric, values in self.scores.items())
        return f"<SeedsResult of {self.name}: {len(self.seeds)} seeds, {len(self.splits)} splits, {scores}>"

    def _repr_html_(self) -> str:
        text = "".join(f"<p>{escape(line)}</p>" for line in self.summary().splitlines() if line)
        return text + self.by_seed.to_html(index=False, float_format=format_score)
