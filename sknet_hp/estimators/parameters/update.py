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

OPTIMIZER: dict[str, Hyperparameter] = {
    "optimizer": Hyperparameter(
        None,
        allow_one_of(OPTIMIZERS),
        'The update rule, as in torch. "momentum" is another name for "sgd", which also has momentum. "lion" is by '
        "Chen et al. 2023.",
        "adamw, lion, and nesterov for long trainings",
        GODBOLE,
        advice='Seldom: "adamw" is nearly always right. "lion" needs a rate three to ten times smaller, and a '
        '`weight_decay` that is larger by the same factor. "sgd" and "nesterov" need a larger rate, found '
        "by a careful search, a schedule and long training.",
    ),
    "momentum": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'Momentum of "sgd" and "nesterov".',
        "0.8 to 0.99, as 1 - momentum on a log scale",
        GODBOLE,
        advice='Only with "sgd" and "nesterov". The length of a step is about `lr` / (1 - `momentum`), so more '
        "momentum needs a smaller `lr`.",
    ),
    "beta1": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'Decay rate of the first moment in "adam", "adamw", "nadam", "radam" and "lion".',
        "0.5 to 0.99, as 1 - beta1 on a log scale",
        GODBOLE,
        advice="Rarely. Larger values average over more steps, which helps if batches are small and gradients noisy.",
    ),
    "beta2": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        "Decay rate of the second moment.",
        "0.9 to 0.999, as 1 - beta2 on a log scale",
        GODBOLE,
        advice="If there are few steps: 0.99 or less adapts sooner. RealMLP uses 0.95.",
    ),
    "alpha": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'Decay rate of the mean square in "rmsprop".',
        "0.9 to 0.99",
        advice='Only with "rmsprop". Smaller values adapt sooner, as with `beta2`.',
    ),
    "eps": Hyperparameter(
        "float",
        POSITIVE,
        "Number that is added to the denominator of update rules that divide by a square root.",
        "1e-10 to 1e-4, on a log scale",
        GODBOLE,
        advice="Hardly ever. Larger values make steps smaller where gradients are tiny, and the optimizer more like "
        "SGD.",
    ),
    "grad_clip_norm": Hyperparameter(
        "float or None",
        [*POSITIVE, None],
        "Largest norm of the loss's gradient over all trained weights. A larger gradient is scaled down to it "
        "(Pascanu et al. 2013), before `l1` and `weight_decay` are added. None does not clip.",
        "0.1 to 10, on a log scale",
        advice="If losses jump or diverge at a usual rate, or if the target has outliers. With 1 to start with, a "
        "larger `lr` may become possible.",
    ),
}

