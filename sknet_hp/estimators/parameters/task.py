"""Hyperparameters that only one of the estimators has."""

from numbers import Real

from sklearn.utils._param_validation import Interval, StrOptions

from sknet_hp.estimators.parameters.kinds import NOT_NEGATIVE, POSITIVE, SHARE, SWITCH, Hyperparameter, allow_one_of

CLASSIFICATION_LOSSES = ("auto", "cross_entropy", "focal")
REGRESSION_LOSSES = ("auto", "mse", "mae", "huber", "quantile", "poisson")


def _describe_losses(names: tuple[str, ...]) -> str:
    return f"{{{', '.join(repr(name) for name in names)}}} or a torch loss"


CLASSIFIER: dict[str, Hyperparameter] = {
    "loss": Hyperparameter(
        _describe_losses(CLASSIFICATION_LOSSES),
        [*allow_one_of(CLASSIFICATION_LOSSES), callable],
        'What training minimises. "auto" is cross-entropy: over the classes, or for each label by itself where rows '
        'may have several. "focal" lets rows that are right already count less (Lin et al. 2017). Or a loss of torch '
        "that takes class scores, such as `nn.CrossEntropyLoss(label_smoothing=0.1)` or `nn.MultiMarginLoss`: the "
        "object, its class, or anything that is called alike.",
    ),
    "focal_gamma": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        'How much less, with "focal", which is for one label a row; 0 is cross-entropy.',
        "0.5 to 5",
        "Lin et al. 2017",
    ),
    "label_smoothing": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        "Share of each training target that is spread evenly over the classes. Validation losses are not smoothed. "
        "Not with losses of torch.",
        "0 or 0.1",
        "Szegedy et al. 2016; Holzmüller et al. 2024",
    ),
    "class_weight": Hyperparameter(
        'dict, "balanced" or None',
        [StrOptions({"balanced"}), dict, None],
        'Weights of the classes, by label, 1 for those left out; or "balanced", with which all classes count the '
        "same. They multiply `sample_weight` in the losses of training and validation, not in what `stopping_metric` "
        'scores. "balanced" goes by all rows of the first call and their `sample_weight`; rows to validate on, and '
        "calls that train on, keep its weights, `balanced_weight_`. Where rows may have several labels it is the "
        "product over them, and a dict is refused.",
    ),
}

REGRESSOR: dict[str, Hyperparameter] = {
    "loss": Hyperparameter(
        _describe_losses(REGRESSION_LOSSES),
        [*allow_one_of(REGRESSION_LOSSES), callable],
        'What training minimises, of targets standardised by the training rows: squares ("auto", "mse"), absolute '
        'values ("mae": the median), "huber", "quantile"; or "poisson" for counts, whose mean the network learns '
        "through an exponential. Or a loss of torch, such as `nn.SmoothL1Loss(beta=0.5)`: the object, its class, or "
        "anything that is called alike.",
    ),
    "huber_delta": Hyperparameter(
        "float",
        POSITIVE,
        'Where "huber" turns from a square to a line, in standard deviations of the target.',
        "0.1 to 3",
        "Huber 1964",
    ),
    "quantile": Hyperparameter(
        "float in (0, 1)",
        [Interval(Real, 0, 1, closed="neither")],
        'The level that "quantile" predicts.',
        "",
        "Koenker & Bassett 1978",
    ),
    "clip_prediction": Hyperparameter(
        "bool", SWITCH, "Keep predictions within the range of the training targets.", "", "Holzmüller et al. 2024"
    ),
}
