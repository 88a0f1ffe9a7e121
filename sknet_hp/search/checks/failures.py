"""Whether many candidates failed or diverged, and where in the space."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.formatting.errors import summarise_traceback
from sknet_hp.formatting.values import format_value
from sknet_hp.search.checks.case import SearchCase
from sknet_hp.search.checks.dimensions import replace_in_space, write_dimension
from sknet_hp.search.spaces.dimensions import Choice, Dimension, Range
from sknet_hp.search.spaces.values import Params, are_equal, is_number

MANY = 0.1
"""The share of failed candidates from which on a space is worth a change."""

_ORDERS = 50
"""From so many times the least to the greatest on, numbers are taken by factors."""

_PURE = 0.75
"""The share of failures that a part of the space must have to be named."""


@dataclass(frozen=True)
class Condition:
    """What divides a space in two: a bound of a number, or one value of a choice.

    Attributes
    ----------
    name : of the parameter.
    sign : ">", "<=", "=" or "!=".
    value : with which it is compared.
    """

    name: str
    sign: str
    value: Any

    def holds(self, params: Params) -> bool:
        """Return whether a candidate is on this side."""
        if self.name not in params:
            return False
        own = params[self.name]
        if self.sign in ("=", "!="):
            return are_equal(own, self.value) == (self.sign == "=")
        return is_number(own) and bool(own > self.value if self.sign == ">" else own <= self.value)

    def turn(self) -> "Condition":
        """Return the opposite."""
        return Condition(self.name, {">": "<=", "<=": ">", "=": "!=", "!=": "="}[self.sign], self.value)

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {format_value(self.value, quoted=True)}"


@check("many_failures", "many candidates failed or diverged")
def find_failures(case: SearchCase) -> Iterator[Finding]:
    """Count candidates whose fits failed or diverged, and look for what they share.

    The rule is that of a decision tree of depth one, or two, if three quarters of the
    candidates that it names are such, and of these it names half.
    """
    diverged = case.curves.find_diverged()
    failed = {int(case.candidate[row]) for row, error in enumerate(case.errors) if error is not None}
    numbers = [int(case.candidate[row]) for row in case.latest]
    bad = np.array([number in diverged or number in failed for number in numbers])
    if bad.sum() < 2 or bad.mean() < MANY:
        return
    params = _complete(case.search.estimator, [case.params[row] for row in case.latest])
    rule = [] if bad.all() else find_rule(params, bad, case.space.branches if case.space is not None else [])
    inside = _select(params, rule)
    where = (
        f"; {(bad & inside).sum()} of these are among the {inside.sum()} with {' and '.join(map(str, rule))}"
        if rule
        else ""
    )
    kinds = [f"{len(failed)} failed"] if failed else []
    kinds += [f"{len(diverged - failed)} diverged"] if diverged - failed else []
    first = next((error for error in case.errors if error is not None), None)
    yield Finding(
        code="many_failures",
        severity="warning",
        message=f"Of {len(numbers)} candidates, {' and '.join(kinds)}{where}."
        + (f" The first error: {summarise_traceback(first).rstrip('.')}." if first else ""),
        evidence={
            "n_candidates": len(numbers),
            "n_failed": len(failed),
            "n_diverged": len(diverged - failed),
            "rule": " and ".join(map(str, rule)),
        },
        advice=_write_advice(case, rule, failed=bool(failed)),
        remedy=_make_remedy(case, rule),
    )


def _complete(estimator: Any, params: Sequence[Params]) -> list[Params]:
    """Return parameters with the estimator's own values where a candidate names none.

    Those of steps that candidates replace are left out.
    """
    names = {name for own in params for name in own}
    known = {
        name: value
        for name, value in estimator.get_params(deep=True).items()
        if name in names and name.rpartition("__")[0] not in names
    }
    return [known | own for own in params]


def find_rule(params: Sequence[Params], bad: np.ndarray, branches: Sequence[dict[str, Dimension]]) -> list[Condition]:
    """Return conditions that most of the bad candidates meet, and few others; or none.

    Parameters
    ----------
    params : of the candidates.
    bad : bool array of shape (n_candidates,)
    branches : of the space, which say what is on a logarithmic scale.
    """
    table, columns = _make_table(params, branches)
    if not columns:
        return []
    for depth in (1, 2):
        tree = DecisionTreeClassifier(max_depth=depth, class_weight="balanced", random_state=0).fit(table, bad)
        named = [(rule, _select(params, rule)) for rule in _list_rules(tree.tree_, columns)]
        good = [
            (int(bad[inside].sum()), rule)
            for rule, inside in named
            if inside.any() and bad[inside].mean() >= _PURE and bad[inside].sum() >= bad.sum() / 2
        ]
        if good:
            return max(good, key=lambda pair: pair[0])[1]
    return []


def _select(params: Sequence[Params], rule: Sequence[Condition]) -> np.ndarray:
    """Return which candidates meet all conditions, as a bool array."""
    return np.array([all(condition.holds(own) for condition in rule) for own in params])


class Column(NamedTuple):
    """A column of what a tree learns from.

    Attributes
    ----------
    name : of the parameter.
    kind : "number", "whole" number, "logarithm" of a number, or "choice": whether it is
        `value`.
    """

    name: str
    kind: str
    value: Any = None


def _make_table(params: Sequence[Params], branches: Sequence[dict[str, Dimension]]) -> tuple[np.ndarray, list[Column]]:
    """Return a table of the parameters, (n_candidates, n_columns), and its columns."""
    rows, columns = list[list[float]](), list[Column]()
    for name in dict.fromkeys(name for own in params for name in own):
        values = [own.get(name) for own in params]
        if all(is_number(own[name]) for own in params if name in own):
            kind = _find_kind(name, [value for value in values if value is not None], branches)
            rows.append([np.nan if v is None else log10(v) if kind == "logarithm" else float(v) for v in values])
            columns.append(Column(name, kind))
            continue
        known: list[Any] = []
        for value in values:
            if not any(are_equal(value, other) for other in known):
                known.append(value)
        for value in known if len(known) < len(values) else []:  # else no value says anything of another candidate
            rows.append([float(are_equal(value, other)) for other in values])
            columns.append(Column(name, "choice", value))
    return np.array(rows, dtype=float).T, columns


def _find_kind(name: str, numbers: Sequence[Any], branches: Sequence[dict[str, Dimension]]) -> str:
    """Return of which kind the column of a parameter with these values is."""
    if all(isinstance(number, Integral) for number in numbers):
        return "whole"
    dimensions = [branch[name] for branch in branches if name in branch]
    spread = min(numbers) > 0 and max(numbers) / min(numbers) > _ORDERS
    ranges = [dimension for dimension in dimensions if isinstance(dimension, Range)]
    return "logarithm" if min(numbers) > 0 and (spread or any(each.log for each in ranges)) else "number"


def _list_rules(tree: Any, columns: Sequence[Column]) -> list[list[Condition]]:
    """Return the ways to all leaves in which the bad ones prevail."""
    rules: list[list[Condition]] = []

    def descend(node: int, way: list[Condition]) -> None:
        left, right = tree.children_left[node], tree.children_right[node]
        if left < 0:
            good, bad = tree.value[node][0]
            if bad > good:
                rules.append(way)
            return
        name, kind, value = columns[tree.feature[node]]
        if kind == "choice":
            descend(left, [*way, Condition(name, "!=", value)])
            descend(right, [*way, Condition(name, "=", value)])
            return
        threshold = tree.threshold[node]
        if not isfinite(threshold):  # it divides those without a value from those with one
            descend(left, way)
            descend(right, way)
            return
        if kind == "whole":
            threshold = floor(threshold)
        else:
            threshold = float(f"{10**threshold if kind == 'logarithm' else threshold:.3g}")
        descend(left, [*way, Condition(name, "<=", threshold)])
        descend(right, [*way, Condition(name, ">", threshold)])

    descend(0, [])
    return rules


def _write_advice(case: SearchCase, rule: Sequence[Condition], *, failed: bool) -> str:
    if len(rule) == 1 and _leaves_nothing(case, rule[0]):
        return f"That is all of the space of {rule[0].name}: search elsewhere, with {rule[0].turn()}."
    if rule:
        return f"Leave out {' and '.join(map(str, rule))}."
    if failed:
        return "Fix what the error names, or remove the values that cause it from the space."
    return "Lower the learning rates of the space, or add a warm-up (lr_warmup) or clipping (grad_clip_norm)."


def _leaves_nothing(case: SearchCase, condition: Condition) -> bool:
    """Return whether all values of a parameter in the space meet a condition."""
    branches = [] if case.space is None else [each for each in case.space.branches if condition.name in each]
    return bool(branches) and all(_is_all_of(branch[condition.name], condition) for branch in branches)


def _is_all_of(dimension: Dimension, condition: Condition) -> bool:
    if isinstance(dimension, Choice):
        return all(condition.holds({condition.name: value}) for value in dimension.values)
    if condition.sign == ">":
        return dimension.low is not None and dimension.low >= condition.value
    return condition.sign == "<=" and dimension.high is not None and dimension.high <= condition.value


def _make_remedy(case: SearchCase, rule: Sequence[Condition]) -> dict[str, Any]:
    """Return a space without the part that a rule with a single condition names."""
    if len(rule) != 1 or case.space is None or len(case.space.branches) != 1:
        return {}
    [branch], [condition] = case.space.branches, rule
    dimension = branch[condition.name]
    if isinstance(dimension, Choice):
        kept = [value for value in dimension.values if not condition.holds({condition.name: value})]
        changed: Dimension | None = Choice(kept) if kept else None
    else:
        changed = _cut(dimension, condition)
    if changed is None:
        return {}
    given = getattr(case.search, case.space_name)
    return {case.space_name: replace_in_space(given, branch, {condition.name: write_dimension(changed)})}


def _cut(dimension: Range, condition: Condition) -> Range | None:
    """Return a range without what a condition names, None if nothing is left."""
    low, high = dimension.low, dimension.high
    if low is None or high is None or not low < condition.value < high:
        return None
    if condition.sign == ">":
        high = int(condition.value) if dimension.integer else condition.value
    else:
        low = int(condition.value) + 1 if dimension.integer else condition.value
    return Range.from_bounds(low, high, log=dimension.log, integer=dimension.integer) if low < high else None
