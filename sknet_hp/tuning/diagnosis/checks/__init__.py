"""What a trained network is looked at for: a function for each code, one registry."""

from sknet_hp.findings.check import register
from sknet_hp.tuning.diagnosis.checks.data import find_class_collapse, find_label_noise, find_leakage
from sknet_hp.tuning.diagnosis.checks.fit import find_overfitting, find_underfitting, find_worse_than_baseline
from sknet_hp.tuning.diagnosis.checks.layers import (
    find_dead_units,
    find_exploding_gradients,
    find_vanishing_gradients,
)
from sknet_hp.tuning.diagnosis.checks.length import (
    find_not_converged,
    find_schedule_too_short,
    find_too_large_batch,
    find_too_small_validation,
)
from sknet_hp.tuning.diagnosis.checks.rates import (
    find_divergence,
    find_too_high_rate,
    find_too_low_rate,
    find_unstable_validation,
)

DIAGNOSIS_CHECKS = register(
    find_divergence,
    find_too_high_rate,
    find_too_low_rate,
    find_not_converged,
    find_overfitting,
    find_underfitting,
    find_unstable_validation,
    find_dead_units,
    find_vanishing_gradients,
    find_exploding_gradients,
    find_leakage,
    find_label_noise,
    find_class_collapse,
    find_too_large_batch,
    find_schedule_too_short,
    find_too_small_validation,
    find_worse_than_baseline,
)
"""Checks of a trained network, by code."""
