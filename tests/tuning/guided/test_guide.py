"""What a guide decides, on runs that train nothing."""

import numpy as np
import pytest

from sknet_hp.search.running.batches import SearchStopped
from sknet_hp.tuning.guided.changes import Change
from sknet_hp.tuning.guided.reports import StageReport
from tests.tuning.guided.fake_run import make_guide

WIDTHS = [Change(f"width={width}", {"width": width}) for width in (16, 32, 64)]


def test_a_gain_is_taken():
    guide = make_guide(lambda params, split: 0.01 * params.get("width", 20) + 0.1 * split)
    guide.race(WIDTHS, share=1)
    assert guide.settings["width"] == 64
    assert guide.report.decided == "Go on with width=64."
    assert "a gain" in guide.report.found
    assert "width=64 (accuracy 0.7400), 0.4400 higher than the best so far" in guide.report.found


def test_noise_is_not_taken():
    guide = make_guide(lambda params, split: 0.5 if "width" not in params else [0.9, 0.5, 0.3][split])
    guide.race(WIDTHS, share=1)
    assert guide.incumbent.params == {}
    assert guide.report.decided == "Nothing is changed."
    assert "no more than noise" in guide.report.found


def test_what_is_worse_is_no_gain():
    guide = make_guide(lambda params, split: 0.5 if "width" not in params else 0.4)
    guide.race(WIDTHS, share=1)
    assert guide.incumbent.params == {}
    assert "so this is no gain" in guide.report.found


def test_equal_scores_are_called_equal():
    guide = make_guide()
    guide.race(WIDTHS, share=1)
    assert guide.report.found.endswith("Their scores are equal, so this is no gain. ")


def test_own_values_of_the_estimator_are_no_choice():
    guide = make_guide(lambda params, split: 0.1 * len(params) + 0.1 * split)
    guide.race([Change("dim", {"num_embedding": "ple", "num_embedding_dim": 8})], share=1)
    assert guide.incumbent.params == {"num_embedding_dim": 8}
    guide.race([Change("back", {"num_embedding_dim": None, "width": 64})], share=1)
    assert guide.run.candidates[-1].params == {"width": 64}


def test_what_fails_is_not_taken():
    guide = make_guide(lambda params, split: 0.5 if "width" not in params else np.nan)
    guide.race(WIDTHS, share=1)
    assert guide.incumbent.params == {}
    assert "None of them could be trained" in guide.report.found


def test_whoever_can_be_scored_beats_what_can_not():
    guide = make_guide(lambda params, split: 0.1 if "width" in params else np.nan)
    guide.race(WIDTHS, share=1)
    assert "width" in guide.incumbent.params


def test_nothing_is_tried_twice():
    guide = make_guide()
    guide.race(WIDTHS, share=1)
    n = len(guide.run.candidates)
    guide.race(WIDTHS, share=1)
    assert len(guide.run.candidates) == n


def test_the_same_remedy_of_two_illnesses_is_tried_once():
    guide = make_guide()
    guide.remedies = [Change(f"lr=0.1 against {code}", {"lr": 0.1}) for code in ("rate_too_high", "diverged")]
    guide.race([Change("lr=0.1", {"lr": 0.1})], share=1)
    assert guide.report.tried == ["lr=0.1 against rate_too_high"]


def test_a_gain_in_one_split_alone_is_none():
    for size in np.linspace(0.001, 0.1, 50):  # it is one standard error, and rounding would decide
        guide = make_guide(lambda params, split, size=size: 0.5 + size * (split == 1) * ("width" in params))
        guide.race(WIDTHS, share=1)
        assert guide.incumbent.params == {}


def test_each_race_has_candidates_for_its_own_time():
    guide = make_guide(budget=40)  # the first candidate took 12 s
    guide.race(WIDTHS, share=0.1)
    assert guide.report.tried == []
    guide.race(WIDTHS, share=1)
    assert guide.report.tried != [], "the first race had none, for want of time"