LEARNING_RATE: dict[str, Hyperparameter] = {
    "lr": Hyperparameter(
        "float",
        POSITIVE,
        "Learning rate, the first parameter to search.",
        "1e-4 to 1e-1, on a log scale",
        f"{BENGIO}; {GORISHNIY}",
        advice="Always. It depends on nearly everything: a larger `batch_size` needs a larger rate, and each "
        "`optimizer`, `init` and `module` a rate of its own. `sknet_hp.tuning.find_lr` finds one in seconds.",
    ),
    "lr_schedule": Hyperparameter(
        None,
        allow_one_of(SCHEDULES),
        "How the learning rate changes over `schedule_epochs`; the number of steps follows from the data. "
        '"step" multiplies it by `lr_gamma` every `lr_step_epochs`. "exponential" lowers it to `lr_min_factor` by '
        'the same ratio each epoch; "linear", "cosine" and "flat_cos" (flat for half the time) lower it along a line '
        'or a half cosine. "cosine_restarts" does so `lr_cycles` times (SGDR). "cyclic" rises from the minimum and '
        'falls again `lr_cycles` times (Smith 2017). "one_cycle" rises for 30 % of the time (Smith & Topin 2018); '
        'momentum stays the same. "coslog4" makes four waves (Holzmüller et al. 2024). "plateau" multiplies by '
        "`lr_gamma` when the validation loss has not improved for `lr_patience` epochs, and needs `early_stopping`.",
        "constant, cosine, flat_cos",
        GODBOLE,
        advice="In long trainings, when the last percent counts. With averaged weights and early stopping it gains "
        "little. Set `schedule_epochs` to about as many epochs as the network trains, and raise `patience`, "
        "since the loss falls late.",
    ),
    "lr_warmup": Hyperparameter(
        "int or float",
        NOT_NEGATIVE,
        "How long the learning rate first rises, in a straight line, to the start of the schedule, which takes the "
        "remaining time. Below 1 it is a fraction of `schedule_epochs`; from 1 on, a number of epochs (at most all). "
        '"cyclic" and "coslog4" rise by themselves: they begin at `lr_min_factor`.',
        "0, or 0.05 to 0.2",
        GODBOLE,
        advice="If the loss jumps in the first epochs. It allows a larger `lr`, most of all in deep networks.",
    ),
    "lr_min_factor": Hyperparameter(
        "float in [0, 1]",
        SHARE_OR_ALL,
        "Lowest learning rate of a schedule, as a fraction of `lr`.",
        "0 to 0.1",
        advice="Only if training continues after the end of the schedule.",
    ),
    "lr_gamma": Hyperparameter(
        "float in (0, 1]",
        [Interval(Real, 0, 1, closed="right")],
        'Factor by which "step" and "plateau" lower the learning rate.',
        "0.1 to 0.5",
        advice='Only with "step" and "plateau". With a small factor, one or two drops are enough.',
    ),
    "lr_step_epochs": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        'Number of epochs between the drops of "step". None is a third of the epochs that remain after the warm-up.',
        advice='Only with "step". Each part should be long enough for the loss to level off.',
    ),
    "lr_cycles": Hyperparameter(
        "int",
        allow_at_least(1),
        'Number of cycles of "cosine_restarts" and "cyclic".',
        "1 to 5",
        advice='Only with "cosine_restarts" and "cyclic". The loss is lowest where a cycle ends, so `patience` must '
        "be longer than a cycle.",
    ),
    "lr_cycle_mult": Hyperparameter(
        "float",
        [Interval(Real, 1, None, closed="left")],
        'Factor by which each cycle of "cosine_restarts" is longer than the one before.',
        "1 or 2",
        advice='Only with "cosine_restarts", from two `lr_cycles` on.',
    ),
    "lr_patience": Hyperparameter(
        "int",
        allow_at_least(0),
        'Number of epochs without improvement after which "plateau" lowers the learning rate.',
        "2 to 10",
        advice='Only with "plateau". It must be smaller than `patience`, or training stops before the rate has '
        "dropped.",
    ),
    "lr_scaling": Hyperparameter(
        None,
        allow_one_of(["none", "linear", "sqrt"]),
        'How `lr` depends on the batch size. If not "none", `lr` is for batches of `base_batch_size`, and is scaled '
        'for others by the ratio of sizes ("linear", Goyal et al. 2017) or its square root ("sqrt"). If there are '
        "fewer rows than `batch_size`, the batch is all of them.",
        "linear for sgd and sqrt for adam, where batch_size is searched",
        "Goyal et al. 2017; Malladi et al. 2022",
        advice="If you vary `batch_size` and want to keep `lr`.",
    ),
    "base_batch_size": Hyperparameter(
        "int",
        allow_at_least(1),
        "The batch size that `lr` is for, with `lr_scaling`.",
        advice="Only with `lr_scaling`. Set it to the batch size with which you found `lr`.",
    ),
    "lr_factor_bias": Hyperparameter(
        "float",
        POSITIVE,
        "Factor on the learning rate of biases.",
        "0.1 or 1",
        "Holzmüller et al. 2024",
        advice="Hardly by itself. It is a part of RealMLP (`presets.realmlp_td`), which has 0.1.",
    ),
    "lr_factor_scale": Hyperparameter(
        "float",
        POSITIVE,
        "Factor on the learning rate of `feature_scale`. This factor and the next two also multiply `weight_decay`, "
        "in addition to their effect through `lr`, as in the authors' code.",
        "1 to 10",
        "Holzmüller et al. 2024",
        advice="Only with `feature_scale`.",
    ),
    "lr_factor_activation": Hyperparameter(
        "float",
        POSITIVE,
        "Factor on the learning rate of `parametric_activation`.",
        "0.1 or 1",
        "Holzmüller et al. 2024",
        advice="Only with `parametric_activation`.",
    ),
    "lr_factor_num_embedding": Hyperparameter(
        "float",
        POSITIVE,
        "Factor on the learning rate of learned embeddings of numbers.",
        "0.1 or 1",
        "Holzmüller et al. 2024",
        advice='Only with learned embeddings of numbers: "plr", "pbld", or `num_embedding_dim`.',
    ),
}

