"""Hyperparameters of the way from a table to the network's inputs."""

from sknet_hp.estimators.encoding.numeric.transforms import TRANSFORMS
from sknet_hp.estimators.parameters.kinds import NOT_NEGATIVE, POSITIVE, Hyperparameter, allow_at_least, allow_one_of

TABLE: dict[str, Hyperparameter] = {
    "numeric_transform": Hyperparameter(
        None,
        allow_one_of(TRANSFORMS),
        'How numeric columns are scaled: "standard" (mean 0, variance 1), "quantile" (to a normal distribution), '
        '"robust_smooth" (by median and interquartile range, then softly clipped) or "none". Missing values are '
        'filled and flagged in any case. None means "none".',
        "standard, quantile, robust_smooth",
        "Gorishniy et al. 2021; Holzmüller et al. 2024",
        advice='If columns have long tails or outliers. Less with `num_embedding="ple"`, whose bins follow quantiles '
        "anyway.",
    ),
    "num_embedding": Hyperparameter(
        None,
        allow_one_of(["none", "ple", "plr", "pbld"]),
        'How numeric columns are encoded beyond scaling. "ple" adds a piecewise linear encoding: bins between '
        "quantiles of the training rows and frequent values. With `num_embedding_dim`, it becomes a learned "
        'embedding. "plr" (Gorishniy et al. 2022) and "pbld" (Holzmüller et al. 2024) are embeddings by waves of '
        'learned frequencies. A constant column gets no bins. None means "none".',
        "none, ple, plr, pbld",
        "Gorishniy et al. 2022; Holzmüller et al. 2024",
        advice="On tables of many rows and numbers. It makes the first layer wide, and so takes time. On a small "
        'table, compare with "none".',
    ),
    "num_embedding_dim": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        'Width of the embedding of each numeric column. None is 24 for "plr" and 4 for "pbld". For "ple", None '
        "means no embedding: the bins themselves are the inputs.",
        "8 to 32",
        "Gorishniy et al. 2022, 2025",
        advice="On large tables, together with more `width`. On small ones, learned embeddings overfit.",
    ),
    "num_frequencies": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        'Number of frequencies of "plr" and "pbld" for each column. None is 48 for "plr" and 16 for "pbld".',
        "16 to 96",
        "Gorishniy et al. 2022",
        advice='Only with "plr" and "pbld". More of them cost time; `num_sigma` matters more.',
    ),
    "num_sigma": Hyperparameter(
        "float or None",
        [*POSITIVE, None],
        'Standard deviation of the initial frequencies. None is 0.01 for "plr" and 0.1 for "pbld".',
        "0.01 to 100 for plr, 0.05 to 0.5 for pbld, on a log scale",
        "Gorishniy et al. 2022; Holzmüller et al. 2024",
        advice='Only with "plr" and "pbld", and then a lot: larger values make finer waves, which fit more and '
        "overfit sooner.",
    ),
    "num_bins": Hyperparameter(
        "int",
        allow_at_least(2),
        'Largest number of bins of "ple" for each column. Tables with fewer than 2,048 rows or more than 128 numeric '
        "columns get fewer.",
        "4 to 64",
        "Gorishniy et al. 2022, 2025",
        advice='Only with "ple". More bins follow finer curves, and need more rows.',
    ),
    "max_one_hot": Hyperparameter(
        "int",
        allow_at_least(1),
        "Largest number of categories of a column that each get a 0/1 column. A column with more categories gets "
        "learned vectors (`cat_embedding_dim`), or 0/1 columns for the most frequent categories and one that the "
        "rarer ones share.",
        "10 to 100",
        advice="If columns have many categories. Fewer 0/1 columns train faster; with `cat_embedding_dim`, columns "
        "beyond it get learned vectors.",
    ),
    "cat_embedding_dim": Hyperparameter(
        "int",
        allow_at_least(0),
        "Width of the learned vectors of columns with more than `max_one_hot` categories. Categories that occur once "
        "in training, or never, share one vector. 0 means no learned vectors.",
        "0, or 4 to 32",
        "Guo & Berkhahn 2016; Holzmüller et al. 2024",
        advice="If columns have hundreds of categories, with several rows each.",
    ),
    "text_encoding": Hyperparameter(
        None,
        allow_one_of(["words", "none"]),
        "How text is encoded: columns with more than `max_one_hot` different strings of several words or numbers "
        '(names, addresses, codes), or with mostly unique strings. "words" makes a 0/1 column for each of the most '
        "frequent words (`max_one_hot` at most, each in 5 training rows or more), the number of training rows with "
        'the same string, and its length. "none" treats such strings as categories. None means "none".',
        "words, none",
        advice='If columns hold names, addresses or codes. Use "none" if whole strings are what counts.',
    ),
}

AUGMENTATION: dict[str, Hyperparameter] = {
    "input_noise": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Standard deviation of the normal noise that is added to the encoded inputs in each training step.",
        "0, or 0.01 to 0.3, on a log scale",
        "Bishop 1995",
        advice="On small tables of numbers. It blurs 0/1 columns, too. `dropout` and `weight_decay` have a similar "
        "effect.",
    ),
    "mixup_alpha": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Train on mixtures of two rows and their targets, with shares drawn from Beta(alpha, alpha) in each step. 0 "
        "turns it off. Training losses are then those of mixtures. It cannot be combined with `cat_embedding_dim` or "
        "losses of torch.",
        "0, or 0.1 to 1",
        "Zhang et al. 2018",
        advice="On small tables, and if the network is too sure of itself. Training takes more epochs.",
    ),
}

INPUTS = TABLE | AUGMENTATION
