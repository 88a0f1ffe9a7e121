"""Models by name: our networks, presets, baselines, and saved ones by their path."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sknet_hp import presets
from sknet_hp.cli.errors import BadInput, list_names, suggest
from sknet_hp.cli.models.saved import load_model
from sknet_hp.cli.options import BASELINES, DEFAULT, MODELS, NETWORKS
from sknet_hp.presets import TaskKind

if TYPE_CHECKING:
    from sknet_hp.estimators.classifier import NetClassifier
    from sknet_hp.estimators.regressor import NetRegressor

PRESETS: dict[str, Callable[..., dict[str, Any]]] = {name: getattr(presets, name) for name in presets.__all__}


@dataclass(frozen=True)
class Contestant:
    """A model, not fitted, and what it is called.

    Attributes
    ----------
    is_tuned : whether its settings were chosen on a table, perhaps this one.
    """

    name: str
    estimator: Any
    is_tuned: bool = False


def make_network(
    task: TaskKind, preset: str = DEFAULT, *, seed: int = 0, device: str = "cpu", **params: Any
) -> "NetClassifier | NetRegressor":
    """Return a network of a preset, not fitted.

    Parameters
    ----------
    params : that the preset does not decide.
    """
    from sknet_hp.estimators.classifier import NetClassifier
    from sknet_hp.estimators.regressor import NetRegressor

    given = {} if preset == DEFAULT else PRESETS[preset](task)
    network = NetClassifier if task == "classification" else NetRegressor
    return network(**params | {"random_state": seed, "device": device} | given)


def make_contestant(name: str, task: TaskKind, *, seed: int, device: str, **params: Any) -> Contestant:
    """Return the model that a name, or the path of a saved one, stands for.

    Parameters
    ----------
    params : of a network that is no saved one, as far as its preset leaves them open.

    Raises
    ------
    BadInput
        If there is none, or a saved one is for another task.
    """
    from sklearn.base import clone, is_classifier

    from sknet_hp.evaluation import make_baseline

    if name in NETWORKS:
        return Contestant(name, make_network(task, name, seed=seed, device=device, **params))
    if name in BASELINES:
        return Contestant(name, make_baseline(name, task, seed))
    path = Path(name).expanduser()
    if not path.exists():
        raise BadInput(
            f"there is no model {name!r}{suggest(name, MODELS)}: give the path of a saved one, or one of "
            f"{list_names(MODELS, len(MODELS))}"
        )
    model = load_model(path)
    kind = "classification" if is_classifier(model) else "regression"
    if kind != task:
        raise BadInput(
            f"{name!r} is a model for {kind}, and this is {task}: give another model, or say --task {kind} if that "
            f"is meant"
        )
    return Contestant(name, clone(model), is_tuned=True)


def take_network(model: Any) -> Any:
    """Return a network, or the first one of an ensemble, which has the most weight.

    So what `tune` has saved can be tuned again, for it is an ensemble as a rule.
    """
    from sknet_hp.estimators.averaged import AveragedClassifier, AveragedRegressor

    return model.estimators[0][1] if isinstance(model, AveragedClassifier | AveragedRegressor) else model
