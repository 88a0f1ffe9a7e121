"""What population-based training checks before it begins.

Which parameters can change while training goes on is tried out on a network that is
hardly trained, before hours are spent.
"""

from collections.abc import Sequence
from copy import deepcopy
from numbers import Real
from typing import Any, NamedTuple

from joblib import Parallel, delayed
from sklearn.base import clone

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.search.candidates import Candidate
from sknet_hp.search.proposals.exploring import scale
from sknet_hp.search.running.fitting import SplitData, fit_on
from sknet_hp.search.running.resource import Resource
from sknet_hp.search.running.run import Run
from sknet_hp.search.spaces.dimensions import Choice, Dimension
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params, is_number


def check_settings(
    estimator: Any, resource: Resource, *, interval: int | str, refit: Any, factors: Sequence[float]
) -> None:
    """Refuse settings of a search with which no population can be trained."""
    if resource.of_rows:
        raise ValueError(
            "population-based training goes on from trained networks, which resource='n_samples' can not; use "
            "HalvingSearchCV"
        )
    if resource.find_owner({}) is None:
        raise ValueError(
            f"population-based training goes on from trained networks, but {type(estimator).__name__} fits a "
            f"fresh copy of what it holds each time; search the network itself, or a pipeline that ends with it"
        )
    if refit == "ensemble":
        raise ValueError(
            "refit='ensemble' fits members with one setting each, but here each has a schedule; use refit=True"
        )
    if interval != "auto" and int(interval) > resource.most:
        raise ValueError(
            f"interval={interval} is greater than max_resources={resource.most}; lower one or raise the "
            f"other ({resource.name})"
        )
    if not factors or not all(isinstance(factor, Real) and factor > 0 for factor in factors):
        raise ValueError(f"perturbation_factors must be numbers above 0, got {factors!r}")


def check_changeable(run: Run, space: Space, population: list[Candidate], factors: Sequence[float]) -> None:
    """Refuse parameters that an estimator can not change while it is trained on.

    Of each branch of the space, the first candidate that can be fitted is trained for
    one unit of the resource in the first split; copies of it go on for another one,
    each with one parameter changed. Who fails at this, and does not fail when it begins
    with that value, can not change it.

    Raises
    ------
    ValueError
        Naming the parameter and what the estimator says to it.
    """
    for number, branch in enumerate(space.branches):
        for name, dimension in branch.items():
            reason = _find_silent_loss(run, name)
            if reason is not None and not (isinstance(dimension, Choice) and len(dimension.values) == 1):
                raise _make_refusal(name, reason)
        for candidate in population:
            if space.find_branch(candidate.params) == number and _check_branch(run, candidate, branch, factors):
                break


def _find_silent_loss(run: Run, name: str) -> str | None:
    """Return how what was learned would be lost without an error, None if it is not."""
    resource = run.resource
    if resource.name.startswith(f"{name}__"):
        return f"it replaces the estimator whose {resource.name.rsplit('__', 1)[-1]} is trained on"
    last = find_last_step(run.estimator)[1]
    if hasattr(last, "fit_loop") and f"{name}__".startswith(f"{resource.prefix}module__"):
        return "skorch makes the module anew, with the weights of its beginning"
    return None


class _Change(NamedTuple):
    """A parameter, and a value that it is changed to."""

    name: str
    value: Any


class _Trial(NamedTuple):
    """An estimator after a fit, and how that failed, or None."""

    estimator: Any
    failure: str | None


def _check_branch(run: Run, candidate: Candidate, branch: dict[str, Dimension], factors: Sequence[float]) -> bool:
    """Check changes of one candidate, and return whether it could be fitted at all."""
    begun = _fit_from_the_start(run, candidate.params, 1)
    if begun.failure is not None:
        return False
    changes = [
        _Change(name, value)
        for name, dimension in branch.items()
        if name in candidate.params
        for value in list_values_to_try(dimension, candidate.params[name], factors)
    ]
    further = run.resource.make_settings(2, 1, candidate.params)
    unchanged, *changed = _fit_all(
        run,
        [(deepcopy(begun.estimator), change | further) for change in [{}, *({name: value} for name, value in changes)]],
    )
    if unchanged.failure is not None:
        if _fit_from_the_start(run, candidate.params, 2).failure is not None:  # it is not the going on that fails
            return False
        raise ValueError(
            f"the estimator was trained for one unit of {run.resource.name!r} and can not be trained on: "
            f"{unchanged.failure}\nPopulation-based training goes on from trained networks; a search with "
            f"resource='n_samples', such as HalvingSearchCV, does not"
        )
    failed = [
        (change, trial.failure) for change, trial in zip(changes, changed, strict=True) if trial.failure is not None
    ]
    _check_that_all_fail_from_the_start(run, candidate.params, failed)
    return True


def _check_that_all_fail_from_the_start(run: Run, params: Params, failed: list[tuple[_Change, str]]) -> None:
    """Refuse a change that failed, if its value does not fail from the beginning."""
    from_the_start = _fit_all(
        run, [_begin(run, params | {change.name: change.value}, params, 2) for change, _ in failed]
    )
    for (change, failure), trial in zip(failed, from_the_start, strict=True):
        if trial.failure is None:
            raise _make_refusal(change.name, failure)


def list_values_to_try(dimension: Dimension, value: Any, factors: Sequence[float]) -> list[Any]:
    """Return what to change a value to.

    It is any choice, of choices among numbers the extremes, and of a range what the
    factors make of the value.
    """
    if isinstance(dimension, Choice):
        if len(dimension.values) < 2:
            return []
        numbers = all(map(is_number, dimension.values))
        return [min(dimension.values), max(dimension.values)] if numbers else dimension.values
    return [scale(dimension, float(value), factor) for factor in factors] if isinstance(value, Real) else []


def _begin(run: Run, settings: Params, params: Params, amount: int) -> tuple[Any, Params]:
    """Return an estimator, and the settings with which it is trained up to `amount`."""
    return clone(run.estimator), settings | run.resource.make_settings(amount, 0, params)


def _fit_from_the_start(run: Run, params: Params, amount: int) -> _Trial:
    [trial] = _fit_all(run, [_begin(run, params, params, amount)])
    return trial


def _fit_all(run: Run, tasks: list[tuple[Any, Params]]) -> list[_Trial]:
    """Fit estimators, each with its settings, in the first split."""
    results = Parallel(n_jobs=run.n_jobs, mmap_mode="c")(
        delayed(_fit)(estimator, run.tables[0], settings) for estimator, settings in tasks
    )
    return [_Trial(*result) for result in results]


def _fit(estimator: Any, data: SplitData, settings: Params) -> tuple[Any, str | None]:
    try:
        return fit_on(estimator, data, settings), None
    except Exception as error:  # whatever an estimator says
        return estimator, f"{type(error).__name__}: {error}"


def _make_refusal(name: str, reason: str) -> ValueError:
    return ValueError(
        f"{name!r} can not change while training goes on, and population-based training changes parameters of "
        f"networks that are half trained. Take {name!r} out of param_distributions (`search_space(estimator, "
        f"fixed_shape=True)` has no widths and depths) and search it with HalvingSearchCV or HyperbandSearchCV; or "
        f"give param_distributions as a list of dicts, each with one value of {name!r}: members then keep theirs, and "
        f"copies inherit it.\nWhat a network says to the change: {reason}"
    )
