"""Checks of an evaluation's outcome: what scores say against themselves."""

from sknet_hp.evaluation.checks.choices import find_unstable_choice
from sknet_hp.evaluation.checks.labels import find_label_noise
from sknet_hp.evaluation.checks.scores import find_chance, find_outlier_folds, find_tuning_optimism
from sknet_hp.findings.check import register

EVALUATION_CHECKS = register(
    find_chance,
    find_tuning_optimism,
    find_outlier_folds,
    find_label_noise,
    find_unstable_choice,
)
"""What an evaluation's outcome can say against itself, by code."""
