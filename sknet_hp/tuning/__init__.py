"""Tools for before and after a search.

`find_lr` finds a learning rate by short trainings at many rates. `diagnose` says what
is wrong with a trained network, and what to change. `GuidedSearchCV` tunes step by
step, as a practitioner would.
"""

# Knows estimators, searchers and evaluations by their public interface; diagnosis looks into networks as well.

from typing import TYPE_CHECKING

from sknet_hp.system.lazy_exports import export_lazily

if TYPE_CHECKING:
    from sknet_hp.tuning.diagnosis import DIAGNOSIS_CHECKS, Diagnosis, diagnose, make_skore_checks
    from sknet_hp.tuning.guided.searcher import GuidedSearchCV
    from sknet_hp.tuning.learning_rate.range_test import find_lr
    from sknet_hp.tuning.learning_rate.result import LRResult

__all__ = [
    "DIAGNOSIS_CHECKS",
    "Diagnosis",
    "GuidedSearchCV",
    "LRResult",
    "diagnose",
    "find_lr",
    "make_skore_checks",
]

__getattr__, __dir__ = export_lazily(
    __name__,
    {
        "DIAGNOSIS_CHECKS": "sknet_hp.tuning.diagnosis",
        "Diagnosis": "sknet_hp.tuning.diagnosis",
        "GuidedSearchCV": "sknet_hp.tuning.guided.searcher",
        "LRResult": "sknet_hp.tuning.learning_rate.result",
        "diagnose": "sknet_hp.tuning.diagnosis",
        "find_lr": "sknet_hp.tuning.learning_rate.range_test",
        "make_skore_checks": "sknet_hp.tuning.diagnosis",
    },
)
