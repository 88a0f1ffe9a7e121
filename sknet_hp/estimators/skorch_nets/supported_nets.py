"""Checks of which nets of skorch the engine can train, and how it must tell them."""

import skorch
from skorch.callbacks import Callback, EpochScoring, EpochTimer, ParamMapper, PassthroughScoring, PrintLog
from skorch.dataset import Dataset
from torch.utils.data import DataLoader

from sknet_hp.estimators.skorch_nets.callback_observer import find_batch_hooks
from sknet_hp.estimators.skorch_nets.torch_optim import UnsupportedNetError

# A net that overrides one of these trains in its own way, so it takes skorch's own loop.
_LOOP_METHODS = (
    "_set_training",
    "_step_optimizer",
    "_zero_grad_optimizer",
    "evaluation_step",
    "fit_loop",
    "forward",
    "forward_iter",
    "get_dataset",
    "get_iterator",
    "get_loss",
    "get_train_step_accumulator",
    "infer",
    "on_batch_begin",
    "on_batch_end",
    "on_grad_computed",
    "run_single_epoch",
    "train_step",
    "train_step_single",
    "validation_step",
)

# A net that overrides one of these wants it called at each epoch, so it can't be told of epochs when they are over.
_EPOCH_METHODS = ("notify", "on_epoch_begin", "on_epoch_end", "predict", "predict_proba")

_ITERATOR_PARAMETERS = {"shuffle", "batch_size", "num_workers", "pin_memory"}


def check_loop(net: skorch.NeuralNet, mixin: type) -> None:
    """Check that a net trains as skorch's nets do.

    Parameters
    ----------
    net : an initialized net.
    mixin : the class whose methods stand for those of skorch in our nets.

    Raises
    ------
    UnsupportedNetError
        If it trains in another way.
    """
    if (name := _find_overridden(net, mixin, _LOOP_METHODS)) is not None:
        raise UnsupportedNetError(f"{name} is overridden")
    if net.iterator_train is not DataLoader or net.iterator_valid is not DataLoader or net.dataset is not Dataset:
        raise UnsupportedNetError("its own iterator or dataset")
    iterators = net.get_params_for("iterator_train") | net.get_params_for("iterator_valid")
    if iterators.keys() - _ITERATOR_PARAMETERS or net.get_params_for("dataset"):
        raise UnsupportedNetError("iterator or dataset parameters")
    if (
        net._modules != ["module"]
        or net._criteria != ["criterion"]
        or net._optimizers != ["optimizer"]
        or getattr(net, "compile", False)
    ):
        raise UnsupportedNetError("more than one module, criterion or optimizer")
    # Parameter mappers (Freezer, Unfreezer) change what is trained.
    if any(find_batch_hooks(callback, net) or isinstance(callback, ParamMapper) for _, callback in net.callbacks_):
        raise UnsupportedNetError("a callback that acts per batch, or on what is trained")


def is_only_reporting(net: skorch.NeuralNet, mixin: type) -> bool:
    """Return whether a net can be told of its epochs when training has ended.

    Then nothing in it acts between two epochs, nor scores in its own way. Parameters
    are those of `check_loop`.
    """
    if _find_overridden(net, mixin, _EPOCH_METHODS) is not None:
        return False
    return net.predict_nonlinearity == "auto" and all(_only_reports(callback) for _, callback in net.callbacks_)


def _find_overridden(net: skorch.NeuralNet, mixin: type, names: tuple[str, ...]) -> str | None:
    """Return the first of these methods that is neither skorch's nor ours, or None."""
    plain = skorch.NeuralNetClassifier if isinstance(net, skorch.NeuralNetClassifier) else skorch.NeuralNetRegressor
    for name in names:
        known = getattr(plain, name, None), getattr(mixin, name, None)
        if name in vars(net) or getattr(type(net), name, None) not in known:
            return name
    return None


def _only_reports(callback: Callback) -> bool:
    if type(callback) is EpochScoring:
        return callback.scoring == "accuracy" and not callback.on_train and not callback.lower_is_better
    return type(callback) in (EpochTimer, PassthroughScoring, PrintLog)
