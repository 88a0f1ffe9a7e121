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

ARCHITECTURE: dict[str, Hyperparameter] = {
    "module": Hyperparameter(
        f"{{{', '.join(repr(name) for name in ARCHITECTURES)}}} or a subclass of torch.nn.Module",
        [StrOptions(set(ARCHITECTURES)), type],
        'The architecture: "mlp", a multilayer perceptron; "resnet" (Gorishniy et al. 2021); "tabm", many perceptrons '
        "that share most weights (Gorishniy et al. 2025); or a class of your own. Your class is called with "
        "`n_features`, `n_outputs` and `module_params` as keyword arguments. It maps the encoded table (rows, "
        "n_features) to class scores or standardised targets (rows, n_outputs). `n_layers`, `width`, `dropout`, "
        "`init` and similar parameters, and learned embeddings, have no effect on it.",
        "mlp, resnet, tabm",
    ),
    "module_params": Hyperparameter("dict or None", [dict, None], "Keyword arguments of your own `module`."),
    "n_layers": Hyperparameter(
        "int",
        allow_at_least(0),
        'Number of hidden layers, or of blocks of "resnet". With 0, "mlp" is a linear model.',
        "1 to 8",
        GORISHNIY,
    ),
    "width": Hyperparameter(
        "int", allow_at_least(1), "Units of each hidden layer.", "16 to 512, on a log scale", GORISHNIY
    ),
    "hidden_layer_sizes": Hyperparameter(
        "tuple of int or None",
        [tuple, list, None],
        'Units of each hidden layer, in place of `n_layers` and `width`. Not for "resnet".',
    ),
    "activation": Hyperparameter(
        None,
        allow_one_of(ACTIVATIONS),
        'Activation function of the hidden layers. "swish" is another name for "silu". None means "none".',
        "relu, silu, mish",
    ),
    "parametric_activation": Hyperparameter(
        "bool",
        SWITCH,
        "Learn for each unit how much of the activation is applied: x + (f(x) - x) w, where w starts at 1.",
        "",
        "Holzmüller et al. 2024",
    ),
    "hidden_factor": Hyperparameter(
        "float", POSITIVE, 'Inner width of a block of "resnet", as a multiple of `width`.', "1 to 4", GORISHNIY
    ),
    "n_heads": Hyperparameter(
        "int", allow_at_least(1), 'Number of perceptrons in "tabm".', "8 to 32", "Gorishniy et al. 2025"
    ),
    "normalization": Hyperparameter(
        None,
        allow_one_of(NORMALIZATIONS),
        "Normalisation before the activation of each hidden layer: batch normalisation (Ioffe & Szegedy 2015) or "
        'layer normalisation (Ba et al. 2016). None means "none". Not for "tabm".',
        "none, batch, layer",
    ),
    "norm_momentum": Hyperparameter(
        "float in [0, 1]",
        SHARE_OR_ALL,
        "Weight of the current batch in the running statistics of batch normalisation.",
        "0.01 to 0.3, on a log scale",
    ),
    "norm_eps": Hyperparameter("float", POSITIVE, "Number that is added to the variance in both normalisations."),
    "feature_scale": Hyperparameter(
        "bool", SWITCH, "Multiply each input of the first layer by a learned factor.", "", "Holzmüller et al. 2024"
    ),
    "init": Hyperparameter(
        None,
        allow_one_of(["auto", "torch", "ntk", "ntk_normal", *INITIALISATIONS]),
        'Initial weights of linear layers. "auto" fits the activation: lecun_normal for "selu", xavier_uniform for '
        '"tanh" and "sigmoid", otherwise "torch". "torch" draws weights and biases as `torch.nn.Linear` does; on '
        'tables it was better than "he_uniform". "ntk" divides each product by the square root of its number of '
        "inputs, and scales units on the training rows to standard deviation 1, with their zeros among these rows "
        '(Holzmüller et al. 2024). "ntk_normal" draws weights and biases of size one. With either, use a learning '
        'rate of 0.01 to 0.3; both are for "mlp" only. With all others, biases start at zero.',
        "",
        "Glorot & Bengio 2010, He et al. 2015",
    ),
    "zero_output": Hyperparameter(
        "bool",
        SWITCH,
        "Start the output layer at zero: the first predictions are equal class probabilities, or the target's mean.",
        "",
        "Holzmüller et al. 2024",
    ),
}

DROPOUT: dict[str, Hyperparameter] = {
    "dropout": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        "Probability that a hidden unit is left out in a training step.",
        "0, or 0 to 0.5",
        f"Srivastava et al. 2014; {GORISHNIY}",
    ),
    "input_dropout": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        "Probability that an encoded input is left out in a training step.",
        "0, or 0 to 0.2",
        "Srivastava et al. 2014",
    ),
    "residual_dropout": Hyperparameter(
        "float in [0, 1)", SHARE, 'Dropout at the end of each block of "resnet".', "0, or 0 to 0.5", GORISHNIY
    ),
    "dropout_schedule": Hyperparameter(
        None,
        allow_one_of(FALLING),
        "How `dropout`, `input_dropout` and `residual_dropout` change from epoch to epoch, over `schedule_epochs`.",
        "constant, flat_cos",
        "Holzmüller et al. 2024",
    ),
}

NETWORK = ARCHITECTURE | DROPOUT
