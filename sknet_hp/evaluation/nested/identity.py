"""What a nested cross-validation is a function of."""

from collections.abc import Mapping
from importlib.metadata import version
from numbers import Integral
from typing import Any

import sklearn
from sklearn.base import clone

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.evaluation.running.data import Data, Split
from sknet_hp.evaluation.running.journal import Journal
from sknet_hp.search.journal.identity import Identity, digest, warn_of_uncompared

_NOT_IDENTITY = {"n_jobs": None, "verbose": 0, "time_budget": None, "journal": None}
"""Parameters of a search that numbers do not depend on, and what they are set to."""


def open_journal(
    path: Any, searches: Mapping[str, Any], data: Data, splits: list[Split], scorers: Mapping[str, Any]
) -> Journal:
    """Open the journal of an evaluation.

    Parameters
    ----------
    path : its directory.
    searches : made ready (see `prepare_estimator`), by what messages call them.
    data, splits, scorers : what it is evaluated on, and by.

    Raises
    ------
    ValueError
        If something has no seed, so that the same evaluation could not be taken up.
    JournalError
        If the journal is of another evaluation, in use, or no place for one.
    """
    for search in searches.values():
        _check_seeds(path, search)
    identity = Identity(
        {
            "version of sknet_hp": version("sknet_hp"),
            "version of scikit-learn": sklearn.__version__,
            "data set": digest([data.X, data.y, data.groups, data.sample_weight]),
            "cv": digest([(split.train, split.test) for split in splits]),
        },
        {name: _reset(search) for name, search in searches.items()} | {"scoring": dict(scorers)},
    )
    journal = Journal(path, identity)
    warn_of_uncompared(identity, path, "evaluation", journal.close)
    return journal


def _reset(search: Any) -> Any:
    """Return a copy without what numbers do not depend on."""
    prefix, last = find_last_step(search)
    own = last.get_params(deep=False) if hasattr(last, "get_params") else {}
    return clone(search).set_params(**{f"{prefix}{name}": to for name, to in _NOT_IDENTITY.items() if name in own})


def _check_seeds(path: Any, search: Any) -> None:
    known = search.get_params(deep=True)
    unseeded = [name for name in known if name.rsplit("__", 1)[-1] == "random_state" and not _is_seed(known[name])]
    if unseeded:
        raise ValueError(
            f"journal={path!r} needs integer seeds, so that the same evaluation can be resumed; got "
            f"{unseeded[0]}={known[unseeded[0]]!r}. Give random_state=0, say: it seeds all that has no seed"
        )


def _is_seed(value: Any) -> bool:
    return isinstance(value, Integral)
