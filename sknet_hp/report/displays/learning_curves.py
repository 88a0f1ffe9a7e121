"""Losses or scores over epochs, with bands over folds, splits or seeds."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.words import capitalise
from sknet_hp.report.colours import FAINT, INK, MUTED, SERIES, Dashes, get_style
from sknet_hp.report.display import Display, label_lines, set_title
from sknet_hp.report.frames.learning_curves import (
    CurveFrames,
    end_with_first,
    frame_estimators,
    frame_evaluation,
    frame_search,
)
from sknet_hp.report.searches import find_scoring
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

LOG_FROM = 10.0
"""Losses up to so many times the lowest mean are drawn on a linear scale."""
COLOURS = {"validation": SERIES[0], "training": SERIES[1]}
LEAST_FACTOR = 1.5
"""Of rungs that are drawn on a logarithmic scale, each is so many times the last."""
MOST_RUNGS = 8
"""More of them are not marked."""
LINES = {"training": "--", "validation": "-"}


class LearningCurvesDisplay(Display):
    """Plot learning curves, to see overfitting and training that was too short.

    A line is the mean over runs (folds, splits or seeds). The band around it reaches
    from the lowest to the highest run. Both end where the first run stops, because a
    mean over the remaining runs would jump. After that, thin lines show each remaining
    run. Triangles at the bottom mark the best epochs.

    Use `from_estimator`, `from_search` or `from_evaluation`.

    Parameters
    ----------
    frames : CurveFrames
        What is drawn.
    curve : {"loss", "score"}
    runs_are : str
        What the runs are called, such as "splits".
    n_best : int or None
        Candidates that stand out; None for the curves of one model.
    score : str
        The metric of a search, as scikit-learn has it.

    Attributes
    ----------
    frame : DataFrame
        A row for each candidate, part ("training" or "validation") and epoch: `mean`,
        `low`, `high`, `n` (how many runs were still training), `rank` (0 is the best)
        and `score`.
    lines : DataFrame
        The curve of each run: `candidate`, `run`, `part`, `epoch`, `value`.
    runs : DataFrame
        A row for each candidate and run: `best_epoch`, `n_epochs`.
    rungs : list of int
        Epochs at which the search compared its candidates.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.report import LearningCurvesDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> nets = [NetClassifier(max_epochs=9, random_state=k).fit(X, y) for k in range(3)]
    >>> display = LearningCurvesDisplay.from_estimator(nets)
    >>> display.frame.query("part == 'validation'")["n"].tolist()[:4]
    [3, 3, 3, 3]
    """

    def __init__(
        self,
        frames: CurveFrames,
        *,
        curve: str = "loss",
        runs_are: str = "runs",
        n_best: int | None = None,
        score: str = "score",
    ):
        super().__init__(frames.frame)
        self.lines, self.runs, self.rungs = frames.lines, frames.runs, frames.rungs
        self.curve, self.runs_are, self.n_best, self.metric = curve, runs_are, n_best, Metric(score)

    @classmethod
    def from_estimator(cls, estimator: Any, *, curve: str = "loss", ax: Any = None) -> Self:
        """Plot the curves of a fitted estimator, or of several with different seeds.

        Parameters
        ----------
        estimator : estimator, pipeline, or list of them
            Fitted networks of sknet_hp, skorch or scikit-learn, or gradient boosting of
            scikit-learn. The members of an ensemble count as runs.
        curve : {"loss", "score"}, default="loss"
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : LearningCurvesDisplay

        Raises
        ------
        ValueError
            If no curves are known.
        """
        return cls(frame_estimators(estimator, curve), curve=curve, runs_are="networks").plot(ax)

    @classmethod
    def from_search(cls, search: Any, *, curve: str = "loss", n_best: int = 5, ax: Any = None) -> Self:
        """Plot the curves of all candidates, with the best ones highlighted.

        Parameters
        ----------
        search : fitted search of sknet_hp
        curve : {"loss", "score"}, default="loss"
        n_best : int, default=5
            How many candidates are highlighted, from 1 to 6.
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : LearningCurvesDisplay

        Raises
        ------
        ValueError
            If the search kept no curves, or `n_best` is out of range.
        """
        if not 1 <= n_best <= len(SERIES):
            raise ValueError(
                f"n_best={n_best!r} must be from 1 to {len(SERIES)}: more lines would be hard to tell apart"
            )
        frames, score = frame_search(search, curve), find_scoring(search)
        return cls(frames, curve=curve, runs_are="splits", n_best=n_best, score=score).plot(ax)

    @classmethod
    def from_evaluation(cls, evaluation: Any, *, curve: str = "loss", ax: Any = None) -> Self:
        """Plot the curves of the final model of each outer fold.

        Parameters
        ----------
        evaluation : NestedResult, or dict
            The result of `nested_cross_validate`, or of scikit-learn's `cross_validate`
            with `return_estimator=True`.
        curve : {"loss", "score"}, default="loss"
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : LearningCurvesDisplay

        Raises
        ------
        ValueError
            If no curves are known.
        """
        return cls(frame_evaluation(evaluation, curve), curve=curve, runs_are="outer folds").plot(ax)

    # ---- drawing ---------------------------------------------------------------------------------------------------

    def _draw(self, ax: Any) -> None:
        part = "validation" if "validation" in set(self.frame["part"]) else "training"
        shown = self.frame[self.frame["part"] == part] if self.n_best else self.frame
        drawn = self._draw_search(ax, shown) if self.n_best else self._draw_model(ax)
        self._scale(ax, shown)
        ax.set(xlabel="Epoch", ylabel="Score on held-out rows" if self.curve == "score" else "Loss")
        label_lines(ax, drawn)

    def _draw_model(self, ax: Any) -> list[tuple[float, float, str, str]]:
        """Draw training and validation of one model; return the labels of the lines."""
        drawn, n_runs = [], 1
        for part, colour in COLOURS.items():
            rows = self.frame[self.frame["part"] == part]
            if len(rows):
                n_runs = self._draw_line(ax, rows, colour, LINES[part], band=True)
                drawn.append((*_find_end(rows), part, colour))
        self._mark_best_epochs(ax, self.runs, INK)
        note = "" if n_runs == 1 else f"Mean of {n_runs} {self.runs_are}; bands from the lowest to the highest. "
        best = self.runs["best_epoch"].dropna()
        if len(best):
            epochs = f"{best.min():.0f}" + (f" to {best.max():.0f}" if best.max() > best.min() else "")
            note += f"Best epoch: {epochs}."
        set_title(ax, f"Learning curve: {self.curve}", note)
        return drawn

    def _draw_search(self, ax: Any, shown: "pd.DataFrame") -> list[tuple[float, float, str, str]]:
        """Draw the best candidates before the rest; return their labels."""
        from matplotlib.collections import LineCollection

        n_candidates = shown["candidate"].nunique()
        ranks = sorted(shown["rank"].unique())[: self.n_best]
        rest = end_with_first(shown[~shown["rank"].isin(ranks)])
        faint = [rows[["epoch", "mean"]].to_numpy() for _, rows in rest.groupby("rank")]
        width = 0.9 if len(faint) <= 50 else 0.5
        ax.add_collection(LineCollection(faint, colors=FAINT, linewidths=width, zorder=1))
        drawn, n_runs = [], 1
        for number, rank in enumerate(reversed(ranks)):  # the best on top
            place = len(ranks) - 1 - number
            rows, style = shown[shown["rank"] == rank], get_style(place)
            runs = self._draw_line(ax, rows, style.colour, style.line, band=place == 0)
            n_runs = max(n_runs, runs)
            candidate, score = rows["candidate"].iloc[0], rows["score"].iloc[0]
            drawn.append(
                (
                    *_find_end(rows),
                    f"{'best ' if place == 0 else ''}#{candidate}: {self.metric.write(score)}",
                    style.colour,
                )
            )
            if place == 0:
                self._mark_best_epochs(ax, self.runs[self.runs["candidate"] == candidate], style.colour)
        rungs = self.rungs[:-1] if len(self.rungs) <= MOST_RUNGS else []
        for rung in rungs:
            ax.axvline(rung, color=MUTED, linewidth=0.6, linestyle=(0, (1, 3)), zorder=0)
        note = f"Mean of {n_runs} splits; the best with its band from the lowest to the highest. " if n_runs > 1 else ""
        note += f"Grey: the other {len(faint)}. " if faint else ""
        note += "Dotted: rungs. " if rungs else ""
        note += f"Numbers: {self.metric.label}."
        counted = format_count(n_candidates, "candidate")
        who = f"the best {len(ranks)} of {counted}" if len(ranks) < n_candidates else counted
        set_title(ax, f"{capitalise(shown['part'].iloc[0])} {self.curve} of {who}", note)
        return drawn

    def _draw_line(self, ax: Any, rows: "pd.DataFrame", colour: str, line: str | Dashes, *, band: bool) -> int:
        """Draw a mean, and how runs went on by themselves; return their number."""
        n_runs = int(rows["n"].max())
        whole = rows[rows["n"] == n_runs]
        marker = "o" if len(whole) == 1 else None
        ax.plot(whole["epoch"], whole["mean"], color=colour, linestyle=line, linewidth=1.8, marker=marker, zorder=3)
        if not band or n_runs == 1:
            return n_runs
        ax.fill_between(whole["epoch"], whole["low"], whole["high"], color=colour, alpha=0.16, linewidth=0, zorder=2)
        whose = rows[["candidate", "part"]].drop_duplicates()
        for _, run in (
            self.lines.merge(whose).query("epoch >= @end", local_dict={"end": whole["epoch"].max()}).groupby("run")
        ):
            ax.plot(run["epoch"], run["value"], color=colour, linestyle=line, linewidth=0.7, zorder=3)
        return n_runs

    def _mark_best_epochs(self, ax: Any, runs: "pd.DataFrame", colour: str) -> None:
        best = runs["best_epoch"].dropna()
        ax.plot(
            best,
            np.full(len(best), 0.015),
            transform=ax.get_xaxis_transform(),
            linestyle="none",
            marker="^",
            markersize=6,
            markerfacecolor="none",
            markeredgecolor=colour,
            clip_on=False,
            zorder=4,
        )

    def _scale(self, ax: Any, shown: "pd.DataFrame") -> None:
        """Set limits by what stands out; what diverged would press it flat."""
        from matplotlib.ticker import MaxNLocator

        means, best = end_with_first(shown), shown[shown["rank"] == 0]
        emphasised = means[means["rank"] < (self.n_best or 1)]
        low = min(best["low"].min(), emphasised["mean"].min())
        high = max(best["high"].max(), emphasised["mean"].max())
        rest = means["mean"].quantile([0.05, 0.95])
        low, high = min(low, rest.iloc[0]), max(high, min(rest.iloc[1], high + 2 * (high - low)))
        if self.curve == "loss" and low > 0 and high / emphasised["mean"].min() > LOG_FROM:
            ax.set_yscale("log")
            ax.set_ylim(low / 1.1, high * 1.1)
        elif high > low:
            ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
        if len(self.rungs) > 2 and min(b / a for a, b in pairwise(self.rungs)) >= LEAST_FACTOR:
            ax.set_xscale("log")
            ax.set_xticks(self.rungs, [str(rung) for rung in self.rungs])
            ax.minorticks_off()


def _find_end(rows: "pd.DataFrame") -> tuple[float, float]:
    """Return where the mean of all runs ends."""
    last = rows[rows["n"] == rows["n"].max()].iloc[-1]
    return float(last["epoch"]), float(last["mean"])
