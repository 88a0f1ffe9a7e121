"""The journal of a search, opened for what the search is a function of."""

from importlib.metadata import version
from numbers import Integral
from typing import Any

from sklearn.base import clone

from sknet_hp.search.base.setup import Setup, split_rows
from sknet_hp.search.journal.identity import Identity, digest, find_unseeded_networks, warn_of_uncompared
from sknet_hp.search.journal.journal import Journal
from sknet_hp.search.journal.log import Log
from sknet_hp.search.journal.plain import pack_finding, to_plain, to_plain_or_text
from sknet_hp.search.journal.spaces import pack_space
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.views.metric import name_scoring

_VERSION = version("sknet_hp")
_NOT_IDENTITY = {
    "estimator",
    "param_distributions",
    "cv",
    "random_state",
    "refit",
    "n_jobs",
    "target_score",
    "patience",
    "time_budget",
    "journal",
    "checks",
    "verbose",
}
"""Parameters that numbers do not depend on, or that have a part of their own."""

_COLUMNS_OF_SOME = ("member", "stage")
_ATTRIBUTES_OF_SOME = ("schedule_", "lineage_")
"""What the results of some searchers have, and others have not."""


def open_journal(search: Any, setup: Setup, cv: Any, *, proposes_by_scores: bool) -> Journal:
    """Open the journal of a search, and warn of code that cannot be compared.

    Parameters
    ----------
    search : the searcher, with a `journal`.
    setup : of the search.
    cv : its splitter.
    proposes_by_scores : whether other scores would make other candidates.

    Raises
    ------
    ValueError
        If the same search could not be taken up.
    JournalError
        If the journal is of another search, in use, or no place for one.
    """
    if digest(setup.splits) != digest(split_rows(cv, setup.X, setup.y, setup.routed)):
        raise ValueError(
            f"journal={search.journal!r} needs a cv that splits in the same way each time, so that the same search "
            f"can be resumed; give {cv} an integer random_state"
        )
    _check_seeds(search)
    identity = _make_identity(search, setup, proposes_by_scores=proposes_by_scores)
    journal = Journal(search.journal, identity)
    warn_of_uncompared(identity, search.journal, "search", journal.close)
    _note_beginning(search, setup, journal)
    return journal


def _note_beginning(search: Any, setup: Setup, journal: Journal) -> None:
    """Write into the log what is searched, for who looks on."""
    own = search.get_params(deep=False)
    journal.log.write(
        "began",
        number=journal.number,
        n_known=len(journal.records),
        searcher=type(search).__name__,
        metric=setup.metric,
        measure=name_scoring(search.scoring, search.estimator) if setup.metric == "score" else setup.metric,
        n_splits=len(setup.splits),
        resource=setup.resource.name,
        of_rows=setup.resource.of_rows,
        min_resources=setup.resource.least,
        max_resources=setup.resource.most,
        space=pack_space(setup.space),
        settings={
            name: to_plain_or_text(own[name])
            for name in own
            if name not in ("estimator", "param_distributions", "journal")
        },
        error_score=to_plain_or_text(search.error_score),
        own={name: to_plain_or_text(value) for name, value in search.estimator.get_params(deep=True).items()},
    )


def note_ending(search: Any, log: Log) -> None:
    """Write into the log what a search came to.

    Parameters
    ----------
    search : that has its results, perhaps half of them.
    log : of its journal.
    """
    results, best = search.cv_results_, getattr(search, "best_index_", None)
    log.write(
        "ended",
        seconds=search.search_time_,
        stopped=search.stopped_,
        best=None if best is None else [int(results[name][best]) for name in ("candidate", "n_resources")],
        findings=[pack_finding(finding) for finding in search.findings_],
        columns={name: to_plain(results[name].tolist()) for name in _COLUMNS_OF_SOME if name in results},
        attributes={
            name: to_plain_or_text(getattr(search, name)) for name in _ATTRIBUTES_OF_SOME if hasattr(search, name)
        },
    )


def _check_seeds(search: Any) -> None:
    """Refuse a search that would be another one when it is started again."""
    if not isinstance(search.random_state, Integral):
        raise ValueError(
            f"journal={search.journal!r} needs an integer random_state, so that the same search can be resumed; "
            f"got {search.random_state!r}"
        )
    space = Space(search.param_distributions)
    unseeded = [seed for seed in find_unseeded_networks(search.estimator, space) if seed not in space.names]
    if unseeded:
        raise ValueError(
            f"journal={search.journal!r} needs networks with an integer random_state, to take up the same ones; got "
            f"{unseeded[0]}=None"
        )


def _make_identity(search: Any, setup: Setup, *, proposes_by_scores: bool) -> Identity:
    """Return what a search is a function of."""
    own = {name: value for name, value in search.get_params(deep=False).items() if name not in _NOT_IDENTITY}
    own |= {"least": setup.resource.least, "most": setup.resource.most}
    own |= {"metric": setup.metric} if proposes_by_scores else {}
    return Identity(
        {
            "searcher": type(search).__name__,
            "version of sknet_hp": _VERSION,
            "random_state": str(search.random_state),
            "data set": digest([setup.X, setup.y, setup.params]),
            "cv": digest(setup.splits),
        },
        {
            "estimator": clone(search.estimator),
            "space": Space(search.param_distributions).branches,
            "setting of the search": own,
        },
    )
