"""How a training is called off from another thread."""

import numpy as np


class Cancelled(BaseException):
    """Training was called off. Not an `Exception`, so that no task takes it for a
    failed fit.
    """


class CallOff:
    """A flag that trainings look at in each step, compiled ones too."""

    def __init__(self) -> None:
        self.flag = np.zeros(1, np.int64)

    def set(self) -> None:
        """Call off what looks at this flag."""
        self.flag[0] = 1

    def is_set(self) -> bool:
        """Whether that has happened."""
        return bool(self.flag[0])
