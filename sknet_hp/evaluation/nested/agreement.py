"""How far the outer folds agree about what is best."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sknet_hp.formatting.values import format_value
from sknet_hp.search.spaces.values import is_number


class Agreement(NamedTuple):
    """What was chosen for one parameter.

    Attributes
    ----------
    name : of the parameter.
    most_frequent : the value that most folds have chosen.
    n_agreeing : how many have, or have kept it.
    n_folds : that are finished.
    values : all that were chosen, in the order of folds.
    n_kept : folds that have chosen none, and kept the estimator's own value.
    own : that value, in words; "" if it is not known.
    """

    name: str
    most_frequent: Any
    n_agreeing: int
    n_folds: int
    values: tuple[Any, ...]
    n_kept: int = 0
    own: str = ""

    def __str__(self) -> str:
        chosen = format_value(self.most_frequent)
        if self.n_folds == 1:
            return f"{self.name}: {chosen} in the only fold"
        if self.n_agreeing == self.n_folds:
            return f"{self.name}: {chosen} in all {self.n_folds} folds"
        others = sorted({format_value(value) for value in self.values} - {chosen})
        keeps_another = self.n_kept > 0 and self.own != chosen
        numbers = [value for value in self.values if is_number(value)]
        if others and len(numbers) == len(self.values) and self.n_agreeing < self.n_folds / 2:
            text = f"from {format_value(min(numbers))} to {format_value(max(numbers))}"
            text += f" in {len(numbers)} of {self.n_folds} folds" if keeps_another else ""
            others = []
        else:
            text = f"{chosen} in {self.n_agreeing} of {self.n_folds} folds"
        text += f", otherwise {', '.join(others)}" if others else ""
        if keeps_another:
            who = f"{self.n_kept} {'others' if self.n_kept > 1 else 'other'}" if others else "the others"
            who = "the other" if not others and self.n_kept == 1 else who
            text += f"; {who} kept {self.own or 'what the estimator had'}"
        return f"{self.name}: {text}"


def measure_agreement(params: Sequence[Mapping[str, Any]], own: Mapping[str, Any] | None = None) -> list[Agreement]:
    """Return for each parameter how many folds have chosen the same value.

    Parameters
    ----------
    params : what was chosen in each fold that is finished. A name that is missing
        stands for the estimator's own value.
    own : the values of the estimator that was tuned, as far as they are known.
    """
    own = {} if own is None else own
    found = []
    for name in dict.fromkeys(name for each in params for name in each):
        values = tuple(each[name] for each in params if name in each)
        n_kept = len(params) - len(values)
        counts = Counter(map(format_value, values))
        kept = format_value(own[name]) if name in own else ""
        if kept in counts:
            counts[kept] += n_kept
        text, count = counts.most_common(1)[0]
        most_frequent = next(value for value in values if format_value(value) == text)
        found.append(Agreement(name, most_frequent, count, len(params), values, n_kept, kept))
    return found


def complete_params(params: Sequence[Mapping[str, Any]], own: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what folds have chosen, with the estimator's own values for the rest."""
    names = {name for each in params for name in each}
    return [{name: own[name] for name in sorted(names & set(own))} | dict(each) for each in params]
