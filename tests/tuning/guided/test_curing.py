from importlib import import_module

import numpy as np
import pytest

from sknet_hp import NetClassifier
from sknet_hp.findings import Finding, Findings
from sknet_hp.tuning.guided.curing import diagnose_network, list_remedies
from tests.helpers.curves import draw_table


def make_finding(code, severity="warning", **remedy):
    return Finding(code, severity, "It was seen.", {}, "Do something.", remedy)


@pytest.fixture
def found(monkeypatch):
    """What a diagnosis finds; to be filled."""
    findings = []
    module = import_module("sknet_hp.tuning.diagnosis.diagnose")
    monkeypatch.setattr(module, "diagnose", lambda network: Findings(findings))
    return findings


def test_remedies_become_changes(found):
    found += [
        make_finding("overfitting", dropout=0.3, weight_decay=0.03),
        make_finding("rate_too_high", "error", netclassifier__lr=0.001),
    ]
    seen = diagnose_network(None, checks=True)
    assert [code for code, _ in seen] == ["rate_too_high", "overfitting"], "the worst first"
    assert [change.params for change in list_remedies(seen)] == [{"lr": 0.001}, {"dropout": 0.3, "weight_decay": 0.03}]
    assert list_remedies(seen)[0].text == "lr=0.001 against rate_too_high"


def test_what_the_search_decides_about_is_no_remedy(found):
    found += [make_finding("not_converged", max_epochs=400, schedule_epochs=400), make_finding("other", x=np.eye(2))]
    seen = diagnose_network(None, checks=True)
    assert [code for code, _ in seen] == ["not_converged", "other"], "they are told all the same"
    assert list_remedies(seen) == []


def test_what_is_good_to_know_needs_no_remedy(found):
    found += [make_finding("validation_too_small", "info", validation_fraction=0.3)]
    assert diagnose_network(None, checks=True) == []


def test_switched_off(found):
    found += [make_finding("overfitting", dropout=0.3)]
    assert diagnose_network(None, checks=False) == []


def test_codes_choose_among_other_checks(found):
    found += [make_finding("overfitting", dropout=0.3)]
    assert diagnose_network(None, checks=["edge_of_space"]) == [("overfitting", {"dropout": 0.3})]


def test_a_rate_that_is_too_high_is_seen():
    X, y = draw_table(400)
    network = NetClassifier(lr=3.0, width=16, max_epochs=30, random_state=0).fit(X, y)
    changes = list_remedies(diagnose_network(network, checks=True))
    assert any(change.params.get("lr", 3.0) < 1 for change in changes)
