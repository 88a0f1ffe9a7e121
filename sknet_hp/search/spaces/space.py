"""Search spaces: what people write for scikit-learn, scikit-optimize and Optuna, read
into one kind.

A space is a list of branches, of which a candidate has one; a branch maps names of
parameters to dimensions. Every dimension can be sampled as scikit-learn samples it,
and, for models, be seen as a coordinate in [0, 1] or as a choice among numbered values.
"""

from collections.abc import Mapping, Sequence, Set
from functools import cached_property, reduce
from math import floor
from operator import mul
from typing import Any

import numpy as np
from scipy import stats
from sklearn.base import clone
from sklearn.model_selection import ParameterSampler

from sknet_hp.estimators.names import write_hint
from sknet_hp.search.arithmetic.brackets import exact

Params = dict[str, Any]


class Choice:
    """One of some values, which may be of any kind.

    Attributes
    ----------
    values : list
    """

    def __init__(self, values: Sequence[Any]):
        self.values = list(values)

    def rvs(self, random_state: Any = None) -> Any:
        """One value, as `ParameterSampler` asks for it."""
        return self.values[random_state.randint(len(self.values))]

    def index(self, value: Any) -> int:
        """The number of a value."""
        for number, known in enumerate(self.values):
            if known is value or (type(known) is type(value) and _equal(known, value)):
                return number
        return next(number for number, known in enumerate(self.values) if _equal(known, value))

    def has(self, value: Any) -> bool:
        """Whether a value is among them."""
        return any(known is value or _equal(known, value) for known in self.values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.values!r})"


class Steps(Choice):
    """Numbers from `low` to at most `high`, each `step` above the one before: choices,
    which models see as one coordinate in their order.
    """

    def __init__(self, low: float, high: float, step: float):
        lowest, distance = exact(low), exact(step)
        numbers = [
            lowest + k * distance for k in range(floor((exact(high) - lowest) / distance) + 1)
        ]  # 0.3, where floats add up to .30000000000000004
        super().__init__([int(x) if isinstance(low, int) and isinstance(step, int) else float(x) for x in numbers])

    def from_unit(self, u: float) -> Any:
        """The value at a coordinate in [0, 1], of which each has an equal stretch."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def to_unit(self, value: float) -> float:
        """The middle of a value's stretch."""
        return (self.index(value) + 0.5) / len(self.values)


class Range:
    """Numbers with a distribution.

    Attributes
    ----------
    distribution : frozen distribution of SciPy
    integer : bool
    low, high, log : the bounds and whether the scale is logarithmic, where they are
        known.
    """

    def __init__(
        self,
        distribution: Any,
        *,
        integer: bool,
        low: float | None = None,
        high: float | None = None,
        log: bool = False,
    ):
        self.distribution, self.integer, self.low, self.high, self.log = distribution, integer, low, high, log

    @classmethod
    def between(cls, low: float, high: float, *, log: bool = False, integer: bool = False) -> "Range":
        """Uniform from `low` to `high`, both included where numbers are whole."""
        if integer:
            # Each whole number owns the stretch of half a unit to both sides of it.
            inner = (
                stats.loguniform(max(low - 0.5, low / 2), high + 0.5)
                if log
                else stats.uniform(low - 0.5, high - low + 1)
            )
        else:
            inner = stats.loguniform(low, high) if log else stats.uniform(low, high - low)
        return cls(inner, integer=integer, low=low, high=high, log=log)

    def rvs(self, random_state: Any = None) -> Any:
        """One value, as `ParameterSampler` asks for it."""
        if self.integer and self.low is not None:
            return self.from_unit(float(random_state.uniform()))
        return _plain(self.distribution.rvs(random_state=random_state))

    def from_unit(self, u: float) -> Any:
        """The value at a coordinate in [0, 1]."""
        value = float(self.distribution.ppf(min(max(u, 1e-12), 1 - 1e-12)))
        if not self.integer:
            return value if self.low is None else min(max(value, self.low), self.high or value)
        whole = floor(value + 0.5) if self.low is not None else int(value)
        return int(min(max(whole, self.low), self.high)) if self.low is not None and self.high is not None else whole

    def to_unit(self, value: float) -> float:
        """The coordinate of a value; a whole number that owns a stretch of them is in
        its middle.
        """
        u = self.distribution.cdf(value)
        if self.integer and self.low is None:
            u = (u + self.distribution.cdf(value - 1)) / 2
        return float(np.clip(u, 0, 1))

    def has(self, value: Any) -> bool:
        """Whether a value is a number within the bounds, as far as they are known."""
        if not isinstance(value, (int, float, np.number)):
            return False
        return bool((self.low is None or value >= self.low) and (self.high is None or value <= self.high))

    def __repr__(self) -> str:
        return f"Range({self.low}, {self.high}{', log' if self.log else ''})"


