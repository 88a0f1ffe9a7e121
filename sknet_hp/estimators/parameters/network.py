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
        advice='When the last percent counts: "tabm" had a lower loss than "mlp" on eight of ten tables, in some '
        'eighty times the time (`presets.tabm_s`). "resnet" is for deep networks. Search `lr` again for each.',
    ),
    "module_params": Hyperparameter("dict or None", [dict, None], "Keyword arguments of your own `module`."),
    "n_layers": Hyperparameter(
        "int",
        allow_at_least(0),
        'Number of hidden layers, or of blocks of "resnet". With 0, "mlp" is a linear model.',
        "1 to 8",
        GORISHNIY,
        advice="Rarely: two or three layers are usually enough for tables, and doubling `width` is worth more. Deep "
        'networks need `module="resnet"` or `normalization`, and a smaller `lr`.',
    ),
    "width": Hyperparameter(
        "int",
        allow_at_least(1),
        "Units of each hidden layer.",
        "16 to 512, on a log scale",
        GORISHNIY,
        advice="On tables of many rows, where wide networks learn more. On small ones they overfit, unless `dropout` "
        "and `weight_decay` rise with the width. The time grows with its square.",
    ),
    "hidden_layer_sizes": Hyperparameter(
        "tuple of int or None",
        [tuple, list, None],
        'Units of each hidden layer, in place of `n_layers` and `width`. Not for "resnet".',
        advice="Only if layers should differ in width. Otherwise `n_layers` and `width` are easier to search.",
    ),
    "activation": Hyperparameter(
        None,
        allow_one_of(ACTIVATIONS),
        'Activation function of the hidden layers. "swish" is another name for "silu". None means "none".',
        "relu, silu, mish",
        advice='Seldom. "silu" was slightly better than "relu" on our tables. "relu" can leave dead units after a '
        'large `lr`; "tanh" and "sigmoid" saturate in deep networks.',
    ),
    "parametric_activation": Hyperparameter(
        "bool",
        SWITCH,
        "Learn for each unit how much of the activation is applied: x + (f(x) - x) w, where w starts at 1.",
        "",
        "Holzmüller et al. 2024",
        advice="Hardly by itself. It is a part of RealMLP (`presets.realmlp_td`), which also lowers its rate "
        "(`lr_factor_activation`).",
    ),
    "hidden_factor": Hyperparameter(
        "float",
        POSITIVE,
        'Inner width of a block of "resnet", as a multiple of `width`.',
        "1 to 4",
        GORISHNIY,
        advice='Only with `module="resnet"`. The time of a block grows in proportion, so it competes with `width`.',
    ),
    "n_heads": Hyperparameter(
        "int",
        allow_at_least(1),
        'Number of perceptrons in "tabm".',
        "8 to 32",
        "Gorishniy et al. 2025",
        advice='Only with `module="tabm"`. More heads are more members of an ensemble, and the time grows in '
        "proportion. Search with 8.",
    ),
    "normalization": Hyperparameter(
        None,
        allow_one_of(NORMALIZATIONS),
        "Normalisation before the activation of each hidden layer: batch normalisation (Ioffe & Szegedy 2015) or "
        'layer normalisation (Ba et al. 2016). None means "none". Not for "tabm".',
        "none, batch, layer",
        advice='In networks of four layers or more, and at large rates. It takes time. "batch" depends on '
        "`batch_size`: the statistics of a few rows are noise.",
    ),
    "norm_momentum": Hyperparameter(
        "float in [0, 1]",
        SHARE_OR_ALL,
        "Weight of the current batch in the running statistics of batch normalisation.",
        "0.01 to 0.3, on a log scale",
        advice='Only with `normalization="batch"`. Use less if batches are small, and more if there are few steps.',
    ),
    "norm_eps": Hyperparameter(
        "float",
        POSITIVE,
        "Number that is added to the variance in both normalisations.",
        advice="Hardly ever. With a larger number, units that hardly vary are magnified less.",
    ),
    "feature_scale": Hyperparameter(
        "bool",
        SWITCH,
        "Multiply each input of the first layer by a learned factor.",
        "",
        "Holzmüller et al. 2024",
        advice="If only a few of many columns matter: the network learns to weaken the rest. It is a part of "
        "RealMLP, which trains these factors at six times the rate (`lr_factor_scale`).",
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
        advice='In deep networks. "ntk" and "ntk_normal" need another `lr`; the others hardly matter with '
        "`normalization`.",
    ),
    "zero_output": Hyperparameter(
        "bool",
        SWITCH,
        "Start the output layer at zero: the first predictions are equal class probabilities, or the target's mean.",
        "",
        "Holzmüller et al. 2024",
        advice="In short trainings, and if the first steps are too large.",
    ),
}

DROPOUT: dict[str, Hyperparameter] = {
    "dropout": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        "Probability that a hidden unit is left out in a training step.",
        "0, or 0 to 0.5",
        f"Srivastava et al. 2014; {GORISHNIY}",
        advice="On small tables, and if the network is wide: use 0.2 to 0.5 if it overfits, and 0 if it underfits. "
        "A larger `width` tolerates more of it. `weight_decay` has a similar effect, so with more of one, "
        "use less of the other.",
    ),
    "input_dropout": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        "Probability that an encoded input is left out in a training step.",
        "0, or 0 to 0.2",
        "Srivastava et al. 2014",
        advice="If many columns say the same. With few columns it takes away what the network needs.",
    ),
    "residual_dropout": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'Dropout at the end of each block of "resnet".',
        "0, or 0 to 0.5",
        GORISHNIY,
        advice='Only with `module="resnet"`, and then in deep networks. It adds to `dropout`.',
    ),
    "dropout_schedule": Hyperparameter(
        None,
        allow_one_of(FALLING),
        "How `dropout`, `input_dropout` and `residual_dropout` change from epoch to epoch, over `schedule_epochs`.",
        "constant, flat_cos",
        "Holzmüller et al. 2024",
        advice="In trainings of a fixed length. With early stopping, set `schedule_epochs` to the number of epochs "
        "that the network trains.",
    ),
}

NETWORK = ARCHITECTURE | DROPOUT
