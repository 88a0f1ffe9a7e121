"""Neural networks for tables, as scikit-learn estimators that train together.

`NetClassifier` and `NetRegressor` are the estimators, and `presets` has published
recipes for them. `fused` lets scikit-learn's own searches train their networks
together. `save` and `load` keep a model, `export` and `card` share it. More is in

- `sknet_hp.search`: searches over hyperparameters;
- `sknet_hp.tuning`: find a learning rate, diagnose a network, tune step by step;
- `sknet_hp.evaluation`: nested cross-validation, comparisons, checks of tables;
- `sknet_hp.report`: pictures, and a report as one HTML file;
- `sknet_hp.tracking`: searches in Optuna, MLflow and TensorBoard;
- `sknet_hp.sharing`: ONNX, skops and model cards;
- `sknet_hp.skorch`: drop-in nets for scripts written for skorch.
"""

from typing import TYPE_CHECKING

from sknet_hp import presets
from sknet_hp.fusion.session import fused  # with it, joblib knows the backend by its name
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