Dimension = Choice | Range


class Space:
    """A space over the parameters of an estimator.

    Parameters
    ----------
    param_distributions : dict or list of dict
        From names to lists or arrays of choices, SciPy distributions, dimensions of
        scikit-optimize, distributions of Optuna, or tuples `(low, high)` and `(low,
        high, "log-uniform")`, whole numbers if both bounds are. Several dicts are
        alternatives.
    estimator : to check names against; None to take any.
    """

    def __init__(self, param_distributions: Any, estimator: Any = None):
        given = [param_distributions] if isinstance(param_distributions, Mapping) else param_distributions
        if (
            not isinstance(given, (list, tuple))
            or not given
            or not all(isinstance(branch, Mapping) for branch in given)
        ):
            raise ValueError(
                f"param_distributions must be a dict or a list of dicts that are not empty, got {param_distributions!r}"
            )
        self.branches: list[dict[str, Dimension]] = []
        for branch in given:
            if estimator is not None:
                check_names(branch, estimator)
            self.branches.append({name: dimension(value, name) for name, value in branch.items()})
        if not any(self.branches):
            raise ValueError("param_distributions is empty: there is nothing to search")

    @property
    def names(self) -> list[str]:
        """All parameters of all branches, in order."""
        return list(dict.fromkeys(name for branch in self.branches for name in branch))

    @property
    def size(self) -> int | None:
        """How many candidates there are, None for endlessly many."""
        total = 0
        for branch in self.branches:
            if not all(isinstance(d, Choice) for d in branch.values()):
                return None
            total += reduce(mul, (len(d.values) for d in branch.values() if isinstance(d, Choice)), 1)
        return total

    def sample(self, n: int, random_state: Any) -> list[Params]:
        """n candidates as scikit-learn's `ParameterSampler` draws them: without
        repetition where all are choices, fewer if there are no more.
        """
        plain = [
            {name: d.values if isinstance(d, Choice) else d for name, d in branch.items()} for branch in self.branches
        ]
        n = n if self.size is None else min(n, self.size)
        return [dict(params) for params in ParameterSampler(plain, n, random_state=random_state)]

    def without(self, taken: Sequence[Params], drawn: Sequence[Params]) -> list[Params]:
        """What was drawn, without what is taken already."""
        return [params for params in drawn if not any(_same_params(params, known) for known in taken)]

    def branch_of(self, params: Params) -> int:
        """Which branch has these parameters; if none, the first of those that have most
        of their names and fewest others.
        """
        for number, branch in enumerate(self.branches):
            if set(branch) == set(params) and all(d.has(params[name]) for name, d in branch.items()):
                return number
        return min(range(len(self.branches)), key=lambda number: len(self.branches[number].keys() ^ params.keys()))

    # ---- as models see it ------------------------------------------------------------------------------------------

    @property
    def coordinates(self) -> list[Dimension]:
        """The dimensions of `encode`'s vectors.

        Which branch, if there are several; then each dimension that has more than one
        value. Where branches say the same about a parameter, it is one dimension.
        """
        return self._layout[0]

    @cached_property
    def _layout(self) -> tuple[list[Dimension], list[dict[str, int]]]:
        """The coordinates, and where each branch has its parameters among them."""
        coordinates: list[Dimension] = [Choice(range(len(self.branches)))] if len(self.branches) > 1 else []
        owners: list[str | None] = [None] * len(coordinates)
        places: list[dict[str, int]] = []
        for branch in self.branches:
            places.append({})
            for name, own in branch.items():
                if isinstance(own, Choice) and len(own.values) == 1:
                    continue
                check_can_be_learned(own, name)
                known = [k for k, owner in enumerate(owners) if owner == name and _same(coordinates[k], own)]
                places[-1][name] = known[0] if known else len(coordinates)
                if not known:
                    coordinates.append(own)
                    owners.append(name)
        return coordinates, places

    def encode(self, params: Params) -> np.ndarray:
        """A candidate as a vector.

        Parameters
        ----------
        params : dict

        Returns
        -------
        vector : ndarray of shape (n_coordinates,)
            In [0, 1] for ranges and steps, the number of the value for choices, NaN for
            what the candidate's branch does not have, and for values that the space
            does not know.
        """
        coordinates, places = self._layout
        branch, vector = self.branch_of(params), np.full(len(coordinates), np.nan)
        if len(self.branches) > 1:
            vector[0] = branch
        for name, k in places[branch].items():
            vector[k] = _coordinate(coordinates[k], params[name]) if name in params else np.nan
        return vector

    def decode(self, vector: np.ndarray) -> Params:
        """The candidate at a vector; what its branch does not have is not looked at."""
        coordinates, places = self._layout
        branch = int(vector[0]) if len(self.branches) > 1 else 0
        params = {}
        for name, own in self.branches[branch].items():
            k = places[branch].get(name)
            if k is None:
                params[name] = own.values[0]  # type: ignore[union-attr]
            else:
                at = coordinates[k]
                params[name] = (
                    at.from_unit(float(vector[k])) if isinstance(at, (Range, Steps)) else at.values[int(vector[k])]
                )
        return params


