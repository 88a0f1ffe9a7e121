"""What every search shows of itself, whoever's searcher it is."""

from typing import TYPE_CHECKING, Any

from sknet_hp.search.curves import CurveTable
from sknet_hp.search.views.display import make_html
from sknet_hp.search.views.facts import check_has_results
from sknet_hp.search.views.history import make_history
from sknet_hp.search.views.summary import write_summary

if TYPE_CHECKING:
    import pandas as pd


class Readable:
    """Gives a search `curves_`, `history_frame()`, `summary()` and a display."""

    _curves: CurveTable

    @property
    def curves_(self) -> "pd.DataFrame":
        """Learning curves of all fits: a `pandas.DataFrame`, a row for each epoch."""
        check_has_results(self)
        return self._curves.make_frame()

    def history_frame(self) -> "pd.DataFrame":
        """Return what was finished, step by step.

        Returns
        -------
        history : pandas.DataFrame
            A row for each candidate in each rung, in the order in which they were
            finished (searches of scikit-learn: in their order): candidate, bracket,
            iter (the rung), n_resources, parent (-1 if it is no copy), mean_score and
            std_score over the splits, best_score (so far, of those with the most
            resources), fit_seconds (of all splits), went_on (whether it was trained
            further), failed, and the parameters, as `param_lr`.
        """
        return make_history(self)

    def summary(self) -> str:
        """Return in sentences what was found, and what to do next."""
        return write_summary(self)

    def _html_repr(self) -> Any:
        return make_html(self)
