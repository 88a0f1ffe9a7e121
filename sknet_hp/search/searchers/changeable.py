"""Which parameters can change while training goes on: tried out on a network that is
hardly trained, before hours are spent.
"""

from collections.abc import Sequence
from copy import deepcopy
from numbers import Real
from typing import Any

from joblib import Parallel, delayed
from sklearn.base import clone

from sknet_hp.search.candidates import Candidate
from sknet_hp.search.pipelines import find_last_step
from sknet_hp.search.proposals.exploring import scale
from sknet_hp.search.running.fitting import fit_on
from sknet_hp.search.running.run import Run
from sknet_hp.search.spaces.dimensions import Choice, Dimension
from sknet_hp.search.spaces.space import Space


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
    """How what was learned would be lost without an error, if it would."""
    if run.resource.name.startswith(f"{name}__"):
        return f"it replaces the estimator whose {run.resource.name.rsplit('__', 1)[-1]} is trained on"
    if hasattr(find_last_step(run.estimator)[1], "fit_loop") and f"{name}__".startswith(
        f"{run.resource.prefix}module__"
    ):
        return "skorch makes the module anew, with the weights of its beginning"
    return None


def _check_branch(run: Run, candidate: Candidate, branch: dict[str, Dimension], factors: Sequence[float]) -> bool:
    """Whether the candidate could be fitted, and so be asked."""
    [(begun, failure)] = _try_all(
        run, [(clone(run.estimator), candidate.params | run.resource.make_settings(1, 0, candidate.params))]
    )
    if failure is not None:
        return False
    changes = [
        (name, value)
        for name, dimension in branch.items()
        if name in candidate.params
        for value in list_values_to_try(dimension, candidate.params[name], factors)
    ]
    further = run.resource.make_settings(2, 1, candidate.params)
    unchanged, *changed = _try_all(
        run, [(deepcopy(begun), change | further) for change in [{}, *({name: value} for name, value in changes)]]
    )
    if unchanged[1] is not None:
        [(_, failure)] = _try_all(
            run, [(clone(run.estimator), candidate.params | run.resource.make_settings(2, 0, candidate.params))]
        )
        if failure is not None:  # it is not the going on that fails
            return False
        raise ValueError(
            f"the estimator was trained for one unit of {run.resource.name!r} and can not be trained on: "
            f"{unchanged[1]}\nPopulation-based training goes on from trained networks; a search with "
            f"resource='n_samples', such as HalvingSearchCV, does not"
        )
    failed = [
        (name, value, failure)
        for (name, value), (_, failure) in zip(changes, changed, strict=True)
        if failure is not None
    ]
    from_the_start = _try_all(
        run,
        [
            (
                clone(run.estimator),
                candidate.params | {name: value} | run.resource.make_settings(2, 0, candidate.params),
            )
            for name, value, _ in failed
        ],
    )
    for (name, _, failure), (_, own) in zip(failed, from_the_start, strict=True):
        if own is None:
            raise _make_refusal(name, str(failure))
    return True


def list_values_to_try(dimension: Dimension, value: Any, factors: Sequence[float]) -> list[Any]:
    """What to change a value to: any choice, of choices among numbers the extremes; of
    a range what the factors make of it.
    """
    if isinstance(dimension, Choice):
        if len(dimension.values) < 2:
            return []
        numbers = all(isinstance(each, Real) and not isinstance(each, bool) for each in dimension.values)
        return [min(dimension.values), max(dimension.values)] if numbers else dimension.values
    return [scale(dimension, float(value), factor) for factor in factors] if isinstance(value, Real) else []


def _try_all(run: Run, trials: list[tuple[Any, dict[str, Any]]]) -> list[tuple[Any, str | None]]:
    """Of each estimator and its settings: the estimator fitted in the first split, and
    how that failed, or None.
    """
    return list(
        Parallel(n_jobs=run.n_jobs, mmap_mode="c")(
            delayed(_try)(estimator, run.tables[0], settings) for estimator, settings in trials
        )
    )


def _try(estimator: Any, data: Any, settings: dict[str, Any]) -> tuple[Any, str | None]:
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
