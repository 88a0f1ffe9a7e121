"""The order of the stages, and that they keep within their time, on runs that train
nothing.
"""

import pytest

from sknet_hp.search.running.batches import SearchStopped
from sknet_hp.tuning.guided import stages
from sknet_hp.tuning.guided.reports import StageReport
from tests.tuning.guided.fake_run import make_guide


@pytest.fixture(autouse=True)
def rate_of_range_test(monkeypatch):
    monkeypatch.setattr(stages, "_test_range", lambda guide: 0.006)


def carry_out(guide, reserve=0.0):
    guide.budget.reserve = reserve
    for stage in stages.STAGES[1:]:
        guide.reports.append(StageReport(stage.name))
        try:
            stage.carry_out(guide)
        except SearchStopped:
            return


def score_rate(params, split):
    """Best at a rate of 0.006, whatever else."""
    return -abs(params.get("lr", 0.002) - 0.006) - 0.001 * split


def test_rates_come_before_batch_sizes_and_all_else():
    guide = make_guide(score_rate)
    carry_out(guide)
    assert guide.settings["lr"] == 0.006
    assert list(dict.fromkeys(guide.stage_of)) == [stage.name for stage in stages.STAGES]
    by_size = [c.params for c in guide.run.candidates if guide.stage_of[c.number] == "batch size"]
    assert [(params["batch_size"], params["lr"]) for params in by_size] == [(32, 0.0085), (8, 0.0042)]


def test_candidates_are_changes_of_the_best_so_far():
    guide = make_guide(lambda params, split: float(params.get("batch_size", 0) == 32))
    carry_out(guide)
    after = [c.params for c in guide.run.candidates if guide.stage_of[c.number] == "schedule and early stopping"]
    assert all(params["batch_size"] == 32 for params in after)


def test_a_kind_of_network_that_is_tried_again_says_on_top_of_what():
    guide = make_guide(lambda params, split: float(params.get("num_embedding_dim") == 8) + 0.1 * split)
    stages._try_architectures(guide)
    tried = guide.report.tried
    assert "module=resnet" in tried
    assert "module=resnet on top of num_embedding_dim=8" in tried
    assert len(set(tried)) == len(tried)


def test_no_time_no_candidates():
    guide = make_guide(budget=12.5)
    carry_out(guide)
    assert len(guide.run.candidates) == 1
    assert guide.incumbent.params == {}


@pytest.mark.parametrize("budget", [20, 40, 120, 1000])
@pytest.mark.parametrize("cost", ["all alike", "by size"])
def test_the_time_is_kept(budget, cost, monkeypatch):
    monkeypatch.setattr(stages, "MOST_ROUNDS", 100)

    def compute_seconds(params):
        return 0.1 if cost == "all alike" else 0.1 * params.get("width", 128) / 128 * params.get("n_layers", 2) / 2

    guide = make_guide(score_rate, budget=budget, seconds=compute_seconds)
    carry_out(guide, reserve=0.2 * budget)
    assert guide.run.clock.now <= max(12.0, 0.9 * budget)
    if budget == 120:
        assert guide.run.clock.now > 0.6 * budget, "what there is, is used"


def test_rates_are_tried_without_a_suggestion(monkeypatch):
    monkeypatch.setattr(stages, "_test_range", lambda guide: None)
    guide = make_guide()
    guide.reports.append(StageReport("learning rate"))
    stages._find_rate(guide)
    assert [c.params["lr"] for c in guide.run.candidates[1:]] == [0.00067, 0.006]
    assert "found no rate at which" in guide.report.found


def test_a_range_test_for_which_there_is_no_time_is_named(monkeypatch):
    guide = make_guide(budget=30)
    guide.reports.append(StageReport("learning rate"))
    stages._find_rate(guide)
    assert guide.report.found.startswith("There was no time for a range test.")


@pytest.mark.parametrize("dropout", [0.0, 0.5, 0.9])
def test_settings_are_drawn_around_any_dropout(dropout):
    guide = make_guide()
    guide._own["dropout"] = dropout
    drawn = [change.params["dropout"] for change in stages._draw_around(guide, 20, orders=0.4)]
    assert all(abs(each - dropout) <= 0.12 + 1e-9 for each in drawn)
