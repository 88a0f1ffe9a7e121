import pytest
from sklearn.linear_model import LogisticRegression

from sknet_hp import NetClassifier
from sknet_hp.tuning import DIAGNOSIS_CHECKS, make_skore_checks
from tests.helpers.ill_networks import draw_rows


def test_each_code_becomes_a_check():
    assert [check.code for check in make_skore_checks()] == list(DIAGNOSIS_CHECKS)
    assert [check.code for check in make_skore_checks(["diverged"])] == ["diverged"]
    with pytest.raises(ValueError, match="which no check is called"):
        make_skore_checks(["slow"])


@pytest.mark.filterwarnings("default")  # those of skore
def test_a_report_finds_what_diagnose_does():
    skore = pytest.importorskip("skore")
    X, y = draw_rows(seed=1)
    parts = {"X_train": X[:300], "y_train": y[:300], "X_test": X[300:], "y_test": y[300:]}
    codes = ["rate_too_low", "worse_than_baseline", "diverged"]
    report = skore.EstimatorReport(NetClassifier(lr=1e-6, max_epochs=40, random_state=0), **parts)
    report.checks.add(make_skore_checks(codes))
    summary = report.checks.summarize().frame()
    found = dict(zip(summary["code"], summary["section"], strict=True))
    assert {code: found[code] for code in codes} == {
        "rate_too_low": "issue",
        "worse_than_baseline": "issue",
        "diverged": "passed",
    }
    other = skore.EstimatorReport(LogisticRegression(), **parts)
    other.checks.add(make_skore_checks(["diverged"]))
    summary = other.checks.summarize().frame()
    assert summary.set_index("code").loc["diverged", "section"] == "not_applicable"
