"""What a range test has found."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.findings import Findings
from sknet_hp.formatting.numbers import format_count
from sknet_hp.formatting.words import wrap_line
from sknet_hp.tuning.learning_rate.settings import find_network
from sknet_hp.tuning.learning_rate.suggestions import Rates

if TYPE_CHECKING:
    import pandas as pd

MEANINGS_OF_RAMP = {
    "suggestion": "train with this: the middle of the loss's fall",
    "steepest": "where the loss falls fastest",
    "edge_of_divergence": "from here on the loss is higher than it began",
}
MEANINGS = {
    "suggestion": "train with this",
    "steepest": "where the loss falls fastest at first",
    "tenth_of_lowest": "a tenth of the rate of the lowest loss",
    "edge_of_divergence": "from here on half of the gain is lost, or more",
}


@dataclass(frozen=True, repr=False)
class LRResult:
    """What a range test has found.

    Attributes
    ----------
    method : {"sweep", "ramp"}
    rates : Rates
        The four rates that the test gives. They are attributes, too: `suggestion` is
        the rate to train with. `steepest` is where the loss of the first epoch falls
        fastest over the logarithm of the rate. `tenth_of_lowest` is a tenth of the rate
        with the lowest loss. From `edge_of_divergence` on, half of what training gains
        is lost; it is infinity if no tried rate is so large. For a ramp, `suggestion`
        is fastai's valley, and from the edge on the loss is higher than at the start.
    spread : dict
        For each of these names, the lowest and the highest value over single seeds and
        all seeds together.
    lr : float
        The rate of the estimator.
    table : DataFrame
        A row for each rate and seed: `rate`, `seed`, `loss` (the lowest validation loss
        of the training), `first_loss` and `last_loss` (after the first and the last
        epoch), `train_loss`, `epochs`, `diverged`. For a ramp, a row for each step and
        seed: `seed`, `step`, `rate`, `loss` (of the batch, before the step),
        `smooth_loss`.
    curve : DataFrame
        `rate` and `loss`, smoothed means over seeds, from which the rates were read.
        For a ramp, the mean of `smooth_loss`.
    chance_loss : float
        The loss of networks trained on shuffled targets, from which they can learn only
        the distribution. NaN for a ramp.
    n_epochs, n_seeds : int
        Numbers of epochs and of seeds.
    n_rows, n_rows_given : int
        Number of rows that the test used, including held-out rows, and number of rows
        that were given.
    held_constant : dict
        Parameters that were constant in the test, with their values.
    findings : Findings
        Problems with the estimator's own rate (`rate_too_high`, `rate_too_low`) or with
        the test (`little_learned`, `seeds_disagree`).
    stopped : {"", "time_budget", "interrupted"}
        Why the test ended early, if it did.
    """

    method: str
    rates: Rates
    spread: Mapping[str, tuple[float, float]]
    lr: float
    table: "pd.DataFrame"
    curve: "pd.DataFrame"
    chance_loss: float
    n_epochs: int
    n_seeds: int
    n_rows: int
    n_rows_given: int
    held_constant: Mapping[str, Any]
    findings: Findings
    stopped: str = ""

    @property
    def suggestion(self) -> float:
        """The learning rate to train with."""
        return self.rates.suggestion

    @property
    def steepest(self) -> float:
        """Where the loss falls fastest, at first, over the logarithm of the rate."""
        return self.rates.steepest

    @property
    def tenth_of_lowest(self) -> float:
        """A tenth of the rate of the lowest loss."""
        return self.rates.tenth_of_lowest

    @property
    def edge_of_divergence(self) -> float:
        """The rate from which on half of what training gains is lost."""
        return self.rates.edge_of_divergence

    def apply(self, estimator: Any) -> Any:
        """Return a copy of an estimator, not fitted, with the suggested rate.

        Parameters
        ----------
        estimator : network, or pipeline that ends with one

        Raises
        ------
        TypeError
            If it is neither.
        """
        find_network(estimator)
        prefix, _ = find_last_step(estimator)
        return clone(estimator).set_params(**{f"{prefix}lr": self.suggestion})

    def plot(self, ax: Any = None) -> Any:
        """Draw losses over rates, and the rates that were read off.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        ax : matplotlib Axes

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from sknet_hp.tuning.learning_rate.plot import draw_result

        return draw_result(self, ax)

    def summary(self) -> str:
        """Return what was found, in sentences."""
        lines = [
            f"Suggested learning rate: {self.suggestion:.2g}{self._write_spread('suggestion', 'seeds say ')}. "
            f"The estimator has {self.lr:.2g}.",
            wrap_line(f"It comes from {self._describe_test()}."),
        ]
        for name, meaning in list(self._meanings.items())[1:]:
            lines.append(f"  {name:20}{_write_rate(getattr(self, name)):>8} {self._write_spread(name):20}  {meaning}")
        if self.n_seeds == 1:
            lines.append("One seed cannot show how certain this is; n_seeds=3 can.")
        if self.held_constant:
            named = ", ".join(f"{name}={value!r}" for name, value in self.held_constant.items())
            lines.append(f"Held constant in the test: {named}. The suggestion is the `lr` that a schedule multiplies.")
        if self.stopped:
            cause = {"time_budget": "the time was used up", "interrupted": "it was interrupted"}[self.stopped]
            lines.append(f"The test ended early, because {cause}. These are the results up to then.")
        return "\n".join([*lines, *(wrap_line(str(each)) for each in self.findings)])

    def _write_spread(self, name: str, who: str = "") -> str:
        """Return in brackets how far seeds agree, nothing of a single one."""
        low, high = self.spread[name]
        return f" ({who}{_write_rate(low)} to {_write_rate(high)})" if self.n_seeds > 1 else ""

    @property
    def _meanings(self) -> dict[str, str]:
        return MEANINGS | (MEANINGS_OF_RAMP if self.method == "ramp" else {})

    def _describe_test(self) -> str:
        rows = f"{self.n_rows:,} rows" + (f" of {self.n_rows_given:,}" if self.n_rows < self.n_rows_given else "")
        if self.method == "ramp":
            return f"{format_count(self.n_seeds, 'ramp')} of at most {self.table['step'].max()} steps, on {rows}"
        n_rates = self.table["rate"].nunique()
        return (
            f"{n_rates} rates from {self.table['rate'].min():.2g} to {self.table['rate'].max():.2g}, "
            f"{format_count(self.n_seeds, 'seed')} of each, trained for {format_count(self.n_epochs, 'epoch')}; losses "
            f"are those of a quarter of {rows}, held out"
        )

    def __repr__(self) -> str:
        return f"LRResult(suggestion={self.suggestion:.3g}, edge_of_divergence={self.edge_of_divergence:.3g})"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("", "rate", "lowest of seeds", "highest", "meaning"))
        rows = ""
        for name, meaning in self._meanings.items():
            rates = (getattr(self, name), *self.spread[name])
            cells = "".join(f"<td>{_write_rate(rate, 3)}</td>" for rate in rates)
            rows += f"<tr><td>{name}</td>{cells}<td>{escape(meaning)}</td></tr>"
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        found = self.findings._repr_html_() if self.findings else ""
        return f"{table}<p>From {escape(self._describe_test())}.</p>{found}"


def _write_rate(rate: float, n_digits: int = 2) -> str:
    """Return a rate in words; an edge that no rate has reached is infinite."""
    return f"{rate:.{n_digits}g}" if rate < float("inf") else "none"
