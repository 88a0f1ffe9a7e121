"""Hyperparameters of a whole fit: how long, on which rows, from where."""

import os
from numbers import Real

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from sknet_hp.estimators.parameters.kinds import (
    BENGIO,
    NOT_NEGATIVE,
    SWITCH,
    Hyperparameter,
    allow_at_least,
    allow_one_of,
)
from sknet_hp.nets.stacked.networks import PRECISIONS

LENGTH: dict[str, Hyperparameter] = {
    "batch_size": Hyperparameter(
        'int, float in (0, 1) or "auto"',
        [StrOptions({"auto"}), *allow_at_least(1), Interval(Real, 0, 1, closed="neither")],
        'Number of rows in a training step, or a fraction of the training rows. "auto" is a power of two near 1/32 of '
        "the rows, between 16 and 256.",
        "32 to 512, powers of two",
        BENGIO,
    ),
    "max_epochs": Hyperparameter(
        "int", allow_at_least(1), "Number of passes over the training rows. With `warm_start` it is the total."
    ),
    "schedule_epochs": Hyperparameter(
        "int or None",
        [None, *allow_at_least(1)],
        "Number of epochs over which schedules run. None is `max_epochs`. If training stops and continues, as in "
        "successive halving, set it to the largest number of epochs, so that schedules do not depend on the stops. "
        "After that many epochs, schedules keep their last value, for most of them `lr_min_factor`.",
    ),
    "warm_start": Hyperparameter(
        "bool",
        SWITCH,
        "Let `fit` continue where it stopped, up to a larger `max_epochs`: 3 + 6 epochs equal 9, bit for bit. Calling "
        "`fit` again with the same `max_epochs` does nothing; a smaller one is an error. A network that has stopped "
        "early stays stopped.",
    ),
}

STOPPING: dict[str, Hyperparameter] = {
    "early_stopping": Hyperparameter(
        "bool",
        SWITCH,
        "Hold out rows, and stop when `stopping_metric` on them has not improved for `patience` epochs. Held-out rows "
        "do not affect the encoding.",
    ),
    "patience": Hyperparameter(
        "int",
        allow_at_least(1),
        "Number of epochs without improvement after which `early_stopping` ends training.",
        "10 to 30",
    ),
    "min_delta": Hyperparameter("float", NOT_NEGATIVE, "Smallest change of the score that counts as an improvement."),
    "stopping_metric": Hyperparameter(
        "str",
        [str],
        'What early stopping follows: "loss", the validation loss, or the name of a scikit-learn scorer. The scorer '
        "gets `sample_weight` if `fit` does, and ignores class weights. Epochs without a validation loss do not count.",
    ),
    "validation_fraction": Hyperparameter(
        'float in (0, 1) or "auto"',
        [StrOptions({"auto"}), Interval(Real, 0, 1, closed="neither")],
        "Share of the rows to hold out with `early_stopping`. Classifiers hold out rows class by class if there are "
        'enough. "auto" is a tenth; with fewer than 320 rows it is 32 rows, but at most three tenths.',
        "0.1 to 0.3",
    ),
    "validation_split": Hyperparameter(
        "scikit-learn splitter or None",
        [HasMethods(["split"]), None],
        "A splitter that holds out rows in place of `validation_fraction`, such as `GroupShuffleSplit` (give `groups` "
        "to `fit`). Its first split is used. Rows in neither part are left out. For rows ordered in time, use "
        "`sknet_hp.evaluation.LastRows` or give `X_val` to `fit`; do not use `TimeSeriesSplit`, whose first split has "
        "only the oldest rows.",
    ),
    "restore_best": Hyperparameter(
        "bool",
        SWITCH,
        "With `early_stopping`, predict with the weights of the best epoch. Training continues from the last weights.",
    ),
    "refit_full": Hyperparameter(
        "bool",
        SWITCH,
        "After `early_stopping`, train once more on all rows, for the best number of epochs that was found, and with "
        'the drops of the learning rate that "plateau" made in them. `stopping_history_` has the first training. '
        "Not with `warm_start` or `X_val`.",
    ),
}

TRANSFER: dict[str, Hyperparameter] = {
    "init_from": Hyperparameter(
        "fitted estimator, str, path-like or None",
        [HasMethods(["predict"]), str, os.PathLike, None],
        "A fitted network of this library, or a file that `sknet_hp.save` wrote of one, to start from. Its encoding of "
        "the table is kept, so X needs the same columns in the same order. Its layers of equal shape are copied; "
        "other layers, such as an output for other classes, start at random.",
    ),
    "freeze": Hyperparameter(
        '"all_but_last", int, list of str or None',
        [StrOptions({"all_but_last"}), *allow_at_least(1), list, tuple, None],
        "Layers that are not trained: all but the output layer, the first n layers, or the parameters of "
        "`net_.module_` with names that begin with one of these strings. Statistics of batch normalisation are still "
        "updated. It needs `init_from` or `warm_start`.",
    ),
    "unfreeze_epoch": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        "The first epoch in which `freeze` and `lr_layer_decay` no longer apply. To continue at a lower rate, use "
        "`warm_start` instead.",
    ),
    "lr_layer_decay": Hyperparameter(
        "float in (0, 1]",
        [Interval(Real, 0, 1, closed="right")],
        "Factor on the learning rate from each layer to the one before it: the last layer has `lr`, the layer before "
        "it `lr` times this factor, and so on.",
        "0.3 to 1",
    ),
}

RUNNING: dict[str, Hyperparameter] = {
    "n_members": Hyperparameter(
        "int",
        allow_at_least(1),
        "Number of networks with different seeds that are trained together on the same rows. Their probabilities or "
        "predictions are averaged. `history_`, `net_` and `best_epoch_` are those of the first network, which is the "
        "one you would get with `n_members=1`. Keep 1 while searching; 5 to 20 are for the final model.",
        "",
        "Lakshminarayanan et al. 2017",
    ),
    "random_state": Hyperparameter(
        "int, RandomState instance or None",
        ["random_state"],
        "Seed of initial weights, shuffling, dropout and the validation split. An integer fixes every bit of the "
        "result.",
    ),
    "device": Hyperparameter(
        "str",
        [str],
        'A torch device, or "auto" for CUDA if there is a GPU. On CUDA, the networks of a search train as stacks. '
        "`predict` runs on the CPU.",
    ),
    "precision": Hyperparameter(
        None,
        allow_one_of(PRECISIONS),
        'Number format in which hidden layers multiply matrices. With "bf16", the operands of these products are '
        "rounded to bfloat16; sums, weights, optimizer, losses and the output layer stay float32. On CPUs that "
        "multiply bfloat16, it saves a quarter to nearly half of the time from `width` 128 on, and changes results in "
        "the third digit. It applies to predictions too.",
    ),
    "callbacks": Hyperparameter(
        "list of skorch callbacks or None",
        [list, None],
        "Called at each epoch as in skorch, with `net_` as it is then. Their changes to weights and rates take effect. "
        "Callbacks that act on batches or gradients are refused. With several `n_members` they see the first. "
        "Networks with callbacks train in this process.",
    ),
    "verbose": Hyperparameter("int", ["verbose"], "Print a line for each epoch."),
}

FITTING = LENGTH | STOPPING | TRANSFER | RUNNING