def dimension(value: Any, name: str) -> Dimension:
    """Read one dimension, however it was written."""
    module = type(value).__module__
    if isinstance(value, (Choice, Range)):
        return value
    if isinstance(value, tuple):
        return _of_tuple(value, name)
    if module.startswith("skopt.space"):
        return _of_skopt(value)
    if module.startswith("optuna."):
        return _of_optuna(value, name)
    if hasattr(value, "rvs"):
        return _of_scipy(value)
    if (
        isinstance(value, (str, bytes, Set, Mapping))
        or not hasattr(value, "__len__")
        or (isinstance(value, np.ndarray) and value.ndim != 1)
    ):
        raise ValueError(
            f"the space of {name!r} is {value!r}; give a list of choices, a distribution with a method `rvs`, or a "
            f'tuple such as (1e-4, 1e-1, "log-uniform")'
        )
    values = [_plain(each) for each in value]
    if not values:
        raise ValueError(f"the space of {name!r} is empty: give at least one value")
    return Choice(values)


def check_can_be_learned(own: Dimension, name: str) -> None:
    """Refuse distributions that can only be drawn from: a model has to know where in
    them a value stands.
    """
    if isinstance(own, Range) and not (hasattr(own.distribution, "cdf") and hasattr(own.distribution, "ppf")):
        raise ValueError(
            f"the space of {name!r} is {own.distribution!r}, which has no methods `cdf` and `ppf`: a model can not "
            f'learn about it; give a distribution of SciPy, or a tuple such as (1e-4, 1e-1, "log-uniform")'
        )


def check_names(names: Any, estimator: Any) -> None:
    """Refuse names that the estimator has not, with the nearest that it has. Of parts
    that are themselves among the names nobody knows theirs.
    """
    known = estimator.get_params(deep=True)
    for name in names:
        if (
            name not in known
            and not any(str(name).startswith(f"{part}__") for part in names)
            and not _takes(estimator, name)
        ):
            raise ValueError(f"{name!r} is no parameter of the estimator; {write_hint(str(name), known)}")


def _takes(estimator: Any, name: str) -> bool:
    """Whether it can be given a parameter that it does not list, as skorch's nets can
    be given those of their modules.
    """
    known = estimator.get_params(deep=True)
    part = max((part for part in known if name.startswith(f"{part}__")), key=len, default="")
    if hasattr(known.get(part, estimator), "get_params") and "__" in name[len(part) :].removeprefix("__"):
        return False  # of a part that is none, which skorch's nets would find out when they are fitted
    try:
        clone(estimator).set_params(**{name: None})
    except Exception:  # each refuses in its own way
        return False
    return True


