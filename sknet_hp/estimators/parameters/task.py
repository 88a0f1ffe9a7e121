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
        'What training minimises. "auto" is cross-entropy: over the classes, or of each label if rows may have '
        'several. "focal" gives less weight to rows that are already right (Lin et al. 2017). Or a loss of torch that '
        "takes class scores, such as `nn.CrossEntropyLoss(label_smoothing=0.1)` or `nn.MultiMarginLoss`: an object, "
        "a class, or any function with the same arguments.",
        advice='If most rows are easy to predict, "focal" turns to the others. Its probabilities are less sure '
        "than they should be, so do not combine it with a metric of probabilities. If classes are rare, "
        "tuning the threshold is often better than another loss.",
    ),
    "focal_gamma": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        'How much less weight "focal" gives to rows that are already right; 0 is cross-entropy. Only for one label '
        "per row.",
        "0.5 to 5",
        "Lin et al. 2017",
        advice='Only with `loss="focal"`. The larger it is, the less do rows count that are already right, and the '
        "closer probabilities stay to the middle.",
    ),
    "label_smoothing": Hyperparameter(
        "float in [0, 1)",
        SHARE,
        "Share of each training target that is spread evenly over the classes. Validation losses are not smoothed. "
        "Not with losses of torch.",
        "0 or 0.1",
        "Szegedy et al. 2016; Holzmüller et al. 2024",
        advice="If labels are wrong or the network is too sure of itself, and the metric is accuracy. The log loss "
        "may rise, since probabilities stay away from 0 and 1.",
    ),
    "class_weight": Hyperparameter(
        'dict, "balanced" or None',
        [StrOptions({"balanced"}), dict, None],
        'Weights of the classes: a dict by label (1 for labels left out), or "balanced", which gives all classes the '
        "same total weight. They multiply `sample_weight` in training and validation losses, but not in "
        '`stopping_metric`. "balanced" is computed from all rows of the first call and their `sample_weight`; '
        "validation rows and later calls that continue training use the same weights (`balanced_weight_`). If rows "
        "may have several labels, the weight of a row is the product over its labels, and a dict is refused.",
        advice="If a rare class must be found. It also raises the predicted probabilities of rare classes above "
        "their real share. If you only need decisions, tune the threshold instead.",
    ),
}

REGRESSOR: dict[str, Hyperparameter] = {
    "loss": Hyperparameter(
        _describe_losses(REGRESSION_LOSSES),
        [*allow_one_of(REGRESSION_LOSSES), callable],
        'What training minimises, on targets standardised by the training rows: squared errors ("auto", "mse"), '
        'absolute errors ("mae", which predicts the median), "huber" or "quantile". "poisson" is for counts; the '
        "network's output is the logarithm of their mean. Or a loss of torch, such as `nn.SmoothL1Loss(beta=0.5)`: an "
        "object, a class, or any function with the same arguments.",
        advice='If the target has outliers ("huber", "mae"), counts something ("poisson"), or if you need limits and '
        'not the mean ("quantile"). Choose it to suit the metric, such as "mae" for the mean absolute error.',
    ),
    "huber_delta": Hyperparameter(
        "float",
        POSITIVE,
        'Error at which "huber" changes from a square to a line, in standard deviations of the target.',
        "0.1 to 3",
        "Huber 1964",
        advice='Only with `loss="huber"`. Small values are nearly "mae", large ones nearly "mse".',
    ),
    "quantile": Hyperparameter(
        "float in (0, 1)",
        [Interval(Real, 0, 1, closed="neither")],
        'The quantile that `loss="quantile"` predicts.',
        "",
        "Koenker & Bassett 1978",
        advice='Only with `loss="quantile"`. Networks for 0.05 and 0.95 make an interval of 90 %. Extreme quantiles '
        "need many rows.",
    ),
    "clip_prediction": Hyperparameter(
        "bool",
        SWITCH,
        "Keep predictions within the range of the training targets.",
        "",
        "Holzmüller et al. 2024",
        advice="If the target has natural limits, such as a share. It cuts off a trend that continues beyond the "
        "training rows.",
    ),
}