DECAY: dict[str, Hyperparameter] = {
    "weight_decay": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Strength of the weight decay. It acts on weights only, not on biases and normalisations.",
        "0, or 1e-6 to 1e-1, on a log scale",
        GORISHNIY,
        advice="On small tables and in long trainings. Decoupled decay is multiplied by `lr`, so a smaller rate "
        "needs a larger decay. With l2, good values are orders of magnitude smaller. More `dropout` needs "
        "less of it.",
    ),
    "weight_decay_mode": Hyperparameter(
        None,
        allow_one_of(["auto", "decoupled", "l2"]),
        '"l2" is a penalty in the gradient. "decoupled" shrinks the weights apart from the gradient (Loshchilov & '
        'Hutter 2019). "auto" is what is usual for the optimizer: decoupled for "adamw" and "lion", otherwise l2.',
        advice="If you change `optimizer` and keep the value of `weight_decay`: the two modes are on different scales.",
    ),
    "weight_decay_schedule": Hyperparameter(
        None,
        allow_one_of(FALLING),
        "How `weight_decay` changes from step to step, over `schedule_epochs`.",
        "constant, flat_cos",
        "Holzmüller et al. 2024",
        advice="In trainings of a fixed length, as with `dropout_schedule`.",
    ),
    "l1": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Strength of a penalty on the absolute values of the weights, in the gradient.",
        "0, or 1e-7 to 1e-3, on a log scale",
        advice="Rarely. It weakens columns that are of no use, but sets no weight to exactly zero. `weight_decay` is "
        "easier to search.",
    ),
}

AVERAGING: dict[str, Hyperparameter] = {
    "weight_averaging": Hyperparameter(
        None,
        allow_one_of(["auto", *AVERAGINGS]),
        'Validate and predict with averaged weights, while training continues from the raw ones. "ema" is an '
        'exponential moving average over all steps. "swa" is an even average over the ends of epochs from `swa_start` '
        'on. Running statistics of batch normalisation are averaged too. "auto" is "ema" with `early_stopping`, '
        'otherwise "none". None means "none".',
        "none, ema, swa",
        "Polyak & Juditsky 1992; Izmailov et al. 2018",
        advice="Always; leave it on. It makes up for rates that are too large, and for most of what a schedule "
        'gains. Use "none" if training continues on data that drift.',
    ),
    "ema_decay": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'Share of the moving average "ema" that each step keeps. It rises to this value as (1 + n) / (10 + n), where n '
        "is the number of averaged steps, as in TensorFlow. The first step's weights are used unchanged, as in "
        "`torch.optim.swa_utils`.",
        "0.9 to 0.9999, as 1 - ema_decay on a log scale",
        "Tarvainen & Valpola 2017",
        advice='Only with "ema". It averages over about 1 / (1 - `ema_decay`) steps, 1,000 by default. Lower it if '
        "training has fewer steps than that; raise it for large rates and small batches.",
    ),
    "swa_start": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        'Fraction of `schedule_epochs` after which "swa" begins to average. Until then, the raw weights predict. Early '
        "stopping may end training before that.",
        "0.5 to 0.9",
        "Izmailov et al. 2018",
        advice='Only with "swa". Start when the loss has levelled off, and give enough `patience` to get there.',
    ),
}

UPDATE = OPTIMIZER | LEARNING_RATE | DECAY | AVERAGING
