import pytest

from sknet_hp.cli.output.scores import name_metric, write_difference, write_interval, write_number, write_score


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.81357, "0.8136"), (-0.00001, "0.0000"), (-55.5, "-55.5000"), (1234.56, "1,235"), (48617.2, "48,617")],
)
def test_scores_have_digits_that_count(value, text):
    assert write_number(value) == text


def test_differences_have_signs():
    assert [write_difference(value) for value in (0.25, -0.25, 20515.9)] == ["+0.2500", "-0.2500", "+20,516"]


def test_errors_are_positive():
    assert name_metric("neg_root_mean_squared_error") == "root mean squared error"
    assert write_score("neg_mean_absolute_error", -31250.4) == "31,250"
    assert write_interval("neg_mean_absolute_error", -33000.0, -30000.0) == "30,000 to 33,000"
    assert write_interval("r2", 0.25, 0.5) == "0.2500 to 0.5000"
    assert (name_metric("r2"), name_metric("balanced_accuracy")) == ("R²", "balanced accuracy")
