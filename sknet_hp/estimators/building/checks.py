"""Parameters that are right alone and wrong together."""

import numpy as np
from sklearn.metrics import get_scorer_names
from torch import nn

from sknet_hp.estimators.building.structure import NTK, read_hidden_sizes
from sknet_hp.estimators.encoding.table_encoder import TableEncoder
from sknet_hp.estimators.parameters.protocols import CommonParameters, InputParameters, NetworkParameters
from sknet_hp.nets.architectures import ARCHITECTURES


def check_combinations(net: CommonParameters) -> None:
    """Refuse values of parameters that are right alone and wrong together."""
    _check_module(net)
    _check_layers(net)
    if net.num_embedding == "pbld" and net.num_embedding_dim == 1:
        raise ValueError(
            "num_embedding='pbld' puts the number itself beside what it learns, so num_embedding_dim must be 2 or more"
        )
    _check_fitting(net)


def check_mixup(net: InputParameters, encoder: TableEncoder) -> None:
    """Refuse to mix rows with categories that have learned vectors."""
    if net.mixup_alpha > 0 and encoder.n_codes:
        raise ValueError(
            f"mixup_alpha={net.mixup_alpha!r} mixes rows, which categories with learned vectors can not be; set "
            f"cat_embedding_dim=0, or max_one_hot above the number of categories"
        )


def _check_module(net: NetworkParameters) -> None:
    if isinstance(net.module, str):
        if net.module_params:
            raise ValueError(
                f"module_params={net.module_params!r} is for a module of your own, but module={net.module!r}"
            )
    elif not (isinstance(net.module, type) and issubclass(net.module, nn.Module)):
        raise ValueError(
            f"module={net.module!r} must be one of {sorted(ARCHITECTURES)} or a subclass of torch.nn.Module (the "
            f"class, not an instance: each fit makes its own, with n_features and n_outputs)"
        )
    if net.init in NTK and net.module != "mlp":
        raise ValueError(f"init={net.init!r} is for module='mlp', but module={net.module!r}")


def _check_layers(net: NetworkParameters) -> None:
    if net.module == "tabm":
        if (net.normalization or "none") != "none":
            raise ValueError(f"module='tabm' has no normalisation, but normalization={net.normalization!r}; use 'none'")
        if not read_hidden_sizes(net):
            raise ValueError(
                f"module='tabm' needs a hidden layer, but n_layers={net.n_layers!r}, "
                f"hidden_layer_sizes={net.hidden_layer_sizes!r}"
            )
    if net.module == "resnet" and net.hidden_layer_sizes is not None:
        raise ValueError(
            "module='resnet' has blocks of equal width: set n_layers and width, and leave hidden_layer_sizes=None"
        )
    sizes = net.hidden_layer_sizes
    if sizes is not None and not all(
        isinstance(size, (int, np.integer)) and not isinstance(size, bool) and size >= 1 for size in sizes
    ):
        raise ValueError(f"hidden_layer_sizes={sizes!r} must hold whole numbers from 1 on, for example (256, 128)")


def _check_fitting(net: CommonParameters) -> None:
    if net.stopping_metric != "loss" and net.stopping_metric not in get_scorer_names():
        raise ValueError(
            f"stopping_metric={net.stopping_metric!r} is neither 'loss' nor the name of a scorer; "
            f"`sklearn.metrics.get_scorer_names()` lists those, for example 'accuracy', 'roc_auc', 'neg_log_loss' or "
            f"'r2'"
        )
    if net.lr_schedule == "exponential" and net.lr_min_factor == 0:
        raise ValueError(
            "lr_schedule='exponential' decays lr by the same ratio in each epoch until lr_min_factor, which must be "
            "above 0, for example 0.01"
        )
    if net.unfreeze_epoch is not None and net.freeze is None and net.lr_layer_decay == 1:
        raise ValueError(
            f"unfreeze_epoch={net.unfreeze_epoch!r} ends what freeze or lr_layer_decay begins, but freeze=None and "
            f"lr_layer_decay=1"
        )
    if net.refit_full and net.warm_start:
        raise ValueError(
            "refit_full=True begins anew on all rows, so there is nothing that warm_start=True could go on from; "
            "choose one of them"
        )
