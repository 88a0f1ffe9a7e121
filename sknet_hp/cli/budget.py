"""The time of `--time-budget`, of which reading and imports take some."""

import math
import time

from sknet_hp.cli.errors import BadInput


def check_time_budget(seconds: float | None) -> None:
    """Check that a budget is a time.

    Raises
    ------
    BadInput
        If it is not above 0, or not finite.
    """
    if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
        raise BadInput(f"--time-budget {seconds:g} is not a time: give a number of seconds above 0")


def compute_seconds_left(budget: float | None, start: float, share: float = 1.0) -> float | None:
    """Return the seconds that are left of a share of a budget; None if there is none.

    Parameters
    ----------
    budget : seconds for the whole command.
    start : when it began, on the monotonic clock.
    share : of the budget, what may be used.

    Raises
    ------
    BadInput
        If none are left.
    """
    if budget is None:
        return None
    left = share * budget - (time.monotonic() - start)
    if left <= 0:
        raise BadInput(f"--time-budget {budget:g} was used up before anything was trained: give more")
    return left
