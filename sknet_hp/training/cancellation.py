"""How another thread cancels a training."""

import numpy as np


class Cancelled(BaseException):
    """The training was cancelled.

    Not an `Exception`, so that no task takes it for a failed fit.
    """


class Cancellation:
    """A flag that trainings look at in each step, compiled ones too."""

    def __init__(self) -> None:
        self.flag = np.zeros(1, np.int64)

    def set(self) -> None:
        """Cancel every training that looks at this flag."""
        self.flag[0] = 1

    def is_set(self) -> bool:
        """Return whether it was set."""
        return bool(self.flag[0])
