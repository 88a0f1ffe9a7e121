"""What a good practitioner does before and after a search.

`diagnose` says what is wrong with a trained network, and what to change.
"""

# Knows estimators, searchers and evaluations by their public interface; diagnosis looks into networks as well.

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sknet_hp.tuning.diagnosis import DIAGNOSIS_CHECKS, Diagnosis, diagnose

__all__ = ["DIAGNOSIS_CHECKS", "Diagnosis", "diagnose"]

_LAZY = {
    "DIAGNOSIS_CHECKS": "sknet_hp.tuning.diagnosis",
    "Diagnosis": "sknet_hp.tuning.diagnosis",
    "diagnose": "sknet_hp.tuning.diagnosis",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
