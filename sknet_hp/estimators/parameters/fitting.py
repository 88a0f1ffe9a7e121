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

FITTING: dict[str, Hyperparameter] = {
    # ---- how long, on what
    "batch_size": Hyperparameter(
        'int, float in (0, 1) or "auto"',
        [StrOptions({"auto"}), *allow_at_least(1), Interval(Real, 0, 1, closed="neither")],
        'Rows in a training step; a fraction of the training rows; or "auto", a power of two near 1/32 of the rows, '
        "between 16 and 256.",
        "32 to 512, powers of two",
        BENGIO,
    ),
    "max_epochs": Hyperparameter(
        "int", allow_at_least(1), "Passes over the training rows; with `warm_start`, the total."
    ),
    "schedule_epochs": Hyperparameter(
        "int or None",
        [None, *allow_at_least(1)],
        "Epochs over which schedules run; `max_epochs` if None. Set it to the most a search will train, so that "
        "stopping in between does not change them. After that they keep their last value, which is "
        "`lr_min_factor` for most.",
    ),
    "early_stopping": Hyperparameter(
        "bool",
        SWITCH,
        "Hold out rows, and stop when `stopping_metric` on them has not improved for `patience` epochs. Held-out rows "
        "do not affect the encoding.",
    ),
    "patience": Hyperparameter(
        "int", allow_at_least(1), "Epochs without improvement to wait for, with `early_stopping`.", "10 to 30"
    ),
    "min_delta": Hyperparameter("float", NOT_NEGATIVE, "How much better a score must be to count as an improvement."),
    "stopping_metric": Hyperparameter(
        "str",
        [str],
        'What early stopping follows: "loss", the validation loss, or the name of a scikit-learn scorer, which is '
        "given `sample_weight` if `fit` is, and knows nothing of class weights. Epochs without a validation loss do "
        "not count.",
    ),
    "validation_fraction": Hyperparameter(
        'float in (0, 1) or "auto"',
        [StrOptions({"auto"}), Interval(Real, 0, 1, closed="neither")],
        "Share of the rows to hold out with `early_stopping`, of classifiers class by class where there are enough. "
        '"auto" is a tenth; of fewer than 320 rows it is 32 rows, and at most three tenths.',
        "0.1 to 0.3",
    ),
    "validation_split": Hyperparameter(
        "scikit-learn splitter or None",
        [HasMethods(["split"]), None],
        "Holds rows out in place of `validation_fraction`: its first split is used, for example of "
        "`GroupShuffleSplit` (give `groups` to `fit`). Rows in neither part take no part: the first split of "
        "`TimeSeriesSplit` has only the oldest, so for rows in order of time use "
        "`sknet_hp.evaluation.LastRows`, or give `X_val` to `fit`.",
    ),
    "restore_best": Hyperparameter(
        "bool",
        SWITCH,
        "With `early_stopping`, predict with the weights of the best epoch. Training continues from the last ones.",
    ),
    "refit_full": Hyperparameter(
        "bool",
        SWITCH,
        "After `early_stopping`, train once more on all rows, for as many epochs as were found best, and with the "
        'drops of the learning rate that "plateau" made in them. `stopping_history_` has the first training. Not '
        "with `warm_start` or `X_val`.",
    ),
    # ---- transfer
    "init_from": Hyperparameter(
        "fitted estimator, str, path-like or None",
        [HasMethods(["predict"]), str, os.PathLike, None],
        "A network of ours, or a file that `sknet_hp.save` wrote of one: its encoding of the table is kept, so X "
        "needs the same columns in the same order; its layers of equal shape are taken. Other layers, such as an "
        "output for other classes, start at random.",
    ),
    "freeze": Hyperparameter(
        '"all_but_last", int, list of str or None',
        [StrOptions({"all_but_last"}), *allow_at_least(1), list, tuple, None],
        "Layers that are not trained: all but the output, the first n, or the parameters of `net_.module_` whose names "
        "begin with these strings. Statistics of batch normalisation are still updated. It needs `init_from`, "
        "or `warm_start`.",
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
        "Factor on the learning rate of each layer before the last, once more for each further away.",
        "0.3 to 1",
    ),
    # ---- the rest
    "n_members": Hyperparameter(
        "int",
        allow_at_least(1),
        "Networks of different seeds that are trained together, on the same rows; their probabilities or predictions "
        "are averaged. `history_`, `net_` and `best_epoch_` are of the first, which is the network that there would "
        "be alone. Keep 1 while searching; 5 to 20 are for the final model.",
        "",
        "Lakshminarayanan et al. 2017",
    ),
    "warm_start": Hyperparameter(
        "bool",
        SWITCH,
        "Let `fit` continue where it stopped, up to a larger `max_epochs`: 3 + 6 epochs are 9, bit for bit. The same "
        "`max_epochs` again does nothing; a smaller one is an error; a network that stopped early stays stopped.",
    ),
    "random_state": Hyperparameter(
        "int, RandomState instance or None",
        ["random_state"],
        "An integer fixes initial weights, shuffling, dropout and the validation split, and so every bit of the "
        "result.",
    ),
    "device": Hyperparameter(
        "str",
        [str],
        'A torch device, or "auto" for CUDA where there is one. On CUDA the networks of a search train as stacks; '
        "`predict` runs on the CPU.",
    ),
    "precision": Hyperparameter(
        None,
        allow_one_of(PRECISIONS),
        'In which number format hidden layers multiply matrices. With "bf16", operands of these products are rounded '
        "to bfloat16; sums, weights, optimizer, losses and the output layer stay float32. It saves a quarter to "
        "nearly half of the time from `width` 128 on, on CPUs that multiply bfloat16, and costs accuracy of the third "
        "digit. Predictions are made in it too.",
    ),
    "callbacks": Hyperparameter(
        "list of skorch callbacks or None",
        [list, None],
        "Called at each epoch as in skorch, with the net `net_` at that moment; their changes to weights and rates "
        "take effect. Those that act on batches or gradients are refused. With `n_members` they see the first. "
        "Networks with callbacks train in this process.",
    ),
    "verbose": Hyperparameter("int", ["verbose"], "Print a line for each epoch."),
}
