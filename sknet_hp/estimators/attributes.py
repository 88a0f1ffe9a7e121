"""Fitted attributes of the estimators, as data: docstrings are written from here."""

from sknet_hp.estimators.docstrings import Description

_COMMON: dict[str, Description] = {
    "n_features_in_": ("int", "Number of columns seen in `fit`."),
    "feature_names_in_": ("ndarray of shape (`n_features_in_`,)", "Their names, if all are strings."),
    "encoder_": ("TableEncoder", "Turns a table into the network's inputs."),
    "n_iter_": ("int", "Number of epochs trained."),
    "best_epoch_": (
        "int",
        "The epoch with the lowest validation loss, or the best by `stopping_metric`; without `early_stopping`, the "
        "last one.",
    ),
    "loss_curve_": ("list of float", "Training loss of each epoch."),
    "history_": (
        "list of dict",
        "One dict per epoch: epoch, train_loss, valid_loss, valid_score (of `stopping_metric`), duration (seconds; on "
        "CUDA, this network's share of the time of its stack).",
    ),
    "stopping_history_": (
        "list of dict",
        "With `refit_full`, the history of the first training, which found the number of epochs.",
    ),
    "n_validation_rows_": (
        "int",
        "Number of rows that were held out, or given as `X_val`, to choose the best epoch by; 0 if there were none.",
    ),
    "net_": ("skorch.NeuralNet", "A skorch net with the weights that `predict` uses, and the history."),
    "parameters_": ("ndarray of shape (n_members, n_parameters)", "The weights that `predict` uses, flat."),
    "buffers_": (
        "ndarray of shape (n_members, n_buffers)",
        "The running statistics of batch normalisation that `predict` uses, flat.",
    ),
    "states_": (
        "list of State",
        "State of each member's training, from which it can continue; `state_` is that of the first.",
    ),
}

CLASSIFIER_ATTRIBUTES: dict[str, Description] = {
    "classes_": (
        "ndarray of shape (n_classes,)",
        "The sorted class labels. If rows may have several labels, the column numbers of `y`.",
    ),
    **_COMMON,
    "history_": (
        "list of dict",
        "One dict per epoch: epoch, train_loss, valid_loss, valid_acc (rows weighted as in the loss), valid_score (of "
        "`stopping_metric`), duration (seconds; on CUDA, this network's share of the time of its stack).",
    ),
    "balanced_weight_": (
        "ndarray of shape (n_classes,) or (n_labels, 2)",
        'With `class_weight="balanced"`, the weights of the classes, computed from the rows of the first call; if rows '
        "may have several labels, the weights of the absence and presence of each.",
    ),
}

REGRESSOR_ATTRIBUTES: dict[str, Description] = {
    "target_": (
        "NumberTarget",
        "How targets were standardised (`mean`, `scale`), and their range.",
    ),
    **_COMMON,
}
