"""Every hyperparameter, as data: what may be given, what it means, over which range to search it, and where that comes from.

Constraints, the docstrings of both estimators and the table in the documentation follow from here; defaults stand in the signatures.
"""

import os
from numbers import Integral, Real
from typing import Any, NamedTuple

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from sknet_hp.estimators.transforms import TRANSFORMS
from sknet_hp.nets import ARCHITECTURES
from sknet_hp.nets.init import INITIALISATIONS
from sknet_hp.nets.mlp import ACTIVATIONS, NORMALIZATIONS
from sknet_hp.training.optimizers import OPTIMIZERS
from sknet_hp.training.schedules import SCHEDULES

_FALLING = ("constant", "linear", "cosine", "flat_cos")
CLASSIFICATION_LOSSES = ("auto", "cross_entropy", "focal")
REGRESSION_LOSSES = ("auto", "mse", "mae", "huber", "quantile", "poisson")


class Parameter(NamedTuple):
    """One hyperparameter.

    Attributes
    ----------
    type : what may be given, in words; None where the choices say it.
    allowed : constraints of scikit-learn's kind.
    text : what it does.
    search : over which range to search it, in words; empty where that is no use.
    source : who says so.
    """

    type: str | None
    allowed: list[Any]
    text: str
    search: str = ""
    source: str = ""

    @property
    def full_text(self) -> str:
        """What it does, and the range to search."""
        source = f" ({self.source})" if self.source else ""
        return f"{self.text} To be searched over {self.search}{source}." if self.search else self.text + source

    def type_with(self, default: Any) -> str:
        """The type and the default, as numpydoc has it."""
        if self.type is not None:
            return f"{self.type}, default={default!r}"
        (options,) = (choice.options for choice in self.allowed if isinstance(choice, StrOptions))
        ordered = sorted(options, key=lambda name: (name != default, name))
        return "{" + ", ".join(f'"{name}"' for name in ordered) + "}" + (" or None" if None in self.allowed else "") + f", default={default!r}"


def _choice(names: Any) -> list[Any]:
    return [StrOptions(set(names)), *([None] if "none" in names else [])]


def _at_least(low: int, kind: Any = Integral) -> list[Any]:
    return [Interval(kind, low, None, closed="left")]


_POSITIVE = [Interval(Real, 0, None, closed="neither")]
_NOT_NEGATIVE = [Interval(Real, 0, None, closed="left")]
_SHARE = [Interval(Real, 0, 1, closed="left")]
_SHARE_OR_ALL = [Interval(Real, 0, 1, closed="both")]
_SWITCH = ["boolean"]

_GORISHNIY = "Gorishniy et al. 2021"
_BENGIO = "Bengio 2012"
_GODBOLE = "Godbole et al. 2023"

