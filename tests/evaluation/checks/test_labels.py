"""Labels that predictions contradict where they are surest."""

import sys

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sknet_hp.evaluation.checks.case import EvaluationCase
from sknet_hp.evaluation.checks.labels import count_contradicted, find_label_noise, measure_auc, rank_suspects

N_ROWS = 3_000
SPLITS = [(np.arange(1_500), np.arange(1_500, N_ROWS)), (np.arange(1_500, N_ROWS), np.arange(1_500))]
CLASSES = np.array(["no", "yes"])


def draw(noise, overlap=1.0, seed=0):
    """Labels of which some are changed, and the probabilities that a perfect model has."""
    rng = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-3 * rng.normal(size=N_ROWS) / overlap))
    true = (rng.random(N_ROWS) < chance).astype(int)
    changed = rng.random(N_ROWS) < noise
    chance = chance * (1 - noise) + (1 - chance) * noise
    return np.where(changed, 1 - true, true), np.column_stack([1 - chance, chance]), changed


def find(labels, probabilities):
    scores = {"accuracy": np.array([0.8, 0.8])}
    return list(
        find_label_noise(
            EvaluationCase(CLASSES[labels], SPLITS, scores, "accuracy", probabilities=probabilities, classes=CLASSES)
        )
    )


@pytest.mark.parametrize(("noise", "severity"), [(0, None), (0.07, "info"), (0.2, "warning")])
def test_changed_labels(noise, severity):
    labels, probabilities, _ = draw(noise)
    findings = find(labels, probabilities)
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    if findings:
        assert findings[0].evidence["share"] == pytest.approx(noise, abs=0.04)


def test_hard_labels_are_not_wrong_ones():
    labels, probabilities, _ = draw(0, overlap=1.4)
    assert np.mean(probabilities.argmax(axis=1) != labels) > 0.15
    assert find(labels, probabilities) == []


@pytest.mark.parametrize("has_cleanlab", [True, False])
def test_changed_labels_come_first(has_cleanlab, monkeypatch):
    if has_cleanlab:
        pytest.importorskip("cleanlab")
    else:
        monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    labels, probabilities, changed = draw(0.2)
    [finding] = find(labels, probabilities)
    assert np.mean(changed[finding.evidence["rows"]]) > 0.8
    assert len(rank_suspects(probabilities, labels)) == finding.evidence["n_suspects"]


def test_rows_without_a_prediction_are_left_out():
    labels, probabilities, _ = draw(0.2)
    probabilities[::2] = np.nan
    [finding] = find(labels, probabilities)
    assert finding.evidence["surest"] == 150
    assert all(row % 2 for row in finding.evidence["rows"])
    assert find(labels[:1], probabilities[:1]) == []


def test_counts():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], *[[0.6, 0.4]] * 17, [0.99, 0.01]])
    assert count_contradicted(probabilities, np.array([0, 1, *[0] * 17, 1])) == (1, 2)


def test_probabilities_that_know_nothing_contradict_nothing():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1], N_ROWS)
    assert find(rng.integers(0, 2, N_ROWS), probabilities) == []


def test_areas_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    labels, probabilities = rng.integers(0, 3, 200), rng.dirichlet([1, 1, 1], 200).round(2)
    probabilities[:, 0] = 1 - probabilities[:, 1:].sum(axis=1)
    expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="weighted")
    assert measure_auc(probabilities, labels) == pytest.approx(expected)
    assert measure_auc(probabilities, np.zeros(200, dtype=int)) == 0.5