def test_where_there_is_nothing_to_try_the_report_says_so():
    guide = make_guide()
    guide.race([], share=1)
    assert guide.report.found == "There was nothing new to try. "


def test_remedies_are_tried_first():
    guide = make_guide()
    guide.remedies = [Change("dropout=0.3 against overfitting", {"dropout": 0.3})]
    guide.race(WIDTHS, share=1)
    assert guide.run.candidates[1].params == {"dropout": 0.3}
    assert guide.report.tried[0] == "dropout=0.3 against overfitting"
    assert guide.remedies == []


def test_a_race_has_as_many_candidates_as_there_is_time_for():
    guide = make_guide(budget=28)  # the first candidate took 3 × 40 epochs, 12 s
    alike = [Change(f"lr={lr}", {"lr": lr}) for lr in (0.1, 0.2, 0.3)]
    guide.race(alike, share=1)
    assert [change.text for change in alike[:1]] == guide.report.tried
    later = make_guide(budget=15)
    later.race(WIDTHS, share=1)
    assert len(later.run.candidates) == 1
    assert later.report.found == "There was no time to train a candidate to the end. "
    later.race(WIDTHS, share=1)
    assert later.report.found.count("no time") == 1
    guide.race(WIDTHS, share=0.1)
    assert guide.report.found.endswith("There was no time for more. ")


def test_no_rung_is_begun_for_which_there_is_no_time():
    slow = 100.0
    guide = make_guide(budget=60, seconds=lambda params: slow if "width" in params else 0.1)
    with pytest.raises(SearchStopped):
        guide.race(WIDTHS, share=1)
    assert guide.incumbent.params == {}
    assert guide.run.candidates[1].n_resources == 10, "what it was before is known"
    assert "before one of them was trained to the end" in guide.report.found


def test_only_the_best_keep_their_networks():
    changes = [Change(f"width={width}", {"width": width}) for width in range(30, 40)]
    guide = make_guide(lambda params, split: params.get("width", 20))
    guide.race(changes, share=1, keep=10)
    kept = guide.list_finalists()
    assert [candidate.params["width"] for candidate in kept[:-1]] == [39, 38, 37, 36, 35]
    assert kept[-1] is guide.run.candidates[0], "the estimator as it is, always"
    assert set(guide.run.candidates) - set(guide.run.forgotten) == set(kept)


def test_networks_that_were_let_go_are_no_finalists_again():
    guide = make_guide(lambda params, split: params.get("width", 20))
    guide.race([Change(f"width={width}", {"width": width}) for width in range(30, 40)], share=1, keep=10)
    guide.incumbent = guide.run.candidates[0]  # so that one more would be among the best
    assert not set(guide.list_finalists()) & set(guide.run.forgotten)


def test_seconds_of_a_network_on_all_rows():
    guide = make_guide()
    assert guide.typical_epochs == 40
    assert guide.seconds_per_network == pytest.approx(0.1 * 40 * 1350 / 900)


def test_stages_are_named_for_each_candidate():
    guide = make_guide()
    guide.race(WIDTHS, share=1)
    guide.reports.append(StageReport("another"))
    guide.race([Change("dropout=0", {"dropout": 0.0})], share=1)
    assert guide.stage_of == ["untuned", "a race", "a race", "a race", "another"]


def test_final_fits_are_not_much_longer_than_those_of_the_search():
    limited, unlimited = make_guide(budget=1000), make_guide()
    assert limited.cap_epochs(limited.incumbent) == 60, "it stopped after 40"
    assert unlimited.cap_epochs(unlimited.incumbent) == 90


def test_larger_networks_take_longer():
    guide = make_guide()
    usual = guide.seconds_per_network
    assert guide.seconds_per_candidate == pytest.approx(0.1 * 40 * 3)
    guide.race([Change("width=256", {"width": 256})], share=1)
    larger = guide.run.candidates[1]
    guide.budget._measured = [(0.1, 120.0)]
    assert guide.foresee_seconds(larger) == pytest.approx(usual * guide._compute_cost(larger.params))
    assert guide._compute_cost(larger.params) > 2
