"""Searches over hyperparameters, fused by default. Knows the scikit-learn API and joblib; never torch."""

from typing import TYPE_CHECKING, Any

from sknet_hp.search.halving import HalvingSearchCV
from sknet_hp.search.hyperband import HyperbandSearchCV
from sknet_hp.search.population import PBTSearchCV
from sknet_hp.search.stock import GridSearchCV, RandomizedSearchCV

if TYPE_CHECKING:
    from sknet_hp.search.bayes import BayesSearchCV

__all__ = ["BayesSearchCV", "GridSearchCV", "HalvingSearchCV", "HyperbandSearchCV", "PBTSearchCV", "RandomizedSearchCV"]


def __getattr__(name: str) -> Any:
    if name == "BayesSearchCV":  # needs scikit-optimize, an extra
        from sknet_hp.search.bayes import BayesSearchCV

        return BayesSearchCV
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
