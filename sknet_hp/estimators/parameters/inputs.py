"""Hyperparameters of the way from a table to the network's inputs."""

from sknet_hp.estimators.encoding.numeric.transforms import TRANSFORMS
from sknet_hp.estimators.parameters.kinds import NOT_NEGATIVE, POSITIVE, Hyperparameter, allow_at_least, allow_one_of

INPUTS: dict[str, Hyperparameter] = {
    # ---- the table
    "numeric_transform": Hyperparameter(
        None,
        allow_one_of(TRANSFORMS),
        'How numeric columns come onto a common scale: "standard" (mean 0, variance 1), "quantile" (to a normal '
        'distribution), "robust_smooth" (by median and interquartile range, then softly clipped), "none". Missing '
        'values are filled and flagged in all. None means "none".',
        "standard, quantile, robust_smooth",
        "Gorishniy et al. 2021; Holzmüller et al. 2024",
    ),
    "num_embedding": Hyperparameter(
        None,
        allow_one_of(["none", "ple", "plr", "pbld"]),
        'What numeric columns become: "ple" adds a piecewise linear encoding in bins between quantiles of the '
        'training rows and values that come often, which `num_embedding_dim` makes a learned embedding; "plr" '
        '(Gorishniy et al. 2022) and "pbld" (Holzmüller et al. 2024) are learned maps of waves of learned '
        'frequencies. A constant column gets no bins. None means "none".',
        "none, ple, plr, pbld",
        "Gorishniy et al. 2022; Holzmüller et al. 2024",
    ),
    "num_embedding_dim": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        'Width of each number\'s embedding. None is 24 for "plr" and 4 for "pbld"; and for "ple" no embedding, but '
        "the bins themselves.",
        "8 to 32",
        "Gorishniy et al. 2022, 2025",
    ),
    "num_frequencies": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        'Frequencies of "plr" and "pbld" for each number; None is 48 for "plr" and 16 for "pbld".',
        "16 to 96",
        "Gorishniy et al. 2022",
    ),
    "num_sigma": Hyperparameter(
        "float or None",
        [*POSITIVE, None],
        'Standard deviation of the frequencies at the start; None is 0.01 for "plr" and 0.1 for "pbld".',
        "0.01 to 100 for plr, 0.05 to 0.5 for pbld, on a log scale",
        "Gorishniy et al. 2022; Holzmüller et al. 2024",
    ),
    "num_bins": Hyperparameter(
        "int",
        allow_at_least(2),
        'Bins of "ple" for each column, at most; fewer for tables of less than 2,048 rows or over 128 numeric columns.',
        "4 to 64",
        "Gorishniy et al. 2022, 2025",
    ),
    "max_one_hot": Hyperparameter(
        "int",
        allow_at_least(1),
        "Most categories of a column that get a 0/1 column of their own. A column of more gets learned vectors "
        "(`cat_embedding_dim`), or 0/1 columns for the most frequent and one that the rarer ones share.",
        "10 to 100",
    ),
    "cat_embedding_dim": Hyperparameter(
        "int",
        allow_at_least(0),
        "Width of the learned vectors of columns with more than `max_one_hot` categories; categories that came once "
        "in training, or never, share one. 0 for none.",
        "0, or 4 to 32",
        "Guo & Berkhahn 2016; Holzmüller et al. 2024",
    ),
    "text_encoding": Hyperparameter(
        None,
        allow_one_of(["words", "none"]),
        "What becomes of strings of several words or numbers (names, addresses, codes), of which a column has more "
        'than `max_one_hot`, or which are mostly unique. "words": a 0/1 column for each of the most frequent words in '
        "them (`max_one_hot` at most, each in 5 training rows or more), how many training rows share the whole "
        'string, and its length. "none": they are categories as others are. None means "none".',
        "words, none",
    ),
    # ---- augmentation
    "input_noise": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Standard deviation of normal noise that is added to the encoded inputs in each training step.",
        "0, or 0.01 to 0.3, on a log scale",
        "Bishop 1995",
    ),
    "mixup_alpha": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Train on mixtures of two rows and their targets, by shares drawn from Beta(alpha, alpha) for each step; 0 "
        "for none. Training losses are of mixtures. Not with `cat_embedding_dim` or losses of torch.",
        "0, or 0.1 to 1",
        "Zhang et al. 2018",
    ),
}
