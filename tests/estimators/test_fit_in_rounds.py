"""Averages whose members are fitted in rounds, as many as there is time for."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sknet_hp.estimators.averaged import AveragedClassifier
from tests.helpers.curves import draw_table

X, y = draw_table(60)
MEMBERS = [(f"member_{c}", LogisticRegression(C=c)) for c in (0.01, 0.1, 1.0, 10.0)]


def test_members_are_fitted_until_the_function_says_so():
    asked = []

    def count_next(n_fitted):
        asked.append(n_fitted)
        return {0: 2, 2: 1}.get(n_fitted, 0)

    average = AveragedClassifier(MEMBERS, voting="soft", weights=[4, 3, 2, 1])
    average.fit_in_rounds(X, y, count_next, {})
    assert asked == [0, 2, 3]
    assert list(average.named_estimators_) == ["member_0.01", "member_0.1", "member_1.0"]
    whole = AveragedClassifier(MEMBERS[:3], voting="soft", weights=[4, 3, 2]).fit(X, y)
    assert np.array_equal(average.predict_proba(X), whole.predict_proba(X))
    assert average.classes_.tolist() == [0, 1]


@pytest.mark.parametrize(("says", "n"), [(0, 1), (99, 4)])
def test_there_is_one_at_least_and_no_more_than_there_are(says, n):
    average = AveragedClassifier(MEMBERS, voting="soft").fit_in_rounds(X, y, lambda n_fitted: says, {})
    assert len(average.estimators_) == len(average.estimators) == n
    assert average.predict(X).shape == (60,)
