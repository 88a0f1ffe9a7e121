"""What is wrong with a trained network, and what to change."""

from sknet_hp.tuning.diagnosis.checks import DIAGNOSIS_CHECKS
from sknet_hp.tuning.diagnosis.diagnose import Diagnosis, diagnose
from sknet_hp.tuning.diagnosis.skore import make_skore_checks

__all__ = ["DIAGNOSIS_CHECKS", "Diagnosis", "diagnose", "make_skore_checks"]
