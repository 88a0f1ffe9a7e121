import numpy as np
import pytest
from joblib import parallel_config
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.averaged import AveragedClassifier
from sknet_hp.evaluation.running.data import Split
from sknet_hp.findings import Finding
from sknet_hp.tuning import DIAGNOSIS_CHECKS, diagnose
from sknet_hp.tuning.diagnosis.subjects import merge_findings
from sknet_hp.tuning.trainings import Trainings
from tests.helpers.ill_networks import draw_rows, fit_healthy


@pytest.fixture(scope="module")
def rows():
    return draw_rows(seed=1)


@pytest.fixture(scope="module")
def too_slow(rows):
    return NetClassifier(lr=1e-6, max_epochs=40, random_state=0).fit(*rows)


def list_alarms(findings):
    return [finding.code for finding in findings if finding.severity != "info"]


def test_a_healthy_network(rows):
    found = diagnose(fit_healthy(*rows), *rows)
    assert list_alarms(found) == []
    assert found.unchecked == {}


def test_a_healthy_regressor():
    X, _ = draw_rows(seed=2)
    y = X[:, 0] + X[:, 1] ** 2 + 0.3 * np.random.default_rng(0).normal(size=len(X))
    assert list_alarms(diagnose(NetRegressor(random_state=0).fit(X, y), X, y)) == []


def test_without_rows_it_says_what_it_did_not_look_for(too_slow):
    found = diagnose(too_slow)
    assert "rate_too_low" in found.codes
    assert "dead_units" in found.unchecked
    assert "dead_units" in found.summary()
    assert "rate_too_low" not in found.unchecked


def test_table_summary_and_remedy(too_slow):
    found = diagnose(too_slow, checks=["rate_too_low"])
    assert found.table["code"].tolist() == ["rate_too_low"]
    assert "Try lr=0.002" in found.summary()
    assert repr(found) == "Diagnosis(['rate_too_low'])"
    assert found[0].apply(too_slow).lr == 2e-3
    assert diagnose(too_slow, checks=False) == []


def test_a_summary_without_findings_says_what_was_checked(rows):
    net = NetClassifier(random_state=0, max_epochs=5).fit(*rows)
    pair = AveragedClassifier([("a", net), ("b", net)], voting="soft").fit(*rows)
    assert diagnose(net, checks=["dead_units"]).summary().startswith("0 checks of 1 network: nothing was found.")
    assert diagnose(pair, checks=["rate_too_high"]).summary() == "1 check of 2 networks: nothing was found."
    assert diagnose(pair).n_checks + len(diagnose(pair).unchecked) == len(DIAGNOSIS_CHECKS)


def test_a_pipeline_and_its_remedy(rows):
    pipeline = make_pipeline(StandardScaler(), NetClassifier(lr=1e-6, max_epochs=40, random_state=0)).fit(*rows)
    found = diagnose(pipeline, *rows)
    assert {"rate_too_low", "worse_than_baseline"} <= set(found.codes)
    assert found.of("rate_too_low")[0].apply(pipeline)[-1].lr == 2e-3


def test_a_search(rows):
    search = GridSearchCV(NetClassifier(lr=1e-6, max_epochs=40, random_state=0), {"width": [8]}, cv=2).fit(*rows)
    assert "rate_too_low" in diagnose(search).codes


def test_several_members_of_one_finding(rows, too_slow):
    class Evaluation:
        splits = tuple(Split(0, fold, np.arange(8), np.arange(2)) for fold in range(3))
        estimators = (too_slow, None, too_slow)
        outer_scores = (0.5, np.nan, 0.5)

    [found] = diagnose(Evaluation(), checks=["rate_too_low"])
    assert found.subject == "outer fold 0; outer fold 2", "as the evaluation's table numbers them"


def test_rows_of_no_weight_are_left_out(rows, too_slow):
    X, y = rows
    weight = np.r_[np.ones(len(y)), 0]
    with_one = diagnose(too_slow, np.r_[X, X[:1] + 1e6], np.r_[y, 0], sample_weight=weight, checks=["dead_units"])
    assert str(with_one) == str(diagnose(too_slow, X, y, checks=["dead_units"]))


def test_findings_are_the_same_again(rows, too_slow):
    assert str(diagnose(too_slow, *rows)) == str(diagnose(too_slow, *rows))


