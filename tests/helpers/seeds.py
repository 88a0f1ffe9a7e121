"""Results of several seeds that were never trained."""

import numpy as np

from sknet_hp.evaluation.running.data import Split
from sknet_hp.evaluation.seeds.result import SeedsResult


def make_seeds_result(accuracies=None, n_repeats=1):
    """Scores of seeds 0, 1, 2, … by accuracy, and by a log loss that follows it."""
    if accuracies is None:
        rng = np.random.default_rng(0)
        accuracies = 0.8 + rng.normal(0, 0.02, (6, 1)) + rng.normal(0, 0.04, (1, 4)) + rng.normal(0, 0.01, (6, 4))
    rows = np.arange(20)
    n_seeds, n_splits = accuracies.shape
    n_folds = n_splits // n_repeats
    splits = [Split(k // n_folds, k % n_folds, rows[:15], rows[15:]) for k in range(n_splits)]
    scores = {"accuracy": accuracies, "neg_log_loss": accuracies - 1.2}
    return SeedsResult("Net", list(range(n_seeds)), splits, scores, ["random_state"])
