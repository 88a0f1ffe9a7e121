"""Checks of an evaluation's outcome: what scores say against themselves."""

# Its files, of which each knows those before it: case, then the checks, and find, which runs them.

from sknet_hp.evaluation.checks.find import EVALUATION_CHECKS, find_in_evaluation

__all__ = ["EVALUATION_CHECKS", "find_in_evaluation"]
