from dataclasses import replace

import numpy as np

from sknet_hp import NetClassifier
from sknet_hp.search.checks.improving import find_improvement
from tests.helpers.search_cases import EPOCHS, make_case

FALLING = 1 / np.arange(1, 28)
FLAT = np.concatenate([FALLING[:8], np.full(19, FALLING[8])])


def check(losses, n_resources=27, **more):
    """The best candidate's validation losses in three splits."""
    curves = {(0, split): {"valid": own} for split, own in enumerate(losses)}
    return list(find_improvement(make_case([0.9, 0.8], curves=curves, n_resources=np.full(2, n_resources), **more)))


def test_a_loss_that_falls_to_the_end():
    [finding] = check([FALLING, FALLING * 1.1, FALLING * 0.9])
    assert finding.remedy == {"max_resources": 54}
    assert finding.evidence["gain"] > 0.01 * FALLING[20]


def test_a_search_without_max_resources():
    named = replace(EPOCHS, parameter="estimator__max_epochs")
    [finding] = check([FALLING] * 3, resource=named)
    assert finding.remedy == {"estimator__max_epochs": 54}
    assert "estimator__max_epochs=54" in finding.advice


def test_a_loss_that_has_come_to_rest():
    assert not check([FLAT, FLAT, FLAT])
    rising = FLAT + np.linspace(0, 0.1, 27)
    assert not check([rising, rising, rising])


def test_splits_that_do_not_agree():
    assert not check([FALLING, FLAT + np.linspace(0, 0.1, 27), FLAT])


def test_networks_that_stopped_by_themselves():
    assert not check([FALLING[:15], FALLING[:15], FALLING[:15]])


def test_a_rate_that_falls_by_a_schedule():
    assert not check([FALLING] * 3, estimator=NetClassifier(lr_schedule="cosine"))


def test_a_search_that_ended_before_its_time():
    assert not check([FALLING[:9]] * 3, n_resources=9)


def test_rows_do_not_go_on():
    assert not check([FALLING] * 3, resource=replace(EPOCHS, goes_on=False))


def check_scores(early, late):
    """One candidate's scores in two rungs, and no curves."""
    return list(
        find_improvement(make_case(np.array([early, late]), candidate=np.array([0, 0]), n_resources=np.array([9, 27])))
    )


def test_scores_where_no_loss_is_known():
    [finding] = check_scores([0.7, 0.72, 0.74], [0.8, 0.81, 0.83])
    assert finding.evidence["over"] == 18
    assert "score" in finding.message
    assert not check_scores([0.7, 0.8, 0.74], [0.75, 0.76, 0.75])


def test_a_loss_of_nearly_nothing_matters_no_more():
    losses = np.concatenate([[0.7, 0.1, 0.01], np.geomspace(1e-3, 1e-6, 24)])
    assert not check([losses, losses * 1.1, losses * 0.9])