# ---- what others write ---------------------------------------------------------------------------------------------


def _of_tuple(value: tuple[Any, ...], name: str) -> Range:
    if name.endswith(
        "hidden_layer_sizes"
    ):  # of ours and of scikit-learn's networks, whose values are tuples themselves
        raise ValueError(
            f"the space of {name!r} is {value!r}, which would be a range of numbers; its choices are tuples, write a "
            f"list: [{value!r}]"
        )
    prior = value[2] if len(value) == 3 else "uniform"
    numbers = value[:2]
    if len(value) not in (2, 3) or prior not in ("uniform", "log-uniform") or not all(map(_is_number, numbers)):
        raise ValueError(
            f'the space of {name!r} is {value!r}; a tuple is (low, high) or (low, high, "log-uniform"), and choices '
            f"are a list"
        )
    low, high = (_plain(x) for x in numbers)
    if not low < high or (prior == "log-uniform" and low <= 0):
        raise ValueError(
            f"the space of {name!r} is {value!r}, but its lower bound must be below its upper "
            f"one{', and above 0' if len(value) == 3 else ''}"
        )
    return Range.between(low, high, log=prior == "log-uniform", integer=isinstance(low, int) and isinstance(high, int))


def _of_scipy(value: Any) -> Dimension:
    family = getattr(value, "dist", value)
    kind = getattr(family, "name", "")
    if kind in ("loguniform", "reciprocal", "uniform"):
        low, high = map(float, value.support())
        if np.isnan(low):  # a scale of zero
            return Choice([float(value.rvs(random_state=0))])
        return Range(value, integer=False, low=low, high=high, log=kind != "uniform")
    whole = np.mod(getattr(family, "xk", 0), 1) == 0  # SciPy takes any numbers for its discrete values
    return Range(value, integer=isinstance(family, stats.rv_discrete) and bool(np.all(whole)))


def _of_skopt(value: Any) -> Dimension:
    if hasattr(value, "categories"):
        return Choice(value.categories)
    return Range.between(
        _plain(value.low),
        _plain(value.high),
        log=value.prior == "log-uniform",
        integer=type(value).__name__ == "Integer",
    )


def _of_optuna(value: Any, name: str) -> Dimension:
    if hasattr(value, "choices"):
        return Choice(value.choices)
    if value.single():
        return Choice([value.low])
    step, integer = getattr(value, "step", None), type(value).__name__ == "IntDistribution"
    if step is not None and step != (1 if integer else None):
        return Steps(value.low, value.high, step)
    return Range.between(value.low, value.high, log=bool(value.log), integer=integer)


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's, as far as they are numbers."""
    return value.item() if isinstance(value, np.generic) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:  # arrays, estimators with odd comparisons
        return False


def _same(a: Dimension, b: Dimension) -> bool:
    if isinstance(a, Choice) and isinstance(b, Choice):
        pairs = list(zip(a.values, b.values, strict=False))
        return (
            type(a) is type(b)
            and len(a.values) == len(b.values)
            and all(x is y or (type(x) is type(y) and _equal(x, y)) for x, y in pairs)
        )
    if isinstance(a, Range) and isinstance(b, Range):
        same = (a.low, a.high, a.log, a.integer) == (b.low, b.high, b.log, b.integer)
        return a.distribution is b.distribution or (same and a.low is not None)
    return False


def _coordinate(dimension: Dimension, value: Any) -> float:
    if isinstance(dimension, Choice):
        return (
            np.nan
            if not dimension.has(value)
            else dimension.to_unit(value)
            if isinstance(dimension, Steps)
            else float(dimension.index(value))
        )
    return dimension.to_unit(float(value)) if isinstance(value, (int, float, np.number)) else np.nan


def _same_params(a: Params, b: Params) -> bool:
    return a.keys() == b.keys() and all(a[name] is b[name] or _equal(a[name], b[name]) for name in a)