COMMON: dict[str, Parameter] = {
    # ---- the table
    "numeric_transform": Parameter(
        None,
        _choice(TRANSFORMS),
        'How numeric columns come onto a common scale: "standard" (mean 0, variance 1), "quantile" (to a normal distribution), "robust_smooth" '
        '(by median and interquartile range, then softly clipped), "none". Missing values are filled and flagged in all. None means "none".',
        "standard, quantile, robust_smooth",
        "Gorishniy et al. 2021; Holzmüller et al. 2024",
    ),
    "num_embedding": Parameter(
        None,
        _choice(["none", "ple", "plr", "pbld"]),
        'What numeric columns become: "ple" adds a piecewise linear encoding in bins between quantiles of the training rows, which `num_embedding_dim` '
        'makes a learned embedding; "plr" (Gorishniy et al. 2022) and "pbld" (Holzmüller et al. 2024) are learned maps of waves of learned '
        'frequencies. A constant column gets no bins. None means "none".',
        "none, ple, plr, pbld",
        "Gorishniy et al. 2022; Holzmüller et al. 2024",
    ),
    "num_embedding_dim": Parameter(
        "int or None",
        [*_at_least(1), None],
        'Width of each number\'s embedding. None is 24 for "plr" and 4 for "pbld"; and for "ple" no embedding, but the bins themselves.',
        "8 to 32",
        "Gorishniy et al. 2022, 2025",
    ),
    "num_frequencies": Parameter(
        "int or None",
        [*_at_least(1), None],
        'Frequencies of "plr" and "pbld" for each number; None is 48 for "plr" and 16 for "pbld".',
        "16 to 96",
        "Gorishniy et al. 2022",
    ),
    "num_sigma": Parameter(
        "float or None",
        [*_POSITIVE, None],
        'Standard deviation of the frequencies at the start; None is 0.01 for "plr" and 0.1 for "pbld".',
        "0.01 to 100 for plr, 0.05 to 0.5 for pbld, on a log scale",
        "Gorishniy et al. 2022; Holzmüller et al. 2024",
    ),
    "num_bins": Parameter(
        "int",
        _at_least(2),
        'Bins of "ple" for each column, at most; fewer for tables of less than 2,048 rows or over 128 numeric columns.',
        "4 to 64",
        "Gorishniy et al. 2022, 2025",
    ),
    "max_one_hot": Parameter(
        "int",
        _at_least(1),
        "Most categories of a column that get a 0/1 column of their own. A column of more gets learned vectors (`cat_embedding_dim`), or 0/1 columns "
        "for the most frequent and one that the rarer ones share.",
        "10 to 100",
    ),
    "cat_embedding_dim": Parameter(
        "int",
        _at_least(0),
        "Width of the learned vectors of columns with more than `max_one_hot` categories; categories that came once in training, or never, share "
        "one. 0 for none.",
        "0, or 4 to 32",
        "Guo & Berkhahn 2016; Holzmüller et al. 2024",
    ),
    # ---- the network
    "module": Parameter(
        f"{{{', '.join(repr(name) for name in ARCHITECTURES)}}} or a subclass of torch.nn.Module",
        [StrOptions(set(ARCHITECTURES)), type],
        'The architecture: "mlp", a multilayer perceptron; "resnet" (Gorishniy et al. 2021); "tabm", many perceptrons in one that share most weights '
        "(Gorishniy et al. 2025); or a class of your own, which is called with `n_features`, `n_outputs` and `module_params` as keyword arguments "
        "and maps (rows, n_features) to (rows, n_outputs), class scores or standardised targets. It sees the encoded table; parameters of the "
        "network below do not concern it.",
        "mlp, resnet, tabm",
    ),
    "module_params": Parameter("dict or None", [dict, None], "Further keyword arguments of a module of your own."),
    "n_layers": Parameter(
        "int", _at_least(0), 'Hidden layers, or blocks of "resnet"; 0 makes a linear model of "mlp".', "1 to 8", _GORISHNIY
    ),
    "width": Parameter("int", _at_least(1), "Units of each hidden layer.", "16 to 512, on a log scale", _GORISHNIY),
    "hidden_layer_sizes": Parameter(
        "tuple of int or None", [tuple, list, None], "Units of the hidden layers one by one, in place of `n_layers` and `width`."
    ),
    "activation": Parameter(
        None, _choice(ACTIVATIONS), 'What each hidden layer applies. "swish" is another name of "silu"; None means "none".', "relu, silu, mish", ""
    ),
    "parametric_activation": Parameter(
        "bool",
        _SWITCH,
        "Learn for each unit how much of the activation it has: x + (f(x) - x) w, where w starts at 1.",
        "",
        "Holzmüller et al. 2024",
    ),
    "hidden_factor": Parameter(
        "float", _POSITIVE, 'How much wider than `width` a block of "resnet" is within.', "1 to 4", _GORISHNIY
    ),
    "residual_dropout": Parameter(
        "float in [0, 1)", _SHARE, 'Dropout at the end of each block of "resnet".', "0, or 0 to 0.5", _GORISHNIY
    ),
    "n_heads": Parameter("int", _at_least(1), 'How many perceptrons "tabm" has.', "8 to 32", "Gorishniy et al. 2025"),
    "feature_scale": Parameter(
        "bool", _SWITCH, "Give each input of the first layer a learned factor.", "", "Holzmüller et al. 2024"
    ),
    "init": Parameter(
        None,
        _choice(["auto", "torch", "ntk", *INITIALISATIONS]),
        'How the weights of linear layers start. "auto" fits the activation: lecun_normal for "selu", xavier_uniform for "tanh" and "sigmoid", else '
        '"torch", which draws weights and biases as `torch.nn.Linear` does, and came out ahead of "he_uniform" on tables. "ntk" divides each product '
        "by the root of its number of inputs and starts from training rows: each unit with standard deviation 1 over them, its zero among them "
        "(Holzmüller et al. 2024); learning rates then mean something else, try 0.01 to 0.3. With the others, biases start at zero.",
        "",
        "Glorot & Bengio 2010, He et al. 2015",
    ),
    "zero_output": Parameter(
        "bool", _SWITCH, "Let the output layer start at zero: all classes equally likely, the target's mean.", "", "Holzmüller et al. 2024"
    ),
    "dropout": Parameter(
        "float in [0, 1)",
        _SHARE,
        "Probability with which a hidden unit is left out in a training step.",
        "0, or 0 to 0.5",
        f"Srivastava et al. 2014; {_GORISHNIY}",
    ),
    "dropout_schedule": Parameter(
        None,
        _choice(_FALLING),
        "How `dropout`, `input_dropout` and `residual_dropout` change over `schedule_epochs`, from epoch to epoch.",
        "constant, flat_cos",
        "Holzmüller et al. 2024",
    ),
    "input_dropout": Parameter("float in [0, 1)", _SHARE, "The same for the network's inputs.", "0, or 0 to 0.2", "Srivastava et al. 2014"),
    "normalization": Parameter(
        None,
        _choice(NORMALIZATIONS),
        "Between each hidden layer's linear map and its activation: batch normalisation (Ioffe & Szegedy 2015) or layer normalisation (Ba "
        "et al. 2016). "
        'None means "none".',
        "none, batch, layer",
    ),
    "norm_momentum": Parameter(
        "float in [0, 1]", _SHARE_OR_ALL, "Weight of a batch's statistics in the running ones of batch normalisation.", "0.01 to 0.3, on a log scale"
    ),
    "norm_eps": Parameter("float", _POSITIVE, "Added to the variance in either normalisation."),
    # ---- augmentation
    "input_noise": Parameter(
        "float",
        _NOT_NEGATIVE,
        "Standard deviation of normal noise that is added to the encoded inputs in each training step.",
        "0, or 0.01 to 0.3, on a log scale",
        "Bishop 1995",
    ),
    "mixup_alpha": Parameter(
        "float",
        _NOT_NEGATIVE,
        "Train on mixtures of two rows and their targets, by shares drawn from Beta(alpha, alpha) for each step; 0 for none. Training losses "
        "are of mixtures.",
        "0, or 0.1 to 1",
        "Zhang et al. 2018",
    ),
    # ---- the update
    "optimizer": Parameter(
        None,
        _choice(OPTIMIZERS),
        'The update rule, as in torch; "momentum" is another name of "sgd", which has momentum too, and "lion" is that of Chen et al. 2023.',
        "adamw, and sgd or nesterov for long trainings",
        _GODBOLE,
    ),
    "lr": Parameter("float", _POSITIVE, "Learning rate: the first parameter to search.", "1e-4 to 1e-1, on a log scale", f"{_BENGIO}; {_GORISHNIY}"),
    "lr_schedule": Parameter(
        None,
        _choice(SCHEDULES),
        "How the learning rate changes over `schedule_epochs`; no number of steps is asked for. "
        '"step" multiplies it by `lr_gamma` every `lr_step_epochs`; "exponential" takes it to `lr_min_factor` by the same ratio each epoch; '
        '"linear", "cosine", "flat_cos" (flat for half the time) take it there along a line or a half cosine; "cosine_restarts" does so '
        "`lr_cycles` times "
        '(SGDR); "cyclic" goes up from there and down again `lr_cycles` times (Smith 2017); "one_cycle" rises for 30 % of the time (Smith '
        "& Topin 2018); "
        '"coslog4" makes four waves (Holzmüller et al. 2024); "plateau" multiplies by `lr_gamma` when the validation loss has not improved for '
        "`lr_patience` epochs, and needs `early_stopping`.",
        "constant, cosine, one_cycle",
        _GODBOLE,
    ),
    "lr_warmup": Parameter(
        "int or float",
        _NOT_NEGATIVE,
        "How long the learning rate first rises, in a straight line, to what the schedule begins with; the schedule has the rest. Below "
        "1, a fraction of "
        "`schedule_epochs`; from 1 on, epochs.",
        "0, or 0.05 to 0.2",
        _GODBOLE,
    ),
    "lr_min_factor": Parameter("float in [0, 1]", _SHARE_OR_ALL, "The lowest learning rate of a schedule, as a factor on `lr`.", "0 to 0.1"),
    "lr_gamma": Parameter("float in (0, 1]", [Interval(Real, 0, 1, closed="right")], 'The factor of "step" and "plateau".', "0.1 to 0.5"),
    "lr_step_epochs": Parameter("int or None", [*_at_least(1), None], 'Epochs between the drops of "step"; a third of `schedule_epochs` if None.'),
    "lr_cycles": Parameter("int", _at_least(1), 'Cycles of "cosine_restarts" and "cyclic".', "1 to 5"),
    "lr_cycle_mult": Parameter(
        "float", [Interval(Real, 1, None, closed="left")], 'How many times longer each cycle of "cosine_restarts" is than the one before.', "1 or 2"
    ),
    "lr_patience": Parameter(
        "int", _at_least(0), 'Epochs without improvement that "plateau" lets pass before it lowers the learning rate.', "2 to 10"
    ),
    "lr_scaling": Parameter(
        None,
        _choice(["none", "linear", "sqrt"]),
        'Whether `lr` is meant for batches of `base_batch_size` and scaled for others, by their ratio ("linear", Goyal et al. 2017) or its root.',
        "linear for sgd and sqrt for adam, where batch_size is searched",
        "Goyal et al. 2017; Malladi et al. 2022",
    ),
    "base_batch_size": Parameter("int", _at_least(1), "The batch size that `lr` is meant for, with `lr_scaling`."),
    "weight_decay": Parameter(
        "float", _NOT_NEGATIVE, "Weight decay, of weights only: never of biases and normalisations.", "0, or 1e-6 to 1e-1, on a log scale", _GORISHNIY
    ),
    "weight_decay_mode": Parameter(
        None,
        _choice(["auto", "decoupled", "l2"]),
        '"l2" is a penalty in the gradient, "decoupled" shrinks the weights beside it (Loshchilov & Hutter 2019). "auto" is what the '
        "optimizer is known with: "
        'decoupled for "adamw" and "lion", else l2.',
    ),
    "weight_decay_schedule": Parameter(
        None, _choice(_FALLING), "How `weight_decay` changes over `schedule_epochs`, step by step.", "constant, flat_cos", "Holzmüller et al. 2024"
    ),
    "l1": Parameter(
        "float", _NOT_NEGATIVE, "A penalty on the absolute values of the weights, in the gradient.", "0, or 1e-7 to 1e-3, on a log scale"
    ),
    "momentum": Parameter("float in [0, 1)", _SHARE, 'Of "sgd" and "nesterov".', "0.8 to 0.99, as 1 - momentum on a log scale", _GODBOLE),
    "beta1": Parameter(
        "float in [0, 1)",
        _SHARE,
        'Decay of the first moment of "adam", "adamw", "nadam", "radam" and "lion".',
        "0.5 to 0.99, as 1 - beta1 on a log scale",
        _GODBOLE,
    ),
    "beta2": Parameter("float in [0, 1)", _SHARE, "Decay of the second moment.", "0.9 to 0.999, as 1 - beta2 on a log scale", _GODBOLE),
    "alpha": Parameter("float in [0, 1)", _SHARE, 'Decay of the mean square of "rmsprop".', "0.9 to 0.99"),
    "eps": Parameter("float", _POSITIVE, "Added to the denominator of all rules that divide by a root.", "1e-10 to 1e-4, on a log scale", _GODBOLE),
    "grad_clip_norm": Parameter(
        "float or None",
        [*_POSITIVE, None],
        "The gradient's norm is scaled down to this where it is larger (Pascanu et al. 2013).",
        "0.1 to 10, on a log scale",
    ),
    "lr_factor_bias": Parameter("float", _POSITIVE, "Factor on the learning rate of biases.", "0.1 or 1", "Holzmüller et al. 2024"),
    "lr_factor_scale": Parameter("float", _POSITIVE, "The same for `feature_scale`.", "1 to 10", "Holzmüller et al. 2024"),
    "lr_factor_activation": Parameter("float", _POSITIVE, "The same for `parametric_activation`.", "0.1 or 1", "Holzmüller et al. 2024"),
    "lr_factor_num_embedding": Parameter("float", _POSITIVE, "The same for learned embeddings of numbers.", "0.1 or 1", "Holzmüller et al. 2024"),
    # ---- how long, on what
    "batch_size": Parameter(
        'int, float in (0, 1) or "auto"',
        [StrOptions({"auto"}), *_at_least(1), Interval(Real, 0, 1, closed="neither")],
        'Rows in a training step; a fraction of the training rows; or "auto", a power of two near 1/32 of the rows, between 16 and 256.',
        "32 to 512, powers of two",
        _BENGIO,
    ),
    "max_epochs": Parameter("int", _at_least(1), "Passes over the training rows; with `warm_start`, in all.", "", ""),
    "schedule_epochs": Parameter(
        "int or None",
        [None, *_at_least(1)],
        "Epochs over which the schedule runs; `max_epochs` if None. Set it to the most a search will train, so that stopping in between "
        "does not bend the "
        "schedule.",
    ),
    "early_stopping": Parameter(
        "bool",
        _SWITCH,
        "Hold out rows, and stop when `stopping_metric` on them has not improved for `patience` epochs. Rows held out teach the encoding "
        "nothing either.",
    ),
    "patience": Parameter("int", _at_least(1), "Epochs without improvement to wait for, with `early_stopping`.", "10 to 30"),
    "min_delta": Parameter("float", _NOT_NEGATIVE, "How much better a score must be to count as an improvement."),
    "stopping_metric": Parameter(
        "str",
        [str],
        'What early stopping follows: "loss", the validation loss, or the name of a scikit-learn scorer. Epochs without a validation loss '
        "do not count.",
    ),
    "validation_fraction": Parameter(
        "float in (0, 1)", [Interval(Real, 0, 1, closed="neither")], "Share of the rows to hold out with `early_stopping`, class by class."
    ),
    "validation_split": Parameter(
        "scikit-learn splitter or None",
        [HasMethods(["split"]), None],
        "Holds rows out in place of `validation_fraction`: its first split is used, for example of `GroupShuffleSplit` (give `groups` to `fit`) or "
        "`TimeSeriesSplit`.",
    ),
    "restore_best": Parameter(
        "bool", _SWITCH, "With `early_stopping`, predict with the weights of the best epoch. Training goes on from the last ones all the same."
    ),
    "refit_full": Parameter(
        "bool",
        _SWITCH,
        "After `early_stopping`, train once more on all rows, for as many epochs as were found best. `stopping_history_` tells of the "
        "first training.",
    ),
    # ---- transfer
    "init_from": Parameter(
        "fitted estimator, str, path-like or None",
        [HasMethods(["predict"]), str, os.PathLike, None],
        "A network of ours, or a file that `sknet_hp.save` wrote of one: its encoding of the table is kept, its layers of equal shape are taken. "
        "Other layers, such as an output for other classes, start at random.",
    ),
    "freeze": Parameter(
        '"all_but_last", int, list of str or None',
        [StrOptions({"all_but_last"}), *_at_least(1), list, tuple, None],
        "Layers that stay as they start: all but the output, the first few, or the parameters whose names begin so (those of `net_.module_`). "
        "Statistics of batch normalisation go on.",
    ),
    "unfreeze_epoch": Parameter(
        "int or None",
        [*_at_least(1), None],
        "The first epoch in which `freeze` and `lr_layer_decay` no longer hold. To go on at a lower rate, use `warm_start` instead.",
    ),
    "lr_layer_decay": Parameter(
        "float in (0, 1]",
        [Interval(Real, 0, 1, closed="right")],
        "Factor on the learning rate of each layer before the last, once more for each further away.",
        "0.3 to 1",
    ),
    # ---- the rest
    "n_members": Parameter(
        "int",
        _at_least(1),
        "Networks of different seeds that are trained together, on the same rows; their probabilities or predictions are averaged. `history_`, "
        "`net_` and `best_epoch_` are of the first, which is the network that there would be alone.",
        "1 while searching, then 5 to 20",
        "Lakshminarayanan et al. 2017",
    ),
    "warm_start": Parameter(
        "bool",
        _SWITCH,
        "Let `fit` go on where it stopped, up to a larger `max_epochs`: 3 + 6 epochs are 9, bit for bit. The same `max_epochs` again does "
        "nothing; a smaller "
        "one is an error; a network that stopped early stays stopped.",
    ),
    "random_state": Parameter(
        "int, RandomState instance or None",
        ["random_state"],
        "Initial weights, shuffling, dropout and the validation split follow from an integer: so does, then, every bit of the result.",
    ),
    "device": Parameter(
        "str", [str], 'A torch device, or "auto" for CUDA where there is one. Networks on CUDA train there in cohorts too; `predict` runs on the CPU.'
    ),
    "callbacks": Parameter(
        "list of skorch callbacks or None",
        [list, None],
        "Told of each epoch, with the skorch net `net_` as it then is. Networks with callbacks train in this process.",
    ),
    "verbose": Parameter("int", ["verbose"], "Print a line for each epoch."),
}

