"""Checks of what the searches inside an evaluation have chosen."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding
from sknet_hp.search.spaces.values import is_number

FEWEST_SPLITS = 3
AGREEING = 0.5
"""The share of splits that must have chosen the same value, if values are not near."""

WIDE = 5.0
"""The greatest number chosen over the least, up to which they are near."""

UNSET = "unset"
"""Stands for a value that a split has not chosen, and that is not known."""

ADVICE = (
    "The score is that of the whole search, not of any of these settings. Either they hardly matter, or the search "
    "could not tell which is better; more candidates or repeated inner folds would help."
)


@check("unstable_choice", "Folds that disagree about what is best")
def find_unstable_choice(case: EvaluationCase) -> Iterable[Finding]:
    """Find parameters of which splits have chosen very different values."""
    chosen = list(case.params or ())
    if len(chosen) < FEWEST_SPLITS or not any(chosen):
        return
    names = list(dict.fromkeys(name for params in chosen for name in params))
    ranges = {name: describe_disagreement([params[name] for params in chosen if name in params]) for name in names}
    ranges = {name: text for name, text in ranges.items() if text}
    if ranges:
        yield Finding(
            "unstable_choice",
            "info",
            f"The searches of {len(chosen)} splits chose different values: "
            f"{'; '.join(f'{name} {text}' for name, text in ranges.items())}.",
            {"parameters": list(ranges), "splits": len(chosen)},
            ADVICE,
        )
        return
    n_alike = max(sum(are_alike(params, other) for other in chosen) for params in chosen)
    if n_alike <= AGREEING * len(chosen):
        different = [name for name in names if len({repr(params.get(name, UNSET)) for params in chosen}) > 1]
        yield Finding(
            "unstable_choice",
            "info",
            f"The searches of {len(chosen)} splits chose different settings, "
            f"{'no two of them alike' if n_alike == 1 else f'at most {n_alike} of them alike'}: they differ in "
            f"{', '.join(different)}.",
            {"parameters": different, "splits": len(chosen), "alike": n_alike},
            ADVICE,
        )


def are_alike(params: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two splits have chosen the same values, or near ones."""
    for name in params.keys() | other.keys():
        values = params.get(name, UNSET), other.get(name, UNSET)
        if repr(values[0]) != repr(values[1]) and not are_near(values):
            return False
    return True


def are_near(values: Sequence[Any]) -> bool:
    """Return whether values are numbers that are not far apart."""
    if not all(map(is_number, values)):
        return False
    low, high = min(values), max(values)
    return bool(high <= low * WIDE) if low > 0 else len(set(values)) <= 2


def describe_disagreement(values: Sequence[Any]) -> str:
    """Return in words what was chosen; "" where splits agree, or nearly."""
    counts = Counter(map(repr, values))
    if len(values) < FEWEST_SPLITS or max(counts.values()) > AGREEING * len(values):
        return ""
    if all(map(is_number, values)):
        return "" if are_near(values) else f"from {min(values):.3g} to {max(values):.3g}"
    shown = [f"{text} ({count})" for text, count in counts.most_common(4)]
    return ", ".join(shown) + (", …" if len(counts) > 4 else "")
