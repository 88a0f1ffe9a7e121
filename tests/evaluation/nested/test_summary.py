import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

from sknet_hp.evaluation import nested_cross_validate
from sknet_hp.formatting.numbers import format_score

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3))
y = 40_000 * X[:, 0] + 10_000 * rng.normal(size=90)


def test_errors_are_positive():
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=3, scoring="neg_mean_absolute_error")
    result = nested_cross_validate(search, X, y, cv=3, scoring=search.scoring, random_state=0)
    lines = result.summary().replace("\n  ", " ").splitlines()
    low, high = result.interval()
    mean, best, worst = (format_score(-score) for score in (result.mean, high, low))
    assert lines[2].startswith(f"mean absolute error: {mean}, 95 % interval {best} to {worst}")
    assert "(mean absolute error: lower is better; scores have it with a minus sign)" in lines
    [told] = [line for line in lines if line.startswith("The searches themselves")]
    assert f"report {format_score(-result.inner_scores.mean())} (mean absolute error)" in told
    assert ("lower than on unseen rows" in told) == (result.optimism > 0)
