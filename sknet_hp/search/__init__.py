"""Searches over hyperparameters, whose networks train together.

- Dropping candidates early: `HalvingSearchCV`, `HyperbandSearchCV`, `ASHASearchCV`,
  `BOHBSearchCV`.
- With a model that proposes candidates: `TPESearchCV`, `GPSearchCV`, `CmaEsSearchCV`.
- Finding a schedule: `PBTSearchCV`.
- scikit-learn's and scikit-optimize's own: `GridSearchCV`, `RandomizedSearchCV`,
  `BayesSearchCV`.

`search_space` makes a space to begin with, and `read_journal` reads the results of a
search from its journal. Which searcher to use: docs/guide/choosing_a_searcher.md.
"""

# Knows the scikit-learn API and joblib; never torch. Its rooms, of which each knows those before it: arithmetic,
# candidates, spaces, journal (what was scored), running (who is trained how far), proposals (models
# that propose candidates), base (what all searchers share), record (a search as its journal tells it), searchers.

from typing import TYPE_CHECKING

from sknet_hp.search.journal.journal import JournalError
from sknet_hp.search.record.reading import read_journal
from sknet_hp.search.record.record import SearchRecord
from sknet_hp.search.searchers.asha import ASHASearchCV
from sknet_hp.search.searchers.bohb import BOHBSearchCV
from sknet_hp.search.searchers.halving import HalvingSearchCV
from sknet_hp.search.searchers.hyperband import HyperbandSearchCV
from sknet_hp.search.searchers.population import PBTSearchCV
from sknet_hp.search.searchers.stock import GridSearchCV, RandomizedSearchCV
from sknet_hp.search.spaces.around import search_space
from sknet_hp.system.lazy_exports import export_lazily

if TYPE_CHECKING:
    from sknet_hp.search.searchers.bayes import BayesSearchCV
    from sknet_hp.search.searchers.cma_es import CmaEsSearchCV
    from sknet_hp.search.searchers.gp import GPSearchCV
    from sknet_hp.search.searchers.tpe import TPESearchCV

__all__ = [
    "ASHASearchCV",
    "BOHBSearchCV",
    "BayesSearchCV",
    "CmaEsSearchCV",
    "GPSearchCV",
    "GridSearchCV",
    "HalvingSearchCV",
    "HyperbandSearchCV",
    "JournalError",
    "PBTSearchCV",
    "RandomizedSearchCV",
    "SearchRecord",
    "TPESearchCV",
    "read_journal",
    "search_space",
]

__getattr__, __dir__ = export_lazily(  # what needs Optuna or scikit-optimize
    __name__,
    {
        "BayesSearchCV": "sknet_hp.search.searchers.bayes",
        "CmaEsSearchCV": "sknet_hp.search.searchers.cma_es",
        "GPSearchCV": "sknet_hp.search.searchers.gp",
        "TPESearchCV": "sknet_hp.search.searchers.tpe",
    },
)
