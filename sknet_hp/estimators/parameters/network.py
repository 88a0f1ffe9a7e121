"""Hyperparameters of the network itself."""

from sklearn.utils._param_validation import StrOptions

from sknet_hp.estimators.parameters.kinds import (
    FALLING,
    GORISHNIY,
    POSITIVE,
    SHARE,
    SHARE_OR_ALL,
    SWITCH,
    Hyperparameter,
    allow_at_least,
    allow_one_of,
)
from sknet_hp.nets.architectures import ARCHITECTURES
from sknet_hp.nets.architectures.mlp import ACTIVATIONS, NORMALIZATIONS
from sknet_hp.nets.layers.starts import INITIALISATIONS

NETWORK: dict[str, Hyperparameter] = {
    "module": Hyperparameter(
        f"{{{', '.join(repr(name) for name in ARCHITECTURES)}}} or a subclass of torch.nn.Module",
        [StrOptions(set(ARCHITECTURES)), type],
        'The architecture: "mlp", a multilayer perceptron; "resnet" (Gorishniy et al. 2021); "tabm", many perceptrons '
        "in one that share most weights (Gorishniy et al. 2025); or a class of your own, which is called with "
        "`n_features`, `n_outputs` and `module_params` as keyword arguments and maps (rows, n_features) to (rows, "
        "n_outputs), class scores or standardised targets. It sees the encoded table; `n_layers`, `width`, `dropout`, "
        "`init` and their like, and learned embeddings, have no effect on it.",
        "mlp, resnet, tabm",
    ),
    "module_params": Hyperparameter("dict or None", [dict, None], "Further keyword arguments of a module of your own."),
    "n_layers": Hyperparameter(
        "int",
        allow_at_least(0),
        'Hidden layers, or blocks of "resnet"; 0 makes a linear model of "mlp".',
        "1 to 8",
        GORISHNIY,
    ),
    "width": Hyperparameter(
        "int", allow_at_least(1), "Units of each hidden layer.", "16 to 512, on a log scale", GORISHNIY
    ),
    "hidden_layer_sizes": Hyperparameter(
        "tuple of int or None",
        [tuple, list, None],
        'Units of the hidden layers one by one, in place of `n_layers` and `width`; not of "resnet".',
    ),
    "activation": Hyperparameter(
        None,
        allow_one_of(ACTIVATIONS),
        'What each hidden layer applies. "swish" is another name of "silu"; None means "none".',
        "relu, silu, mish",
    ),
    "parametric_activation": Hyperparameter(
        "bool",
        SWITCH,
        "Learn for each unit how much of the activation it has: x + (f(x) - x) w, where w starts at 1.",
        "",
        "Holzmüller et al. 2024",
    ),
    "hidden_factor": Hyperparameter(
        "float", POSITIVE, 'How much wider than `width` a block of "resnet" is within.', "1 to 4", GORISHNIY
    ),
    "residual_dropout": Hyperparameter(
        "float in [0, 1)", SHARE, 'Dropout at the end of each block of "resnet".', "0, or 0 to 0.5", GORISHNIY
    ),
    "n_heads": Hyperparameter(
        "int", allow_at_least(1), 'How many perceptrons "tabm" has.', "8 to 32", "Gorishniy et al. 2025"
    ),
    "feature_scale": Hyperparameter(
        "bool", SWITCH, "Give each input of the first layer a learned factor.", "", "Holzmüller et al. 2024"
    ),
    "init": Hyperparameter(
        None,
        allow_one_of(["auto", "torch", "ntk", "ntk_normal", *INITIALISATIONS]),
        'How the weights of linear layers start. "auto" fits the activation: lecun_normal for "selu", xavier_uniform '
        'for "tanh" and "sigmoid", else "torch", which draws weights and biases as `torch.nn.Linear` does, and came '
        'out ahead of "he_uniform" on tables. "ntk" divides each product by the root of its number of inputs and '
        "starts from training rows: each unit with standard deviation 1 over them, its zero among them (Holzmüller et "
        'al. 2024); "ntk_normal" draws weights and biases of size one. Learning rates then mean something else, try '
        '0.01 to 0.3; both are of "mlp" only. With the others, biases start at zero.',
        "",
        "Glorot & Bengio 2010, He et al. 2015",
    ),
    "zero_output": Hyperparameter(
        "bool",
        SWITCH,
        "Let the output layer start at zero: all classes equally likely, the target's mean.",
        "",
        "Holzmüller et al. 2024",
    ),
    "dropout": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        "Probability with which a hidden unit is left out in a training step.",
        "0, or 0 to 0.5",
        f"Srivastava et al. 2014; {GORISHNIY}",
    ),
    "dropout_schedule": Hyperparameter(
        None,
        allow_one_of(FALLING),
        "How `dropout`, `input_dropout` and `residual_dropout` change over `schedule_epochs`, from epoch to epoch.",
        "constant, flat_cos",
        "Holzmüller et al. 2024",
    ),
    "input_dropout": Hyperparameter(
        "float in [0, 1)", SHARE, "The same for the network's inputs.", "0, or 0 to 0.2", "Srivastava et al. 2014"
    ),
    "normalization": Hyperparameter(
        None,
        allow_one_of(NORMALIZATIONS),
        "Between each hidden layer's linear map and its activation: batch normalisation (Ioffe & Szegedy 2015) or "
        'layer normalisation (Ba et al. 2016). None means "none". Not of "tabm".',
        "none, batch, layer",
    ),
    "norm_momentum": Hyperparameter(
        "float in [0, 1]",
        SHARE_OR_ALL,
        "Weight of a batch's statistics in the running ones of batch normalisation.",
        "0.01 to 0.3, on a log scale",
    ),
    "norm_eps": Hyperparameter("float", POSITIVE, "Added to the variance in either normalisation."),
}
