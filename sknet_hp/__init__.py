"""Neural networks for tables, as scikit-learn estimators that train together."""

from typing import TYPE_CHECKING

from sknet_hp import presets
from sknet_hp.fusion.session import fused
from sknet_hp.system.lazy_exports import export_lazily

if TYPE_CHECKING:
    from sknet_hp import evaluation as evaluation
    from sknet_hp import findings as findings
    from sknet_hp import report as report
    from sknet_hp import search as search
    from sknet_hp import sharing as sharing
    from sknet_hp import skorch as skorch
    from sknet_hp import tracking as tracking
    from sknet_hp import tuning as tuning
    from sknet_hp.estimators.classifier import NetClassifier
    from sknet_hp.estimators.persistence import SavedModelError, load, save
    from sknet_hp.estimators.regressor import NetRegressor
    from sknet_hp.sharing import card, export

__version__ = "0.1.0.dev0"
__all__ = [
    "NetClassifier",
    "NetRegressor",
    "SavedModelError",
    "__version__",
    "card",
    "export",
    "fused",
    "load",
    "presets",
    "save",
]

# torch takes a second to import: not before it is needed.
__getattr__, __dir__ = export_lazily(
    __name__,
    {
        "NetClassifier": "sknet_hp.estimators.classifier",
        "NetRegressor": "sknet_hp.estimators.regressor",
        "SavedModelError": "sknet_hp.estimators.persistence",
        "card": "sknet_hp.sharing",
        "export": "sknet_hp.sharing",
        "load": "sknet_hp.estimators.persistence",
        "save": "sknet_hp.estimators.persistence",
    },
    submodules=["evaluation", "findings", "report", "search", "sharing", "skorch", "tracking", "tuning"],
)
