"""A remedy tried beside, before a check advises it."""

from dataclasses import dataclass
from typing import Any

from sknet_hp.tuning.diagnosis.case import NetworkCase
from sknet_hp.tuning.diagnosis.comparison import compute_lack
from sknet_hp.tuning.diagnosis.thresholds import LACKING_FIT, LIKELY_DIFFERENCE, POSSIBLE_DIFFERENCE


@dataclass(frozen=True)
class Trial:
    """What networks gained by a remedy, and what that is known from.

    Attributes
    ----------
    remedy : the parameters that were changed.
    evidence : losses on rows that networks were trained on, and how surely they differ.
    unseen : the losses on rows that they were not trained on: before, and with it.
    """

    remedy: dict[str, Any]
    evidence: dict[str, float]
    unseen: tuple[float, float]

    def __str__(self) -> str:
        changed = ", ".join(f"{name}={value!r}" for name, value in self.remedy.items())
        return (
            f"A network with these parameters has a loss of {self.evidence['fitted_loss']:.3g} on its own training "
            f"rows, and one with {changed} has {self.evidence['fitted_loss_freed']:.3g}. On unseen rows they have "
            f"{self.unseen[0]:.3g} and {self.unseen[1]:.3g}."
        )


def try_remedy(case: NetworkCase, remedy: dict[str, Any]) -> Trial | None:
    """Train networks with a remedy, and return what they gained, or None.

    Everything else is the same, so what is gained tells that its lack was at fault.
    They must fit their own rows clearly better, and others no worse.
    """
    held, freed = case.comparison, case.compare(remedy)
    constant = freed.baselines.constant_loss
    lack, z = compute_lack(held.fitted_losses - freed.fitted_losses, constant)
    _, z_unseen = compute_lack(held.losses - freed.losses, constant)
    if lack < LACKING_FIT or z < LIKELY_DIFFERENCE or z_unseen < POSSIBLE_DIFFERENCE:
        return None
    own, other = float(held.fitted_losses.mean()), float(freed.fitted_losses.mean())
    evidence = {"fitted_loss": own, "fitted_loss_freed": other, "lack": lack, "z": z, "z_unseen": z_unseen}
    return Trial(remedy, evidence, (float(held.losses.mean()), float(freed.losses.mean())))
