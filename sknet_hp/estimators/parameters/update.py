"""Hyperparameters of a training step."""

from numbers import Real

from sklearn.utils._param_validation import Interval

from sknet_hp.estimators.parameters.kinds import (
    BENGIO,
    FALLING,
    GODBOLE,
    GORISHNIY,
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    SHARE_OR_ALL,
    Hyperparameter,
    allow_at_least,
    allow_one_of,
)
from sknet_hp.training.rules.averaging import KINDS as AVERAGINGS
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.schedules import SCHEDULES

UPDATE: dict[str, Hyperparameter] = {
    "optimizer": Hyperparameter(
        None,
        allow_one_of(OPTIMIZERS),
        'The update rule, as in torch; "momentum" is another name of "sgd", which has momentum too, and "lion" is '
        "that of Chen et al. 2023.",
        "adamw, and sgd or nesterov for long trainings",
        GODBOLE,
    ),
    "lr": Hyperparameter(
        "float",
        POSITIVE,
        "Learning rate: the first parameter to search.",
        "1e-4 to 1e-1, on a log scale",
        f"{BENGIO}; {GORISHNIY}",
    ),
    "lr_schedule": Hyperparameter(
        None,
        allow_one_of(SCHEDULES),
        'How the learning rate changes over `schedule_epochs`; no number of steps is asked for. "step" multiplies it '
        'by `lr_gamma` every `lr_step_epochs`; "exponential" takes it to `lr_min_factor` by the same ratio each '
        'epoch; "linear", "cosine", "flat_cos" (flat for half the time) take it there along a line or a half cosine; '
        '"cosine_restarts" does so `lr_cycles` times (SGDR); "cyclic" goes up from there and down again `lr_cycles` '
        'times (Smith 2017); "one_cycle" rises for 30 % of the time (Smith & Topin 2018), while momentum stays; '
        '"coslog4" makes four waves (Holzmüller et al. 2024); "plateau" multiplies by `lr_gamma` when the validation '
        "loss has not improved for `lr_patience` epochs, and needs `early_stopping`.",
        "constant, cosine, one_cycle",
        GODBOLE,
    ),
    "lr_warmup": Hyperparameter(
        "int or float",
        NOT_NEGATIVE,
        "How long the learning rate first rises, in a straight line, to what the schedule begins with; the schedule "
        'has the rest. Below 1, a fraction of `schedule_epochs`; from 1 on, epochs (at most all). "cyclic" and '
        '"coslog4" rise by themselves: they begin at `lr_min_factor`.',
        "0, or 0.05 to 0.2",
        GODBOLE,
    ),
    "lr_min_factor": Hyperparameter(
        "float in [0, 1]", SHARE_OR_ALL, "The lowest learning rate of a schedule, as a factor on `lr`.", "0 to 0.1"
    ),
    "lr_gamma": Hyperparameter(
        "float in (0, 1]", [Interval(Real, 0, 1, closed="right")], 'The factor of "step" and "plateau".', "0.1 to 0.5"
    ),
    "lr_step_epochs": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        'Epochs between the drops of "step"; if None, a third of what `lr_warmup` leaves of `schedule_epochs`.',
    ),
    "lr_cycles": Hyperparameter("int", allow_at_least(1), 'Cycles of "cosine_restarts" and "cyclic".', "1 to 5"),
    "lr_cycle_mult": Hyperparameter(
        "float",
        [Interval(Real, 1, None, closed="left")],
        'How many times longer each cycle of "cosine_restarts" is than the one before.',
        "1 or 2",
    ),
    "lr_patience": Hyperparameter(
        "int",
        allow_at_least(0),
        'Epochs without improvement that "plateau" lets pass before it lowers the learning rate.',
        "2 to 10",
    ),
    "lr_scaling": Hyperparameter(
        None,
        allow_one_of(["none", "linear", "sqrt"]),
        'Whether `lr` is meant for batches of `base_batch_size` and scaled for others, by their ratio ("linear", '
        "Goyal et al. 2017) or its root; where there are fewer rows than `batch_size`, all of them are a batch.",
        "linear for sgd and sqrt for adam, where batch_size is searched",
        "Goyal et al. 2017; Malladi et al. 2022",
    ),
    "base_batch_size": Hyperparameter(
        "int", allow_at_least(1), "The batch size that `lr` is meant for, with `lr_scaling`."
    ),
    "weight_decay": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Weight decay, of weights only: never of biases and normalisations.",
        "0, or 1e-6 to 1e-1, on a log scale",
        GORISHNIY,
    ),
    "weight_decay_mode": Hyperparameter(
        None,
        allow_one_of(["auto", "decoupled", "l2"]),
        '"l2" is a penalty in the gradient, "decoupled" shrinks the weights beside it (Loshchilov & Hutter 2019). '
        '"auto" is what the optimizer is known with: decoupled for "adamw" and "lion", else l2.',
    ),
    "weight_decay_schedule": Hyperparameter(
        None,
        allow_one_of(FALLING),
        "How `weight_decay` changes over `schedule_epochs`, step by step.",
        "constant, flat_cos",
        "Holzmüller et al. 2024",
    ),
    "l1": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "A penalty on the absolute values of the weights, in the gradient.",
        "0, or 1e-7 to 1e-3, on a log scale",
    ),
    "momentum": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'Momentum of "sgd" and "nesterov".',
        "0.8 to 0.99, as 1 - momentum on a log scale",
        GODBOLE,
    ),
    "beta1": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'Decay of the first moment of "adam", "adamw", "nadam", "radam" and "lion".',
        "0.5 to 0.99, as 1 - beta1 on a log scale",
        GODBOLE,
    ),
    "beta2": Hyperparameter(
        "float in [0, 1)", SHARE, "Decay of the second moment.", "0.9 to 0.999, as 1 - beta2 on a log scale", GODBOLE
    ),
    "alpha": Hyperparameter("float in [0, 1)", SHARE, 'Decay of the mean square of "rmsprop".', "0.9 to 0.99"),
    "eps": Hyperparameter(
        "float",
        POSITIVE,
        "Added to the denominator of all rules that divide by a root.",
        "1e-10 to 1e-4, on a log scale",
        GODBOLE,
    ),
    "grad_clip_norm": Hyperparameter(
        "float or None",
        [*POSITIVE, None],
        "The norm of the loss's gradient in a step, over all weights that are trained, is scaled down to this where "
        "it is larger (Pascanu et al. 2013), before `l1` and `weight_decay` are added.",
        "0.1 to 10, on a log scale",
    ),
    "lr_factor_bias": Hyperparameter(
        "float", POSITIVE, "Factor on the learning rate of biases.", "0.1 or 1", "Holzmüller et al. 2024"
    ),
    "lr_factor_scale": Hyperparameter(
        "float",
        POSITIVE,
        "The same for `feature_scale`; here, as with the next two, it multiplies `weight_decay` once more, beyond its "
        "effect through `lr`, as in the authors' code.",
        "1 to 10",
        "Holzmüller et al. 2024",
    ),
    "lr_factor_activation": Hyperparameter(
        "float", POSITIVE, "The same for `parametric_activation`.", "0.1 or 1", "Holzmüller et al. 2024"
    ),
    "lr_factor_num_embedding": Hyperparameter(
        "float", POSITIVE, "The same for learned embeddings of numbers.", "0.1 or 1", "Holzmüller et al. 2024"
    ),
    "weight_averaging": Hyperparameter(
        None,
        allow_one_of(["auto", *AVERAGINGS]),
        'Validate and predict with averaged weights, while training continues from the raw ones: "ema", an exponential '
        'moving average of every step, or "swa", an even average of the ends of epochs from `swa_start` on. Running '
        'statistics of batch normalisation are averaged too. "auto" is "ema" with `early_stopping`, else "none". None '
        'means "none".',
        "none, ema, swa",
        "Polyak & Juditsky 1992; Izmailov et al. 2018",
    ),
    "ema_decay": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'The share of "ema" that each step keeps. It rises to this value with the number n of weights averaged, as (1 '
        "+ n) / (10 + n), as in TensorFlow; the first step's weights are used unchanged, as in "
        "`torch.optim.swa_utils`.",
        "0.9 to 0.9999, as 1 - ema_decay on a log scale",
        "Tarvainen & Valpola 2017",
    ),
    "swa_start": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'The fraction of `schedule_epochs` after which "swa" averages; until then, predictions are of the raw '
        "weights. Early stopping may end training before it begins.",
        "0.5 to 0.9",
        "Izmailov et al. 2018",
    ),
}
