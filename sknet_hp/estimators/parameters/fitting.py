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
        advice="For speed, and on small tables. Small batches mean more and noisier steps, which regularises; large "
        "ones are faster, most of all on GPUs. The best `lr` depends on it (`lr_scaling`).",
    ),
    "max_epochs": Hyperparameter(
        "int",
        allow_at_least(1),
        "Number of passes over the training rows. With `warm_start` it is the total.",
        advice="If the network is still learning at the end: with a small `lr`, large batches or a schedule. With "
        "early stopping it is only a limit. Searches allocate it as their resource.",
    ),
    "schedule_epochs": Hyperparameter(
        "int or None",
        [None, *allow_at_least(1)],
        "Number of epochs over which schedules run. None is `max_epochs`. If training stops and continues, as in "
        "successive halving, set it to the largest number of epochs, so that schedules do not depend on the stops. "
        "After that many epochs, schedules keep their last value, for most of them `lr_min_factor`.",
        advice="With a schedule and early stopping: a schedule over 100 epochs does nothing for a network that stops "
        "after 20. Searches set it to their largest number of epochs.",
    ),
    "warm_start": Hyperparameter(
        "bool",
        SWITCH,
        "Let `fit` continue where it stopped, up to a larger `max_epochs`: 3 + 6 epochs equal 9, bit for bit. Calling "
        "`fit` again with the same `max_epochs` does nothing; a smaller one is an error. A network that has stopped "
        "early stays stopped.",
        advice="If you train further, or write a search of your own. Our searchers set it themselves.",
    ),
}

STOPPING: dict[str, Hyperparameter] = {
    "early_stopping": Hyperparameter(
        "bool",
        SWITCH,
        "Hold out rows, and stop when `stopping_metric` on them has not improved for `patience` epochs. Held-out rows "
        "do not affect the encoding.",
        advice='Always; leave it on. Without it, `max_epochs` has to be searched, and `weight_averaging="auto"` is '
        "off.",
    ),
    "patience": Hyperparameter(
        "int",
        allow_at_least(1),
        "Number of epochs without improvement after which `early_stopping` ends training.",
        "10 to 30",
        advice="If validation losses are noisy, the rate is small, or a schedule lowers it late: use 20 or 30. More "
        "costs only time.",
    ),
    "min_delta": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Smallest change of the score that counts as an improvement.",
        advice="If losses fall very slowly for many epochs: it ends such trainings sooner.",
    ),
    "stopping_metric": Hyperparameter(
        "str",
        [str],
        'What early stopping follows: "loss", the validation loss, or the name of a scikit-learn scorer. The scorer '
        "gets `sample_weight` if `fit` does, and ignores class weights. Epochs without a validation loss do not count.",
        advice="If the metric that you report is not about probabilities, or about a rare class. Metrics of labels, "
        "such as accuracy, jump if few rows are held out: raise `patience` or `validation_fraction`.",
    ),
    "validation_fraction": Hyperparameter(
        'float in (0, 1) or "auto"',
        [StrOptions({"auto"}), Interval(Real, 0, 1, closed="neither")],
        "Share of the rows to hold out with `early_stopping`. Classifiers hold out rows class by class if there are "
        'enough. "auto" is a tenth; with fewer than 320 rows it is 32 rows, but at most three tenths.',
        "0.1 to 0.3",
        advice="On small tables: more held-out rows find a better epoch, but fewer rows are left to train on.",
    ),
    "validation_split": Hyperparameter(
        "scikit-learn splitter or None",
        [HasMethods(["split"]), None],
        "A splitter that holds out rows in place of `validation_fraction`, such as `GroupShuffleSplit` (give `groups` "
        "to `fit`). Its first split is used. Rows in neither part are left out. For rows ordered in time, use "
        "`sknet_hp.evaluation.LastRows` or give `X_val` to `fit`; do not use `TimeSeriesSplit`, whose first split has "
        "only the oldest rows.",
        advice="If rows belong to groups, or are ordered in time.",
    ),
    "restore_best": Hyperparameter(
        "bool",
        SWITCH,
        "With `early_stopping`, predict with the weights of the best epoch. Training continues from the last weights.",
        advice="Seldom; leave it on, unless you want the last weights, as at the end of a schedule.",
    ),
    "refit_full": Hyperparameter(
        "bool",
        SWITCH,
        "After `early_stopping`, train once more on all rows, for the best number of epochs that was found, and with "
        'the drops of the learning rate that "plateau" made in them. `stopping_history_` has the first training. '
        "Not with `warm_start` or `X_val`.",
        advice="Rarely: on our tables it was worse on average, because the best number of epochs for nine tenths of "
        "the rows does not suit all of them. `n_members` gains more.",
    ),
}

TRANSFER: dict[str, Hyperparameter] = {
    "init_from": Hyperparameter(
        "fitted estimator, str, path-like or None",
        [HasMethods(["predict"]), str, os.PathLike, None],
        "A fitted network of this library, or a file that `sknet_hp.save` wrote of one, to start from. Its encoding of "
        "the table is kept, so X needs the same columns in the same order. Its layers of equal shape are copied; "
        "other layers, such as an output for other classes, start at random.",
        advice="If you have few rows, and many of a table with the same columns.",
    ),
    "freeze": Hyperparameter(
        '"all_but_last", int, list of str or None',
        [StrOptions({"all_but_last"}), *allow_at_least(1), list, tuple, None],
        "Layers that are not trained: all but the output layer, the first n layers, or the parameters of "
        "`net_.module_` with names that begin with one of these strings. Statistics of batch normalisation are still "
        "updated. It needs `init_from` or `warm_start`.",
        advice="If the new table is small: first only the new layers learn, later all of them (`unfreeze_epoch`).",
    ),
    "unfreeze_epoch": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        "The first epoch in which `freeze` and `lr_layer_decay` no longer apply. To continue at a lower rate, use "
        "`warm_start` instead.",
        advice="Only with `freeze` or `lr_layer_decay`: take an epoch by which the loss has levelled off.",
    ),
    "lr_layer_decay": Hyperparameter(
        "float in (0, 1]",
        [Interval(Real, 0, 1, closed="right")],
        "Factor on the learning rate from each layer to the one before it: the last layer has `lr`, the layer before "
        "it `lr` times this factor, and so on.",
        "0.3 to 1",
        advice="If the start should be kept, but not frozen: first layers change the least.",
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
        advice="In the final model, most of all if seeds differ a lot. The time grows in proportion.",
    ),
    "random_state": Hyperparameter(
        "int, RandomState instance or None",
        ["random_state"],
        "Seed of initial weights, shuffling, dropout and the validation split. An integer fixes every bit of the "
        "result.",
        advice="Always: give an integer to get the same result again, and several to see what a seed does.",
    ),
    "device": Hyperparameter(
        "str",
        [str],
        'A torch device, or "auto" for CUDA if there is a GPU. On CUDA, the networks of a search train as stacks. '
        "`predict` runs on the CPU.",
        advice="If networks are large, or many of the same shape train together.",
    ),
    "precision": Hyperparameter(
        None,
        allow_one_of(PRECISIONS),
        'Number format in which hidden layers multiply matrices. With "bf16", the operands of these products are '
        "rounded to bfloat16; sums, weights, optimizer, losses and the output layer stay float32. On CPUs that "
        "multiply bfloat16, it saves a quarter to nearly half of the time from `width` 128 on, and changes results in "
        "the third digit. It applies to predictions too.",
        advice="In wide networks (`width` 128 or more), on CPUs with AVX-512 BF16.",
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