def test_several_targets_are_not_compared(rows):
    X, y = rows
    network = NetRegressor(max_epochs=2, random_state=0).fit(X, X[:, :2])
    assert "worse_than_baseline" not in diagnose(network, X, X[:, :2]).codes
    network = NetClassifier(max_epochs=2, random_state=0).fit(X, np.c_[y, 1 - y])
    assert "worse_than_baseline" not in diagnose(network, X, np.c_[y, 1 - y]).codes


def test_bad_input(rows, too_slow):
    X, y = rows
    with pytest.raises(NotFittedError):
        diagnose(NetClassifier())
    with pytest.raises(NotFittedError, match="not fitted yet"):
        diagnose(GridSearchCV(NetClassifier(), {}))
    wrapped = CalibratedClassifierCV(NetClassifier(max_epochs=1, random_state=0), cv=2).fit(*rows)
    with pytest.raises(TypeError, match="CalibratedClassifierCV, which has no learning curve"):
        diagnose(wrapped)
    with pytest.raises(TypeError, match="RandomForestClassifier, which has no learning curve"):
        diagnose(RandomForestClassifier(n_estimators=2).fit(X, y))
    with pytest.raises(ValueError, match="X and y belong together, but y is missing"):
        diagnose(too_slow, X)
    with pytest.raises(ValueError, match="inconsistent"):
        diagnose(too_slow, X, y[:-1])
    with pytest.raises(ValueError, match="which no check is called"):
        diagnose(too_slow, checks=["rate_too_slow"])
    search = GridSearchCV(NetClassifier(max_epochs=1), {}, cv=2, refit=False).fit(X, y)
    with pytest.raises(ValueError, match="refit=False"):
        diagnose(search)


def test_rows_of_another_table_are_refused(rows, too_slow):
    X, y = rows
    with pytest.raises(ValueError, match="features"):
        diagnose(too_slow, X[:, :2], y)
    with pytest.raises(ValueError, match=r"labels such as .*, none of which the network was trained on; it knows 0, 1"):
        diagnose(too_slow, X, np.where(y == 1, "yes", "no"))
    assert diagnose(too_slow, X, y.astype(float), checks=["rate_too_low"]).codes == ["rate_too_low"]


def test_every_check_has_a_title_and_says_what_it_needs():
    for code, check in DIAGNOSIS_CHECKS.items():
        assert check.code == code
        assert check.title
        assert check.needs in ("curve", "rows")


def test_networks_are_checked_together_and_it_says_how_far_it_is(rows, capsys):
    net = NetClassifier(random_state=0, max_epochs=5).fit(*rows)
    ensemble = AveragedClassifier([(name, net) for name in "abc"], voting="soft").fit(*rows)
    together = diagnose(ensemble, *rows, verbose=2)
    assert "diagnose: 3 of 3 networks" in capsys.readouterr().err
    with parallel_config("sequential"):
        assert diagnose(ensemble, *rows) == together
    assert (together.stopped, together.unchecked) == ("", {})


def test_a_short_time_leaves_what_the_curve_shows(rows, too_slow):
    found = diagnose(too_slow, *rows, time_budget=1e-3)
    assert (found.stopped, found.codes) == ("time_budget", ["rate_too_low"])
    assert "the time was up after 0 of 1 network" in found.summary()


def test_after_an_interrupt_there_is_what_was_found(rows, too_slow, monkeypatch):
    def interrupt(self, one, n_planned):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainings, "_receive", interrupt)
    found = diagnose(too_slow, *rows)
    assert (found.stopped, found.codes) == ("interrupted", ["rate_too_low"])
    assert "leakage" in found.unchecked


@pytest.mark.parametrize("seconds", [0, -1, "long"])
def test_a_wrong_time_budget(rows, too_slow, seconds):
    with pytest.raises(ValueError, match="time_budget must be"):
        diagnose(too_slow, *rows, time_budget=seconds)


def test_a_code_found_in_several_networks_is_as_bad_as_in_the_worst():
    found = [
        [Finding("overfitting", severity, "", {"rise": rise}, "", {}, f"member {number}")]
        for number, (severity, rise) in enumerate([("info", 0.1), ("warning", 0.5)], 1)
    ]
    [merged] = merge_findings(found)
    assert (merged.severity, merged.evidence["rise"], merged.subject) == ("warning", 0.5, "member 1; member 2")
