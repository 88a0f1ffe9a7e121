"""How far the outer folds agree about what is best."""

from collections import Counter
from collections.abc import Sequence
from numbers import Real
from typing import Any, NamedTuple

from sknet_hp.formatting.values import format_value


class Agreement(NamedTuple):
    """What was chosen for one parameter.

    Attributes
    ----------
    name : of the parameter.
    most_frequent : the value that most folds have chosen.
    n_agreeing : how many have.
    n_folds : in which it was chosen at all.
    values : all of them, in the order of folds.
    """

    name: str
    most_frequent: Any
    n_agreeing: int
    n_folds: int
    values: tuple[Any, ...]

    def __str__(self) -> str:
        numbers = [value for value in self.values if isinstance(value, Real) and not isinstance(value, bool)]
        if self.n_folds == 1:
            return f"{self.name}: {format_value(self.most_frequent)} in the only fold"
        if self.n_agreeing == self.n_folds:
            return f"{self.name}: {format_value(self.most_frequent)} in all {self.n_folds} folds"
        if len(numbers) == len(self.values) and self.n_agreeing < self.n_folds / 2:
            return f"{self.name}: from {format_value(min(numbers))} to {format_value(max(numbers))}"
        others = sorted({format_value(value) for value in self.values} - {format_value(self.most_frequent)})
        share = f"{self.n_agreeing} of {self.n_folds} folds"
        return f"{self.name}: {format_value(self.most_frequent)} in {share}, otherwise {', '.join(others)}"


def measure_agreement(params: Sequence[dict[str, Any]]) -> list[Agreement]:
    """Return for each parameter how many folds have chosen the same value."""
    chosen = [each for each in params if each]
    found = []
    for name in dict.fromkeys(name for each in chosen for name in each):
        values = tuple(each[name] for each in chosen if name in each)
        counts = Counter(map(format_value, values))
        text, count = counts.most_common(1)[0]
        most_frequent = next(value for value in values if format_value(value) == text)
        found.append(Agreement(name, most_frequent, count, len(values), values))
    return found
