"""How to get a search or an evaluation again, as a program."""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from numbers import Integral
from typing import Any

from sklearn.base import clone

from sknet_hp.evaluation.comparison.compare import compare
from sknet_hp.evaluation.nested.result import NestedResult
from sknet_hp.evaluation.nested.validate import nested_cross_validate
from sknet_hp.evaluation.seeds.repeat import repeat_over_seeds
from sknet_hp.formatting.numbers import format_seconds
from sknet_hp.formatting.values import format_value
from sknet_hp.formatting.words import list_some
from sknet_hp.report.page.code import Call, Name
from sknet_hp.report.page.content import Section
from sknet_hp.report.page.origin import MOST_NAMED
from sknet_hp.report.page.subjects.answers import make_origin_section, write_program
from sknet_hp.report.page.subjects.extras import Extras
from sknet_hp.report.page.subjects.view import SearchView
from sknet_hp.search.spaces.values import are_equal

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
    code: str | None = None
    unknown: list[str] = []
    if hasattr(search, "get_params"):
        code, unknown = write_program([("search", _make_anew(search))], ["search.fit(X, y)"])
    X, y = extras.X, extras.y
    if X is None and extras.evaluation is not None:
        X, y = extras.evaluation.data.X, extras.evaluation.data.y
    others = [("Seed of the search", str(search.random_state))] if hasattr(search, "random_state") else []
    seeds = {name: value for name, value in view.own.items() if name.endswith("random_state")}
    others += [(f"Seed of the estimator ({name})", str(value)) for name, value in seeds.items()]
    if hasattr(search, "refit_time_"):
        others.append(("Fit on all rows", format_seconds(search.refit_time_)))
    if X is None and hasattr(search, "feature_names_in_"):
        others.append(("Columns of the data", ", ".join(map(str, search.feature_names_in_))))
    if code is None:
        settings = getattr(search, "settings", {})
        others += [(name, format_value(value)) for name, value in settings.items()]
    return make_origin_section(
        X,
        y,
        lead=_write_lead(
            "search",
            is_timed=getattr(search, "time_budget", None) is not None,
            is_seeded=code is None or _has_seeds(search),
        ),
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
    if result.search is None:
        return _make_section("evaluation", None, [], result.data, {}, extras)
    name = "estimator" if result.inner_metric is None else "search"
    return _make_section(
        "evaluation",
        Call(
            nested_cross_validate,
            [Name(name), Name("X"), Name("y")],
            _choose_keywords(nested_cross_validate, result.settings, result.data),
        ),
        [(name, _make_anew(result.search))],
        result.data,
        result.settings,
        extras,
    )


def make_origin_of_comparison(result: Any, extras: Extras) -> Section:
    """Return the section that says how to get a comparison again.

    Parameters
    ----------
    result : of `compare`.
    extras : with what else is known.
    """
    evaluated = [each.data for each in result.given if isinstance(each, NestedResult)]
    data = next((each for each in [result.data, *evaluated] if each is not None), None)
    if not result.given:
        return _make_section("comparison", None, [], data, {}, extras)
    keywords = _choose_keywords(compare, result.settings, result.data)
    if result.data is not None:
        keywords = {"X": Name("X"), "y": Name("y")} | keywords
    return _make_section(
        "comparison",
        Call(compare, [Name("*contestants")], keywords),
        [("contestants", [_write_contestant(each) for each in result.given])],
        data,
        result.settings,
        extras,
    )


def _write_contestant(given: Any) -> Any:
    """Return a contestant as code can make it."""
    if isinstance(given, NestedResult):
        if given.search is None:
            return Name("...")
        keywords = _choose_keywords(nested_cross_validate, given.settings, given.data)
        return Call(nested_cross_validate, [_make_anew(given.search), Name("X"), Name("y")], keywords)
    if isinstance(given, Mapping):
        return {key: value for key, value in given.items() if str(key).startswith("test_")}
    return _make_anew(given) if hasattr(given, "fit") else given


def make_origin_of_seeds(result: Any, extras: Extras) -> Section:
    """Return the section that says how to get the scores of several seeds again.

    Parameters
    ----------
    result : of `repeat_over_seeds`.
    extras : with what else is known.
    """
    others = [("Seeds", list_some([str(seed) for seed in result.seeds], MOST_NAMED))]
    others.append(("Given to", ", ".join(result.seed_parameters)))
    if result.estimator is None:
        return _make_section("evaluation", None, [], result.data, {}, extras, others)
    return _make_section(
        "evaluation",
        Call(
            repeat_over_seeds,
            [Name("estimator"), Name("X"), Name("y")],
            _choose_keywords(repeat_over_seeds, result.settings, result.data),
        ),
        [("estimator", _make_anew(result.estimator))],
        result.data,
        result.settings,
        extras,
        others,
    )


def _make_section(
    noun: str,
    call: Call | None,
    assignments: Sequence[tuple[str, Any]],
    data: Any,
    settings: Mapping[str, Any],
    extras: Extras,
    others: Sequence[tuple[str, str]] = (),
) -> Section:
    """Return the section that says how to get a result again.

    Parameters
    ----------
    noun : what it is, in a word.
    call : that returns it; None where it is not known.
    assignments : variables that the call needs.
    data : of the evaluation, or None.
    settings : of the call.
    extras : with the data where the result has none.
    others : what else is known, by name.
    """
    code: str | None = None
    unknown: list[str] = []
    if call is not None:
        code, unknown = write_program([*assignments, ("result", call)], [])
        unknown = [
            *(key for key, each in call.keywords.items() if isinstance(each, Name) and key not in ("X", "y")),
            *unknown,
        ]
    made = [each for _, value in assignments for each in (value if isinstance(value, list) else [value])]
    calls = [each for each in made if isinstance(each, Call)]
    return make_origin_section(
        extras.X if data is None else data.X,
        extras.y if data is None else data.y,
        lead=_write_lead(
            noun,
            is_timed=any(
                getattr(each, "time_budget", None) is not None
                for each in [*made, *(call.arguments[0] for call in calls)]
            )
            or any(each.get("time_budget") is not None for each in (settings, *(call.keywords for call in calls))),
            is_seeded=_is_seeded(settings, made, calls),
        ),
        code=code,
        unknown=unknown,
        others=[*extras.notes.items(), *others],
    )


def _choose_keywords(function: Callable[..., Any], settings: Mapping[str, Any], data: Any) -> dict[str, Any]:
    """Return the arguments that differ from the defaults of a function.

    What is as long as the data is called by its name.
    """
    defaults = signature(function).parameters
    keywords: dict[str, Any] = {
        key: Name(key) for key in ("groups", "sample_weight") if getattr(data, key, None) is not None
    }
    changed = {key: value for key, value in settings.items() if not are_equal(value, defaults[key].default)}
    return keywords | {key: Name(key) if key == "cv" and _has_rows(value) else value for key, value in changed.items()}


def _has_rows(cv: Any) -> bool:
    """Return whether splits are given as numbers of rows."""
    return hasattr(cv, "__iter__") and not hasattr(cv, "get_n_splits")


def _is_seeded(settings: Mapping[str, Any], made: Sequence[Any], calls: Sequence[Call] = ()) -> bool:
    """Return whether the same call gives the same numbers.

    Parameters
    ----------
    settings : of the call; an integer as `random_state` seeds all that has no seed.
    made : what is evaluated.
    calls : evaluations that are made before, whose splits serve for all.
    """
    if not all(_is_seeded(call.keywords, [call.arguments[0]]) for call in calls):
        return False
    if isinstance(settings.get("random_state"), Integral):
        return True
    estimators = [each for each in made if hasattr(each, "get_params")]
    cv = settings.get("cv")
    if estimators and not calls and (cv is None or isinstance(cv, Integral)):
        return False
    drawn: list[Any] = [cv] if getattr(cv, "shuffle", True) and hasattr(cv, "random_state") else []
    return all(isinstance(each.random_state, Integral) for each in drawn) and all(map(_has_seeds, estimators))


def _has_seeds(estimator: Any) -> bool:
    """Return whether an estimator, and all that it holds, has a seed."""
    params = estimator.get_params()
    cv = params.get("cv")
    drawn = [cv.random_state] if getattr(cv, "shuffle", True) and hasattr(cv, "random_state") else []
    known = [value for name, value in params.items() if _is_seed(name)]
    return all(isinstance(seed, Integral) for seed in [*known, *drawn])


def _is_seed(name: str) -> bool:
    return name.rsplit("__", 1)[-1] == "random_state"


def _make_anew(estimator: Any) -> Any:
    """Return an unfitted copy without its journal."""
    return clone(estimator).set_params(**{name: None for name in _LEFT_OUT if hasattr(estimator, name)})


def _write_lead(noun: str, *, is_timed: bool, is_seeded: bool) -> str:
    """Return under what conditions the same program gives the same numbers."""
    if is_timed:
        return (
            f"This code makes the {noun}. Because of its time budget, the result depends on the speed of the "
            f"machine. Without one, the same data, versions and kind of processor give the same numbers."
        )
    if not is_seeded:
        return (
            f"This code makes the {noun}, but may give other numbers each time, as not every `random_state` is set. "
            f"Set them all, those of estimators as well, and it can be reproduced."
        )
    return "With the same data, versions and kind of processor, this code gives the same numbers:"
