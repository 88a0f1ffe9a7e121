"""What torch calls an update rule, for nets of skorch and for callbacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch


class Placeholder(torch.optim.SGD):
    """Holds the rates of a rule that torch does not have, and takes no steps."""

    def step(self, closure: Any = None) -> Any:
        """Refuse; the steps of plain SGD would pass for those of the rule."""
        raise NotImplementedError("torch has no optimizer with the steps of this rule")


@dataclass(frozen=True)
class TorchTwin:
    """The optimizer of torch's that takes the same steps as one of ours.

    Attributes
    ----------
    kind : the class in `torch.optim`; `Placeholder` where none takes the same steps: a
        net can hold weights for prediction, but not train them further.
    memory : what torch calls each of our slots, in their order.
    settings : what a parameter group must say for the two rules to be the same.
    made_with : those of `settings` that torch must be told, since they differ from its
        defaults or between rules of one class.
    has_memory : whether it has a memory, given a parameter group.
    counts_steps : whether torch keeps the number of the step.
    make_extras : what else torch keeps for each parameter, of a parameter group and the
        number of steps.
    """

    kind: type[torch.optim.Optimizer]
    memory: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    made_with: tuple[str, ...] = ()
    has_memory: Callable[[dict[str, Any]], bool] = lambda group: True
    counts_steps: bool = True
    make_extras: Callable[[dict[str, Any], int], dict[str, float]] = lambda group, steps: {}

    @property
    def is_exact(self) -> bool:
        """Whether it takes the same steps."""
        return self.kind is not Placeholder

    def fits(self, optimizer: torch.optim.Optimizer, group: dict[str, Any]) -> bool:
        """Return whether a torch optimizer with this group is the twin."""
        return (
            type(optimizer) is self.kind
            and not group.get("maximize")
            and all(group[key] == value for key, value in self.settings.items() if key in group)
        )
