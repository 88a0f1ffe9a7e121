"""scikit-optimize's search, fused by default."""

try:
    import skopt
except ImportError as error:
    raise ImportError("BayesSearchCV needs scikit-optimize: pip install 'sknet_hp[bayes]'") from error

from sknet_hp.search.searchers.stock import FusedSearch


class BayesSearchCV(FusedSearch, skopt.BayesSearchCV):
    """`skopt.BayesSearchCV`, fused by default.

    All parameters and attributes are the original's. `n_points` candidates are tried at
    a time: with cv=5 and n_points=8, forty networks train together. `n_jobs` is how
    many cores work on them; 1, the original's default, still fuses, on one core. Beside
    the original's attributes there are `curves_`, `findings_`, `search_time_`,
    `summary()` and `history_frame()`.
    """

    _space_name = "search_spaces"
