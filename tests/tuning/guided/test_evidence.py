import numpy as np
import pytest

from sknet_hp.tuning.guided.evidence import measure_gain


def test_the_noise_is_the_standard_error_of_paired_differences():
    gain = measure_gain([0.8, 0.9, 0.7], [0.7, 0.7, 0.7])
    assert gain.mean == pytest.approx(0.1)
    assert gain.noise == pytest.approx(0.1 / 3**0.5)
    assert gain.exceeds_noise()


def test_a_gain_in_one_split_of_three_is_noise():
    assert not measure_gain([0.9, 0.7, 0.7], [0.7, 0.7, 0.7]).exceeds_noise()


def test_what_is_equal_or_worse_is_no_gain():
    assert not measure_gain([0.7, 0.7], [0.7, 0.7]).exceeds_noise()
    assert not measure_gain([0.6, 0.6], [0.7, 0.7]).exceeds_noise()


def test_one_split_shows_no_noise():
    assert measure_gain([0.8], [0.7]).noise == 0
    assert measure_gain([0.8], [0.7]).exceeds_noise()


def test_a_score_that_is_none_is_no_gain():
    assert not measure_gain([np.nan, 0.9], [0.7, 0.7]).exceeds_noise()


def test_rounding_is_no_gain():
    assert not measure_gain([0.3], [0.1 + 0.2 - 1e-16]).exceeds_noise()
    assert not measure_gain([0.1 + 0.2], [0.3]).exceeds_noise()


def test_the_best_of_many_must_exceed_their_luck():
    gain = measure_gain([0.82, 0.80, 0.78], [0.79, 0.79, 0.79])  # 0.87 standard errors of the splits
    better = measure_gain([0.82, 0.80, 0.81], [0.79, 0.79, 0.79])  # 3.5
    assert not gain.exceeds_noise()
    assert better.exceeds_noise()
    assert better.exceeds_noise(n_tries=9)  # 2.1
    assert not better.exceeds_noise(n_tries=1000)  # 3.7


def test_words_are_true_where_there_is_no_noise():
    def describe(challenger, incumbent):
        gain = measure_gain(challenger, incumbent)
        return gain.describe(is_better=gain.exceeds_noise())

    assert describe([0.7, 0.8], [0.7, 0.8]) == "Their scores are equal, so this is no gain."
    assert describe([0.8], [0.7]) == "The splits show no noise, so this is a gain."
    assert describe([0.8, 0.7], [0.7, 0.7]) == "The noise between splits is ±0.0500, so this is no more than noise."
    assert "±50,000," in describe([8e5, 7e5], [7e5, 7e5])  # in the target's unit