CLASSIFIER: dict[str, Parameter] = {
    "loss": Parameter(
        None,
        _choice(CLASSIFICATION_LOSSES),
        'What training minimises. "auto" is cross-entropy: over the classes, or for each label by itself where rows may have several. '
        '"focal" lets rows that '
        "are right already count less (Lin et al. 2017).",
    ),
    "focal_gamma": Parameter("float", _NOT_NEGATIVE, 'How much less, with "focal"; 0 is cross-entropy.', "0.5 to 5", "Lin et al. 2017"),
    "label_smoothing": Parameter(
        "float in [0, 1)",
        _SHARE,
        "Share of each training target that is spread evenly over the classes. Validation losses are not smoothed.",
        "0 or 0.1",
        "Szegedy et al. 2016; Holzmüller et al. 2024",
    ),
    "class_weight": Parameter(
        'dict, "balanced" or None',
        [StrOptions({"balanced"}), dict, None],
        'Weights of the classes, by label; "balanced" makes all classes count the same. They multiply `sample_weight` in the loss.',
    ),
}

REGRESSOR: dict[str, Parameter] = {
    "loss": Parameter(
        None,
        _choice(REGRESSION_LOSSES),
        'What training minimises, of targets standardised by the training rows: squares ("auto", "mse"), absolute values ("mae": the '
        'median), "huber", '
        '"quantile"; or "poisson" for counts, whose mean the network learns through an exponential.',
    ),
    "huber_delta": Parameter(
        "float", _POSITIVE, 'Where "huber" turns from a square to a line, in standard deviations of the target.', "0.1 to 3", "Huber 1964"
    ),
    "quantile": Parameter(
        "float in (0, 1)", [Interval(Real, 0, 1, closed="neither")], 'The level that "quantile" predicts.', "", "Koenker & Bassett 1978"
    ),
    "clip_prediction": Parameter("bool", _SWITCH, "Keep predictions within the range of the training targets.", "", "Holzmüller et al. 2024"),
}
