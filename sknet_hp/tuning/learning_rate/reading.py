"""From trainings to the result of a range test."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import _num_samples

from sknet_hp.findings import Findings
from sknet_hp.tuning.learning_rate.networks import Training
from sknet_hp.tuning.learning_rate.own_rate import judge_agreement, judge_rate
from sknet_hp.tuning.learning_rate.ramp import Ramp
from sknet_hp.tuning.learning_rate.result import LRResult
from sknet_hp.tuning.learning_rate.settings import Problem
from sknet_hp.tuning.learning_rate.suggestions import Rates, smooth_exponentially
from sknet_hp.tuning.learning_rate.sweep import LEAST_RATES, collect_losses
from sknet_hp.tuning.trainings import Trainings

if TYPE_CHECKING:
    import pandas as pd


def read_trainings(trainings: Trainings[Training], problem: Problem, lr: float) -> LRResult:
    """Return the result of a sweep.

    Parameters
    ----------
    trainings : that have been done.
    problem : of the test.
    lr : the rate that the estimator has.

    Raises
    ------
    KeyboardInterrupt, ValueError
        If the test was ended before there was anything to read.
    ValueError
        If no rate makes the loss lower than chance.
    """
    import pandas as pd

    losses = collect_losses(trainings.done, problem.n_held_out)
    if losses is None:
        raise _make_end_error(
            trainings, f"{LEAST_RATES} rates of one seed, and its 3 networks on shuffled targets, are needed"
        )
    read, by_seed = losses.read(), [losses.read_seed(k) for k in range(losses.lowest.shape[1])]
    if read is None:
        raise ValueError(
            f"no learning rate from {losses.rates[0]:g} to {losses.rates[-1]:g} made the validation loss lower "
            f"than chance, {losses.mean_chance:.4g} (the lowest is {losses.lowest.min():.4g}): the network learns "
            f"nothing of these columns in {problem.n_epochs} epochs. Check that rows of X and y belong together; give "
            f"more rows, or a larger n_epochs"
        )
    smooth = losses.smooth()
    return LRResult(
        method="sweep",
        rates=read,
        spread=_compute_spread(read, by_seed),
        table=_make_table(trainings.done),
        curve=pd.DataFrame(smooth._asdict()).set_axis(["rate", "loss"], axis=1),
        chance_loss=losses.mean_chance,
        n_seeds=len(by_seed),
        findings=Findings(
            [
                *judge_rate(lr, read, smooth, losses.mean_chance, problem.n_held_out),
                *judge_agreement([one.suggestion for one in by_seed if one is not None], len(by_seed)),
            ]
        ),
        **_describe_test(trainings, problem, lr),
    )


def read_ramps(trainings: Trainings[Ramp], problem: Problem, lr: float) -> LRResult:
    """Return the result of ramps, as `read_trainings` does that of a sweep."""
    import pandas as pd

    ramps = sorted(trainings.done, key=lambda ramp: ramp.seed)
    if not ramps:
        raise _make_end_error(trainings, "one ramp is needed")
    by_seed = [ramp.read() for ramp in ramps]
    readable = [one for one in by_seed if one is not None]
    if not readable:
        raise ValueError("the loss of no ramp ever fell: the first rate is too large, or the network learns nothing")
    table = pd.concat([_make_steps(ramp) for ramp in ramps], ignore_index=True)
    read = Rates(*(float(np.exp(np.median(np.log(values)))) for values in zip(*readable, strict=True)))
    return LRResult(
        method="ramp",
        rates=read,
        spread=_compute_spread(read, by_seed),
        table=table,
        curve=table.groupby("rate", as_index=False)["smooth_loss"].mean().set_axis(["rate", "loss"], axis=1),
        chance_loss=float("nan"),
        n_seeds=len(ramps),
        findings=Findings(),
        **_describe_test(trainings, problem, lr),
    )


def _describe_test(trainings: Trainings[Any], problem: Problem, lr: float) -> dict[str, Any]:
    return {
        "lr": lr,
        "n_epochs": problem.n_epochs,
        "n_rows": _num_samples(problem.X),
        "n_rows_given": problem.n_rows,
        "held_constant": problem.changed,
        "stopped": trainings.stopped,
    }


def _make_end_error(trainings: Trainings[Any], needed: str) -> BaseException:
    """Return the error of a test that was ended before there was anything to read."""
    if trainings.stopped == "interrupted":
        return KeyboardInterrupt()
    return ValueError(
        f"time_budget={trainings.time_budget!r} seconds were too few: {len(trainings.done)} networks were trained, and "
        f"{needed}; give more time, fewer rows (max_rows) or epochs (n_epochs)"
    )


def _compute_spread(read: Rates, by_seed: Sequence[Rates | None]) -> dict[str, tuple[float, float]]:
    """Return the lowest and the highest that seeds say, alone and together, by name.

    What they say together is not always between what they say alone: the mean of curves
    that are low in different places may be low in a third.
    """
    readable = [read, *(one for one in by_seed if one is not None)]
    found = {name: [float(getattr(one, name)) for one in readable] for name in Rates._fields}
    return {name: (min(values), max(values)) for name, values in found.items()}


def _make_table(done: list[Training]) -> "pd.DataFrame":
    """Return a row for each rate and seed."""
    import pandas as pd

    rows = [
        {
            "rate": training.rate,
            "seed": training.seed,
            "loss": training.lowest,
            "first_loss": training.first,
            "last_loss": training.valid_losses[-1],
            "train_loss": training.train_losses[-1],
            "epochs": len(training.train_losses),
            "diverged": training.diverged,
        }
        for training in done
        if not training.shuffled
    ]
    return pd.DataFrame(rows).sort_values(["rate", "seed"], ignore_index=True)


def _make_steps(ramp: Ramp) -> "pd.DataFrame":
    """Return a row for each step of a ramp."""
    import pandas as pd

    steps = {"seed": ramp.seed, "step": np.arange(1, len(ramp.rates) + 1), "rate": ramp.rates, "loss": ramp.losses}
    return pd.DataFrame(steps | {"smooth_loss": smooth_exponentially(ramp.losses)})
