"""Fitted attributes of the estimators, as data: docstrings are written from here."""

from sknet_hp.estimators.docstrings import Description

_COMMON: dict[str, Description] = {
    "n_features_in_": ("int", "Columns seen in `fit`."),
    "feature_names_in_": ("ndarray of shape (`n_features_in_`,)", "Their names, if all are strings."),
    "encoder_": ("TableEncoder", "What makes the network's inputs out of a table."),
    "n_iter_": ("int", "Epochs trained."),
    "best_epoch_": (
        "int",
        "The epoch with the lowest validation loss, or the best by `stopping_metric`; without `early_stopping`, the "
        "last one.",
    ),
    "loss_curve_": ("list of float", "Training loss of each epoch."),
    "history_": (
        "list of dict",
        "One row an epoch: epoch, train_loss, valid_loss, valid_score (of `stopping_metric`), duration (seconds; on "
        "CUDA, this network's share of its stack's).",
    ),
    "stopping_history_": (
        "list of dict",
        "With `refit_full`, the same of the training that found the number of epochs.",
    ),
    "net_": ("skorch.NeuralNet", "A skorch net with the weights that `predict` uses, and the history."),
    "parameters_": ("ndarray of shape (n_members, n_parameters)", "The weights that `predict` uses, flat."),
    "buffers_": (
        "ndarray of shape (n_members, n_buffers)",
        "The running statistics of batch normalisation that `predict` uses, flat.",
    ),
    "states_": (
        "list of State",
        "Where each member's training stands, complete enough to go on from; `state_` is the first one's.",
    ),
}

CLASSIFIER_ATTRIBUTES: dict[str, Description] = {
    "classes_": (
        "ndarray of shape (n_classes,)",
        "The labels, sorted; the numbers of the columns of `y` if rows may have several.",
    ),
    **_COMMON,
    "history_": (
        "list of dict",
        "One row an epoch: epoch, train_loss, valid_loss, valid_acc (its rows weighed as in the loss), valid_score (of "
        "`stopping_metric`), duration (seconds; on CUDA, this network's share of its stack's).",
    ),
    "balanced_weight_": (
        "ndarray of shape (n_classes,) or (n_labels, 2)",
        'With `class_weight="balanced"`, the weights that the first rows gave to the classes, or to the absence and '
        "presence of each label.",
    ),
}

REGRESSOR_ATTRIBUTES: dict[str, Description] = {
    "target_": (
        "NumberTarget",
        "What was subtracted from the targets (`mean`), what they were divided by (`scale`), and their range.",
    ),
    **_COMMON,
}
