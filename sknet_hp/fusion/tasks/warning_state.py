"""The process-wide state of warnings, which changes hands with the permits of tasks."""

import warnings
from typing import Any


class WarningState:
    """The state of the `warnings` module when this object was made."""

    def __init__(self) -> None:
        module: Any = warnings
        self.filters = module.filters
        self.copy = list(module.filters)
        self.showwarning = module.showwarning
        self.implementation = getattr(module, "_showwarnmsg_impl", None)

    def install(self, contents: bool = False) -> None:
        """Make it the state of the process again.

        Parameters
        ----------
        contents : whether the list of filters gets its items of that time too.
        """
        module: Any = warnings
        module.filters = self.filters
        if contents:
            module.filters[:] = self.copy
        module.showwarning = self.showwarning
        if self.implementation is not None:
            module._showwarnmsg_impl = self.implementation
        mutated = getattr(module, "_filters_mutated", None) or getattr(module, "_filters_mutated_lock_held", None)
        if mutated is not None:
            mutated()
