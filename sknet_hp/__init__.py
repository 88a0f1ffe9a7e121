"""Neural networks for tables, as scikit-learn estimators that train together."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sknet_hp import presets
from sknet_hp.fusion.session import fused

if TYPE_CHECKING:
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

_ROOMS = ["evaluation", "findings", "report", "search", "sharing", "skorch", "tracking", "tuning"]

_LAZY = {
    "NetClassifier": "sknet_hp.estimators.classifier",
    "NetRegressor": "sknet_hp.estimators.regressor",
    "card": "sknet_hp.sharing",
    "export": "sknet_hp.sharing",
    "SavedModelError": "sknet_hp.estimators.persistence",
    "load": "sknet_hp.estimators.persistence",
    "save": "sknet_hp.estimators.persistence",
}


def __getattr__(name: str) -> Any:
    # torch takes a second to import: not before it is needed.
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS])
