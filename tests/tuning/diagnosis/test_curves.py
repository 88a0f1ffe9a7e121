import numpy as np
import pytest

from sknet_hp.tuning.diagnosis.curves import (
    Curve,
    compute_jumps,
    compute_late_gain,
    compute_rise,
    compute_roughness,
    compute_share_of_fall,
    compute_zigzag,
    read_curve,
)


def test_a_history_becomes_a_curve():
    curve = read_curve([{"train_loss": 2.0, "valid_loss": 3.0}, {"train_loss": 1.0, "valid_loss": None}], 1, 0.7)
    assert curve.n_epochs == 2
    assert curve.train.tolist() == [2, 1]
    assert curve.valid[0] == 3
    assert np.isnan(curve.valid[1])
    assert curve.has_validation
    assert (curve.used, curve.constant) == (1, 0.7)


def test_without_validation_the_training_loss_judges():
    curve = read_curve([{"train_loss": 2.0}], 1, None)
    assert not curve.has_validation
    assert curve.judged.tolist() == [2]
    assert curve.floor == pytest.approx(0.1)


def test_floor_is_a_twentieth_of_the_constant():
    assert Curve(np.array([np.nan]), np.array([np.nan]), 0, 2.0).floor == pytest.approx(0.1)


def test_late_gain_compares_the_lowest_losses():
    assert compute_late_gain(np.array([4.0, 3.0, 2.0, 1.0]), 0.25, level=4.0) == 0.25
    assert compute_late_gain(np.array([4.0, 1.0, 5.0, 2.0]), 0.25, level=4.0) == 0
    assert np.isnan(compute_late_gain(np.array([1.0]), 0.25, level=4.0))


def test_share_of_fall_of_a_straight_line():
    losses = np.linspace(0.9, 0.1, 9)  # from a constant of 1, ninths of 0.9
    assert compute_share_of_fall(losses, 1.0, 1 / 3) == pytest.approx(1 / 3)
    assert compute_share_of_fall(np.array([0.2, 0.2, 0.2]), 1.0, 0.5) == 0


def test_roughness_of_a_line_and_of_a_saw():
    assert compute_roughness(np.linspace(2, 1, 9)) == pytest.approx(0, abs=1e-12)
    assert compute_roughness(np.array([1.0, 2.0, 1.0, 2.0, 1.0, 2.0])) == pytest.approx(1 / 1.5)
    assert compute_roughness(np.array([1.0, 2.0, 1.0, 2.0, 1.0, 2.0]), floor=10.0) == pytest.approx(0.1)
    assert np.isnan(compute_roughness(np.ones(4)))


def test_rise_above_the_lowest():
    assert compute_rise(np.array([3.0, 2.0, 3.0]), 3) == 0.5
    assert compute_rise(np.array([3.0, 2.0, 3.0]), 2) == 0


def test_jumps_are_the_share_of_steps_up():
    assert compute_jumps(np.array([3.0, 2.0, 3.0, 1.0, 0.0])) == 0.25


def test_zigzag_sees_turns_and_no_bends():
    falling = np.exp(-np.arange(12.0))
    assert compute_zigzag(falling) == 0
    jumping = 1 + 0.1 * (np.arange(12) % 2)
    assert compute_zigzag(jumping) == pytest.approx(0.1 / np.median(jumping))
    assert compute_zigzag(jumping / 100, floor=1.0) == pytest.approx(0.001)
    assert np.isnan(compute_zigzag(jumping[:4]))
