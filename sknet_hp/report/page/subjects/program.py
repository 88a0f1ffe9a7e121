"""How to get a search again, as a program."""

from inspect import signature
from numbers import Integral
from typing import Any

from sklearn.base import clone

from sknet_hp.evaluation.nested.validate import nested_cross_validate
from sknet_hp.report.page.content import Section
from sknet_hp.report.page.subjects.answers import make_origin_section, write_program
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.subjects.view import SearchView
from sknet_hp.report.words import write_seconds, write_value

_LEFT_OUT = ("journal",)
"""Parameters that a search is made again without: it would only read what is there."""


def make_origin(search: Any, extras: Extras, view: SearchView) -> Section:
    """Return the section that says how to get a search again.

    Parameters
    ----------
    search : fitted search, or the record of one, which has no estimator.
    extras : with the data.
    view : of the search.
    """
    code, unknown = None, []
    if hasattr(search, "get_params"):
        code, unknown = write_program([("search", _make_anew(search))], ["search.fit(X, y)"])
    X, y = extras.X, extras.y
    if X is None and extras.evaluation is not None:
        X, y = extras.evaluation.data.X, extras.evaluation.data.y
    others = [("Seed of the search", str(search.random_state))] if hasattr(search, "random_state") else []
    seeds = {name: value for name, value in view.own.items() if name.endswith("random_state")}
    others += [(f"Seed of the estimator ({name})", str(value)) for name, value in seeds.items()]
    if hasattr(search, "refit_time_"):
        others.append(("Fit on all rows", write_seconds(search.refit_time_)))
    if X is None and hasattr(search, "feature_names_in_"):
        others.append(("Columns of the data", ", ".join(map(str, search.feature_names_in_))))
    if code is None:
        settings = getattr(search, "settings", {})
        others += [(f"{search.searcher}: {name}", write_value(value)) for name, value in settings.items()]
    return make_origin_section(
        X,
        y,
        lead=_write_lead(search),
        code=code,
        unknown=unknown,
        others=[*extras.notes.items(), *others],
    )


def make_origin_of_evaluation(result: Any, extras: Extras) -> Section:
    """Return the section that says how to get an evaluation again.

    Parameters
    ----------
    result : of `nested_cross_validate`.
    extras : with what else is known.
    """
    code, unknown, lead = None, [], ""
    if result.search is not None:
        name = "estimator" if result.inner_metric is None else "search"
        defaults = signature(nested_cross_validate).parameters
        settings = {key: value for key, value in result.settings.items() if value is not defaults[key].default}
        given = [key for key in ("groups", "sample_weight") if getattr(result.data, key, None) is not None]
        arguments = ", ".join(
            [name, "X", "y", *(f"{key}={key}" for key in given), *(["**settings"] if settings else [])]
        )
        code, unknown = write_program(
            [(name, _make_anew(result.search)), *([("settings", settings)] if settings else [])],
            [f"result = nested_cross_validate({arguments})"],
            ["from sknet_hp.evaluation import nested_cross_validate"],
        )
        lead = _write_lead(result.search)
    return make_origin_section(
        result.data.X, result.data.y, lead=lead, code=code, unknown=unknown, others=list(extras.notes.items())
    )


def _make_anew(estimator: Any) -> Any:
    """Return an unfitted copy without its journal."""
    return clone(estimator).set_params(**{name: None for name in _LEFT_OUT if hasattr(estimator, name)})


def _write_lead(search: Any) -> str:
    """Return under what conditions the same program gives the same numbers."""
    if getattr(search, "time_budget", None) is not None:
        return (
            "This code makes the search. Because of its time budget, the result depends on the speed of the "
            "machine. Without one, the same data, versions and kind of processor give the same numbers."
        )
    if not isinstance(getattr(search, "random_state", 0), Integral):
        return "This code makes the search. It has no seed; with a `random_state`, its numbers could be reproduced."
    return "With the same data, versions and kind of processor, this code gives the same numbers:"
