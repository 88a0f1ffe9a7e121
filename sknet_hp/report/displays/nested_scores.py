"""The picture of a nested cross-validation's scores."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sknet_hp.formatting.words import capitalise
from sknet_hp.report.colours import FAINT, INK, MUTED, PAPER, SERIES
from sknet_hp.report.display import Display, name_axes, set_title, write_scores
from sknet_hp.report.frames.nested_scores import make_nested_scores_frame
from sknet_hp.report.labels import shorten, wrap_text
from sknet_hp.report.scales import number_splits
from sknet_hp.search.views.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

GAP = 1.5
"""Between folds of two repeats, and twice that between folds and means, in folds."""

MOST_LETTERS = 48
"""Of the name of a model, on two lines."""


class NestedScoresDisplay(Display):
    """Plot the score of each outer fold beside the score that its search reported.

    A filled dot is the outer score of a fold, on rows that its search has not seen. The
    hollow dot joined to it is the inner score that the search reported for its choice.
    If the hollow dots are better, the searches were optimistic. The means with their
    95 % intervals (corrected t) are on the right, first of the search, then of the
    baselines. An arrow at the edge stands for a baseline that is far off.

    Parameters
    ----------
    frame : DataFrame
        As `from_evaluation` makes it.
    metric : str
        The metric, as scikit-learn has it. Errors are written as positive numbers;
        better is higher up.

    Attributes
    ----------
    frame : DataFrame
        A row for each model and outer fold: `model`, `repeat`, `fold`, `outer`,
        `inner`, and the `mean`, `low` and `high` of the model.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.evaluation import nested_cross_validate
    >>> from sknet_hp.report import NestedScoresDisplay
    >>> from sknet_hp.search import RandomizedSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, max_epochs=5, random_state=0)
    >>> search = RandomizedSearchCV(net, {"lr": [0.003, 0.03]}, cv=3, n_iter=2)
    >>> result = nested_cross_validate(search, X, y, cv=3, random_state=0)
    >>> display = NestedScoresDisplay.from_evaluation(result)
    >>> display.figure_.savefig("scores.png")  # doctest: +SKIP
    """

    _size: ClassVar[tuple[float, float]] = (7.2, 4.0)

    def __init__(self, frame: "pd.DataFrame", metric: str = "score"):
        super().__init__(frame)
        self.metric = Metric(metric)

    @classmethod
    def from_evaluation(
        cls,
        evaluation: Any,
        *,
        metric: str | None = None,
        name: str | None = None,
        baselines: Mapping[str, Any] | None = None,
        ax: Any = None,
    ) -> Self:
        """Plot the scores of an evaluation.

        Parameters
        ----------
        evaluation : NestedResult
        metric : str, default=None
            By which; None is the first of the evaluation.
        name : str, default=None
            The name of the evaluated model; None is "search", or "estimator" where
            there was none.
        baselines : dict of NestedResult, default=None
            Evaluations of other models, by name, to stand beside it.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : NestedScoresDisplay

        Raises
        ------
        ValueError
            If the metric was not computed, or no fold has a score.
        """
        frame = make_nested_scores_frame(evaluation, metric, baselines, name)
        return cls(frame, evaluation.metrics[0] if metric is None else metric).plot(ax)

    def _draw(self, ax: Any) -> None:
        own = self.frame[self.frame["model"] == self.frame["model"].iloc[0]]
        at = own["fold"] + own["repeat"] * (own["fold"].max() + GAP)
        outer, inner = own["outer"].to_numpy(), own["inner"].to_numpy()
        ax.vlines(at, outer, inner, color=SERIES[0], linewidth=1.2, alpha=0.6)
        ax.plot(at, inner, "o", markerfacecolor=PAPER, markeredgecolor=SERIES[0], markersize=6, zorder=3)
        ax.plot(at, outer, "o", color=SERIES[0], markersize=6, zorder=4)
        self._draw_means(ax, float(at.max()) + 2 * GAP)
        is_repeated = own["repeat"].max() > 0
        x, y = "Outer fold", f"{capitalise(self.metric.label)} ({self.metric.hint})"
        name_axes(ax, f"{x}, repeat by repeat" if is_repeated else x, y, loc="left")
        ax.set_xticks(*number_splits(own, at.to_numpy()))
        write_scores(ax.yaxis, self.metric)
        has_inner = bool(np.isfinite(inner).any())
        note = "Filled: on rows that no search has seen; hollow: what the search itself reported" if has_inner else ""
        n_missing = int((~np.isfinite(outer)).sum())
        missing = f"{n_missing} of {len(own)} folds have no score" if n_missing else ""
        set_title(ax, "Scores of outer folds", capitalise("; ".join(filter(None, (note, missing, "better is up")))))

    def _draw_means(self, ax: Any, start: float) -> None:
        """Draw the mean of each model with its interval, its name and its value."""
        ax.axvline(start - GAP, color=FAINT, linewidth=1)
        models = self.frame.groupby("model", sort=False).first()
        low, high = self._find_limits(models)
        step = max(1.3, start / 7)
        for k, (model, row) in enumerate(models.iterrows()):
            x, is_first, middle = start + k * step, k == 0, row["mean"]
            colour = SERIES[0] if is_first else MUTED
            shown = min(max(middle, low), high)
            ax.plot([x, x], [row["low"], row["high"]], color=colour, linewidth=2.4 if is_first else 1.6)
            marker = "D" if is_first else "s" if shown == middle else "v" if middle < low else "^"
            ax.plot(x, shown, marker, color=colour, markersize=7 if is_first else 6, zorder=4, clip_on=False)
            ax.annotate(
                self.metric.write(middle), (x, shown), (7, 0 if shown == middle else 8), textcoords="offset points",
                va="center", fontsize=9, color=INK if is_first else MUTED,
            )  # fmt: skip
            ax.annotate(
                wrap_text(shorten(str(model), MOST_LETTERS), MOST_LETTERS // 2), (x, 0), (3, -6),
                ("data", "axes fraction"), textcoords="offset points", ha="right", va="top", rotation=30,
                rotation_mode="anchor", fontsize=9, color=INK,
            )  # fmt: skip
        ax.set_ylim(low, high)
        ax.set_xlim(-0.7, start + (len(models) - 0.2) * step)

    def _find_limits(self, models: "pd.DataFrame") -> tuple[float, float]:
        """Return what heights are shown.

        All of the search; baselines that are far off would press the rest together, so
        arrows at the edge stand for them.
        """
        own = self.frame[self.frame["model"] == self.frame["model"].iloc[0]]
        inside = np.concatenate([own["outer"], own["inner"], models.iloc[0][["low", "high"]]])
        inside = inside[np.isfinite(inside)]
        low, high = float(inside.min()), float(inside.max())
        span = (high - low) or abs(high) or 1.0
        others = models[["mean", "low", "high"]].to_numpy().ravel()
        near = others[(others > low - span) & (others < high + span)]
        low, high = min([low, *near]), max([high, *near])
        return low - 0.08 * (high - low or span), high + 0.08 * (high - low or span)
