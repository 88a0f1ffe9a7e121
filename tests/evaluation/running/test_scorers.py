import numpy as np
import pytest
from sklearn.metrics import f1_score, make_scorer

from sknet_hp import NetClassifier
from sknet_hp.evaluation import suggest_scoring
from sknet_hp.evaluation.running.scorers import find_scorers
from sknet_hp.findings.positive import require_labels

TEXT = np.array(["no"] * 15 + ["yes"] * 5)


def find(scoring):
    return find_scorers(NetClassifier(), scoring)


@pytest.mark.parametrize("scoring", ["f1", "precision", "average_precision", ["accuracy", "f1"]])
def test_metrics_of_one_class_must_know_which(scoring):
    with pytest.raises(ValueError, match=r"cannot tell which of 'no', 'yes': scoring=sknet_hp.evaluation.suggest"):
        require_labels(find(scoring), TEXT)


@pytest.mark.parametrize(
    "scoring",
    ["roc_auc", "neg_log_loss", "f1_macro", "accuracy", make_scorer(f1_score, pos_label="no"), suggest_scoring(TEXT)],
)
def test_metrics_that_know(scoring):
    require_labels(find(scoring), TEXT)


def test_labels_that_name_the_class():
    require_labels(find("f1"), (TEXT == "yes").astype(int))
    require_labels(find("f1_macro"), np.arange(20) % 3)


def test_functions_of_the_user_are_not_tried():
    require_labels(find(lambda estimator, X, y: 1 / 0), TEXT)


def test_a_target_that_is_not_known_is_named():
    with pytest.raises(ValueError, match="Input y contains NaN"):
        require_labels(find("accuracy"), np.array([1.0, np.nan]))
