"""What is process-wide of warnings, and changes hands with the permits of tasks."""

import warnings
from typing import Any


class WarningState:
    """The process-wide state of the `warnings` module."""

    def __init__(self) -> None:
        module: Any = warnings
        self.filters = module.filters
        self.copy = list(module.filters)
        self.showwarning = module.showwarning
        self.implementation = getattr(module, "_showwarnmsg_impl", None)

    def install(self, contents: bool = False) -> None:
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
