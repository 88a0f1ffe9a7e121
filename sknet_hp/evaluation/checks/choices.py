"""Checks of what the searches inside an evaluation have chosen."""

from collections import Counter
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.findings.check import check
from sknet_hp.findings.finding import Finding

FEWEST_SPLITS = 3
AGREEING = 0.5
"""The share of splits that must have chosen the same value, if values are not near."""

WIDE = 5.0
"""The greatest number chosen over the least, up to which they are near."""


@check("unstable_choice", "Folds that disagree about what is best")
def find_unstable_choice(case: EvaluationCase) -> Iterable[Finding]:
    """Find parameters of which splits have chosen very different values."""
    chosen = [params for params in case.params or () if params]
    if len(chosen) < FEWEST_SPLITS:
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
            "The score is that of the whole search, not of any of these settings. Either they hardly matter, or the "
            "search could not tell which is better; more candidates or repeated inner folds would help.",
        )


def describe_disagreement(values: Sequence[Any]) -> str:
    """Return in words what was chosen; "" where splits agree, or nearly."""
    counts = Counter(map(repr, values))
    if len(values) < FEWEST_SPLITS or max(counts.values()) > AGREEING * len(values):
        return ""
    if all(isinstance(value, Real) and not isinstance(value, bool) for value in values):
        low, high = min(values), max(values)
        is_near = high <= low * WIDE if low > 0 else len(counts) <= 2
        return "" if is_near else f"from {low:.3g} to {high:.3g}"
    shown = [f"{text} ({count})" for text, count in counts.most_common(4)]
    return ", ".join(shown) + (", …" if len(counts) > 4 else "")
