"""The picture of which hyperparameters matter."""

from typing import Any, Self

import numpy as np

from sknet_hp.formatting.numbers import format_amount, format_percentage
from sknet_hp.report.colours import FAINT, INK, MUTED, PAPER, SERIES
from sknet_hp.report.display import Display, set_title
from sknet_hp.report.frames.importances import Importances, measure_importances
from sknet_hp.report.searches import name_resource

MOST_SHOWN = 15
"""Hyperparameters that have room; the least important ones are left out."""


class ImportancesDisplay(Display):
    """Plot which hyperparameters matter for the scores of a search.

    A bar is the share of a hyperparameter in all importances; its whisker is one
    standard error (jackknife). Each hyperparameter gets some share even if none
    matters. The black mark is the level of chance, which only one in twenty shuffles of
    the scores exceeds. Bars that do not reach it are hollow.

    The importances are computed by Optuna. Scores after different numbers of epochs
    cannot be compared, so all are taken after the same number: the largest that at
    least 20 candidates have reached. In a search with rungs these candidates are a
    selection, so a search without rungs says more about the whole space.

    Parameters
    ----------
    importances : Importances
        As `from_search` makes it.
    resource : str
        The resource that rungs increase, such as "epochs".

    Attributes
    ----------
    frame : DataFrame
        A row for each hyperparameter, the most important first: `parameter`, `label`,
        `share`, `sd`, `luck`.
    importances : Importances
        The frame, with `method`, `n_candidates`, `resource` and `top`.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    References
    ----------
    Watanabe, Bansal and Hutter (2023), PED-ANOVA: efficiently quantifying
    hyperparameter importance in arbitrary subspaces, IJCAI. Hutter, Hoos and
    Leyton-Brown (2014), An efficient approach for assessing hyperparameter importance,
    ICML.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.report import ImportancesDisplay
    >>> from sknet_hp.search import RandomizedSearchCV
    >>> from scipy.stats import loguniform
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=8, max_epochs=4, random_state=0)
    >>> space = {"lr": loguniform(1e-4, 0.1), "dropout": [0.0, 0.3]}
    >>> search = RandomizedSearchCV(net, space, n_iter=24, cv=2, random_state=0)
    >>> display = ImportancesDisplay.from_search(search.fit(X, y))
    >>> display.frame["parameter"].iloc[0]
    'lr'
    """

    def __init__(self, importances: Importances, resource: str = "resource"):
        super().__init__(importances.frame)
        self.importances, self.resource = importances, resource

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        method: str = "ped-anova",
        n_resamples: int | None = None,
        random_state: int = 0,
        ax: Any = None,
    ) -> Self:
        """Measure the importances of a search, and plot them.

        Parameters
        ----------
        search : fitted search, or the record of one
            At least 20 of its candidates must have been trained equally far.
        method : {"ped-anova", "fanova"}, default="ped-anova"
            "ped-anova": what separates the best tenth of the candidates (at least five)
            from the rest. "fanova": the share of the variance of scores that each one
            explains by itself in the whole space; hyperparameters that some candidates
            do not have are left out.
        n_resamples : int, default=None
            How many times candidates are left out (for the whiskers) and scores are
            shuffled (for the marks). None is 50, but 0 for "fanova", which is slower:
            it has neither whiskers nor marks then.
        random_state : int, default=0
            Seed of the resampling, and of the random forest of "fanova".
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ImportancesDisplay

        Raises
        ------
        ImportError
            If Optuna or matplotlib is not installed.
        ValueError
            If too few candidates can be compared.
        """
        return cls(measure_importances(search, method, n_resamples, random_state), name_resource(search)).plot(ax)

    def _choose_size(self) -> tuple[float, float]:
        return 6.4, 1.5 + 0.32 * min(len(self.frame), MOST_SHOWN)

    def _draw(self, ax: Any) -> None:
        shown = self.frame.head(MOST_SHOWN).iloc[::-1]
        at = np.arange(len(shown))
        is_above = ~(shown["share"] <= shown["luck"]).to_numpy()
        edges = [SERIES[0] if above else MUTED for above in is_above]
        fills = [SERIES[0] if above else PAPER for above in is_above]
        ax.barh(at, shown["share"], height=0.62, color=fills, edgecolor=edges, linewidth=1.2)
        low, high = (np.clip(shown["share"] + side * shown["sd"], 0, 1) for side in (-1, 1))
        ax.hlines(at, low, high, color=SERIES[1], linewidth=2)
        ax.vlines(np.minimum(shown["luck"], 1), at - 0.4, at + 0.4, color=INK, linewidth=2)
        ends = np.fmax(shown["share"], high).to_numpy()
        for height, share, end in zip(at, shown["share"], np.fmax(ends, np.minimum(shown["luck"], 1)), strict=True):
            ax.annotate(
                format_percentage(share), (end, height), (6, 0), textcoords="offset points", va="center", fontsize=9,
                color=INK,
            )  # fmt: skip
        ax.set_yticks(at, shown["label"])
        ax.set(xlabel="Share of all importances", xlim=(0, 1.1))
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        ax.grid(visible=False, axis="y")
        ax.grid(visible=True, axis="x", color=FAINT, linewidth=0.5, alpha=0.6)
        ax.tick_params(axis="y", length=0)
        set_title(ax, self._write_title(is_above), self._write_note())

    def _write_title(self, is_above: np.ndarray) -> str:
        if self.frame["luck"].notna().any() and not is_above.any():
            return "No hyperparameter matters more than luck explains"
        if self.importances.method == "fanova":
            return "What the scores depend on"
        return f"What separates the best {format_percentage(self.importances.top)} of candidates"

    def _write_note(self) -> str:
        found = self.importances
        name = {"ped-anova": "PED-ANOVA", "fanova": "fANOVA"}[found.method]
        after = "" if np.isnan(found.resource) else f" after {format_amount(found.resource, self.resource)}"
        left_out = len(self.frame) - MOST_SHOWN
        more = f". {left_out} more have less" if left_out > 0 else ""
        marks = ". Orange: ± 1 standard error; black: one in twenty shuffles gets so far" if self._has_marks else ""
        return f"{name} of {found.n_candidates} candidates{after}{marks}{more}."

    @property
    def _has_marks(self) -> bool:
        return bool(self.frame["luck"].notna().any())
