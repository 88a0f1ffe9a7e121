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
    ),
    "num_embedding_dim": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        'Width of the embedding of each numeric column. None is 24 for "plr" and 4 for "pbld". For "ple", None '
        "means no embedding: the bins themselves are the inputs.",
        "8 to 32",
        "Gorishniy et al. 2022, 2025",
    ),
    "num_frequencies": Hyperparameter(
        "int or None",
        [*allow_at_least(1), None],
        'Number of frequencies of "plr" and "pbld" for each column. None is 48 for "plr" and 16 for "pbld".',
        "16 to 96",
        "Gorishniy et al. 2022",
    ),
    "num_sigma": Hyperparameter(
        "float or None",
        [*POSITIVE, None],
        'Standard deviation of the initial frequencies. None is 0.01 for "plr" and 0.1 for "pbld".',
        "0.01 to 100 for plr, 0.05 to 0.5 for pbld, on a log scale",
        "Gorishniy et al. 2022; Holzmüller et al. 2024",
    ),
    "num_bins": Hyperparameter(
        "int",
        allow_at_least(2),
        'Largest number of bins of "ple" for each column. Tables with fewer than 2,048 rows or more than 128 numeric '
        "columns get fewer.",
        "4 to 64",
        "Gorishniy et al. 2022, 2025",
    ),
    "max_one_hot": Hyperparameter(
        "int",
        allow_at_least(1),
        "Largest number of categories of a column that each get a 0/1 column. A column with more categories gets "
        "learned vectors (`cat_embedding_dim`), or 0/1 columns for the most frequent categories and one that the "
        "rarer ones share.",
        "10 to 100",
    ),
    "cat_embedding_dim": Hyperparameter(
        "int",
        allow_at_least(0),
        "Width of the learned vectors of columns with more than `max_one_hot` categories. Categories that occur once "
        "in training, or never, share one vector. 0 means no learned vectors.",
        "0, or 4 to 32",
        "Guo & Berkhahn 2016; Holzmüller et al. 2024",
    ),
    "text_encoding": Hyperparameter(
        None,
        allow_one_of(["words", "none"]),
        "How text is encoded: columns with more than `max_one_hot` different strings of several words or numbers "
        '(names, addresses, codes), or with mostly unique strings. "words" makes a 0/1 column for each of the most '
        "frequent words (`max_one_hot` at most, each in 5 training rows or more), the number of training rows with "
        'the same string, and its length. "none" treats such strings as categories. None means "none".',
        "words, none",
    ),
}

AUGMENTATION: dict[str, Hyperparameter] = {
    "input_noise": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Standard deviation of the normal noise that is added to the encoded inputs in each training step.",
        "0, or 0.01 to 0.3, on a log scale",
        "Bishop 1995",
    ),
    "mixup_alpha": Hyperparameter(
        "float",
        NOT_NEGATIVE,
        "Train on mixtures of two rows and their targets, with shares drawn from Beta(alpha, alpha) in each step. 0 "
        "turns it off. Training losses are then those of mixtures. It cannot be combined with `cat_embedding_dim` or "
        "losses of torch.",
        "0, or 0.1 to 1",
        "Zhang et al. 2018",
    ),
}

INPUTS = TABLE | AUGMENTATION
