"""`find_lr` from end to end, on small tables."""

import re
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.search.running.batches import SearchStopped
from sknet_hp.tuning import find_lr
from sknet_hp.tuning.learning_rate.own_rate import judge_agreement
from sknet_hp.tuning.trainings import Trainings

X, Y = make_classification(240, 6, n_informative=4, class_sep=2.0, random_state=0)
SMALL = {"width": 16, "n_layers": 1, "random_state": 0}
QUICK = {"n_seeds": 2, "n_epochs": 4}


@pytest.fixture(scope="module")
def result():
    return find_lr(NetClassifier(**SMALL), X, Y, **QUICK)


def test_a_suggestion_is_where_losses_are_low(result):
    means = result.table.groupby("rate")["loss"].mean()
    nearest = means.index[np.abs(np.log(means.index / result.suggestion)).argmin()]
    assert means[nearest] < (means.min() + result.chance_loss) / 2
    assert result.suggestion < result.edge_of_divergence
    for name, (low, high) in result.spread.items():
        assert low <= getattr(result, name) <= high, name


def test_spread_contains_what_seeds_say_together():
    """Of iris, the mean of two curves is low where neither of them is lowest."""
    found = find_lr(NetClassifier(random_state=0), *load_iris(return_X_y=True), n_seeds=2)
    for name, (low, high) in found.spread.items():
        assert low <= getattr(found, name) <= high, name
    assert "seeds_disagree" in found.findings.codes
    assert "(seeds say " in found.summary()


def test_one_seed_has_no_spread():
    found = find_lr(NetClassifier(**SMALL), X, Y, rates=np.logspace(-4, 0, 5), n_seeds=1, n_epochs=4)
    assert "seeds say" not in found.summary()
    assert "1 seed of each" in found.summary()
    assert "n_seeds=3 can" in found.summary()


def test_apply_sets_the_rate_of_a_copy(result):
    net = NetClassifier(**SMALL)
    assert result.apply(net).lr == result.suggestion
    assert net.lr == NetClassifier().lr
    pipeline = make_pipeline(StandardScaler(), make_pipeline(net))
    assert result.apply(pipeline).get_params()["pipeline__netclassifier__lr"] == result.suggestion


def test_the_same_seed_gives_the_same_result(result):
    again = find_lr(NetClassifier(**SMALL), X, Y, **QUICK)
    pd.testing.assert_frame_equal(again.table, result.table)
    assert again.rates == result.rates


def test_seeds_differ_and_follow_from_random_state(result):
    other = find_lr(NetClassifier(**SMALL), X, Y, rates=[1e-3, 1e-2, 1e-1, 1, 10], random_state=1, **QUICK)
    assert other.table["rate"].nunique() == 5
    assert other.table["seed"].nunique() == 2
    mine = result.table.query("rate == 0.001")["loss"].to_numpy()
    theirs = other.table.query("rate == 0.001")["loss"].to_numpy()
    assert len({*mine, *theirs}) == 4


def test_first_steps_of_a_pipeline_are_fitted_once():
    shapes = []
    watch = FunctionTransformer(lambda table: shapes.append(table.shape) or table)
    find_lr(make_pipeline(watch, NetClassifier(**SMALL)), X, Y, rates=np.logspace(-4, 0, 5), **QUICK)
    assert shapes == [X.shape]


def test_a_regressor_in_text_and_html():
    table, y = make_regression(200, 4, random_state=0)
    found = find_lr(NetRegressor(**SMALL), table, y, rates=np.logspace(-5, 1, 7), **QUICK)
    assert f"{found.suggestion:.2g}" in found.summary()
    assert "7 rates from 1e-05 to 10, 2 seeds" in found.summary()
    assert f"{found.suggestion:.3g}" in found._repr_html_()
    assert str(found) == found.summary()
    assert len(repr(found)) < 90


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rates": [1e-3, 1e-2]}, "rates=.*5 or more different numbers above 0"),
        ({"rates": "all"}, "rates='all'"),
        ({"n_seeds": 0}, "n_seeds=0"),
        ({"n_epochs": "many"}, "n_epochs='many'.*or 'auto'"),
        ({"max_rows": 0}, "max_rows=0.*or None"),
        ({"method": "guess"}, r"method='guess'.*\['sweep', 'ramp'\]"),
        ({"time_budget": 0}, "time_budget must be"),
    ],
)
def test_wrong_parameters(wrong, message):
    with pytest.raises(ValueError, match=message):
        find_lr(NetClassifier(**SMALL), X, Y, **wrong)


def test_estimators_without_a_network():
    with pytest.raises(TypeError, match="got StandardScaler"):
        find_lr(make_pipeline(StandardScaler()), X, Y)
    with pytest.raises(TypeError, match="got GridSearchCV; give the network in it, its estimator="):
        find_lr(GridSearchCV(NetClassifier(), {"lr": [1e-3]}), X, Y)
    with pytest.raises(TypeError, match=r"write NetClassifier\(\)"):
        find_lr(NetClassifier, X, Y)


def test_too_few_rows():
    with pytest.raises(ValueError, match="20 rows or more, but X has 8"):
        find_lr(NetClassifier(**SMALL), X[:8], Y[:8])
    with pytest.raises(ValueError, match="max_rows=19; find_lr needs 20 rows or more"):
        find_lr(NetClassifier(**SMALL), X, Y, max_rows=19)


def test_a_single_group_leaves_none_to_hold_out():
    with pytest.raises(ValueError, match="groups= has one group only"):
        find_lr(NetClassifier(**SMALL), X, Y, groups=np.zeros(len(Y)))


def test_a_target_of_one_column(result):
    assert find_lr(NetClassifier(**SMALL), X, pd.DataFrame({"y": Y}), **QUICK).suggestion == result.suggestion


def test_a_constant_target():
    with pytest.raises(ValueError, match="y is the same in all"):
        find_lr(NetClassifier(**SMALL), X, np.zeros(len(Y)))


def test_seeds_that_disagree_are_to_be_more_than_they_were():
    [found] = judge_agreement([1e-4, 1e-2], n_seeds=3)
    assert "n_seeds=6" in found.advice
    assert not judge_agreement([1e-3, 2e-3], n_seeds=3)


def test_an_edge_that_was_not_reached_is_none(result):
    endless = result.rates._replace(edge_of_divergence=np.inf)
    spread = {**result.spread, "edge_of_divergence": (1.0, np.inf)}
    summary = replace(result, rates=endless, spread=spread).summary()
    assert re.search(r"edge_of_divergence +none +\(1 to none\)", summary)


def test_targets_of_chance():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="lower than chance"):
        find_lr(NetRegressor(**SMALL), np.ones((60, 2)), rng.normal(size=60), rates=np.logspace(1, 3, 5), **QUICK)


def test_a_budget_too_short_for_anything():
    with pytest.raises(ValueError, match="time_budget=1e-06 seconds were too few"):
        find_lr(NetClassifier(**SMALL), X, Y, time_budget=1e-6)


@pytest.mark.parametrize("how", ["time_budget", "interrupted"])
def test_a_test_that_is_cut_short_has_what_was_trained(how, monkeypatch):
    """The time is up, or Ctrl-C comes, when the first seed is done."""
    receive, counted = Trainings._receive, []

    def receive_and_stop(self, one, n_planned):
        receive(self, one, n_planned)
        counted.append(one)
        if len(counted) == 16:
            raise KeyboardInterrupt if how == "interrupted" else SearchStopped("time_budget")

    monkeypatch.setattr(Trainings, "_receive", receive_and_stop)
    found = find_lr(NetClassifier(**SMALL), X, Y, n_seeds=3, n_epochs=3, time_budget=100)
    assert found.stopped == how
    assert 1 <= found.n_seeds <= 2
    assert "The test ended early" in found.summary()


def test_ctrl_c_before_anything_is_known(monkeypatch):
    def interrupt(self, one, n_planned):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainings, "_receive", interrupt)
    with pytest.raises(KeyboardInterrupt):
        find_lr(NetClassifier(**SMALL), X, Y, **QUICK)


def test_lines_of_progress(capsys):
    find_lr(NetClassifier(**SMALL), X, Y, rates=np.logspace(-4, 0, 5), n_seeds=1, n_epochs=2, verbose=2)
    assert "find_lr: 8 of 8 networks" in capsys.readouterr().err


def test_the_own_rate_of_an_estimator_is_judged():
    slow = find_lr(NetClassifier(**SMALL, lr=1e-6), X, Y, **QUICK)
    assert slow.findings.codes == ["rate_too_low"]
    [finding] = slow.findings
    assert finding.apply(NetClassifier(lr=1e-6)).lr == slow.suggestion
    fast = find_lr(NetClassifier(**SMALL, lr=5.0), X, Y, **QUICK)
    assert fast.findings.codes == ["rate_too_high"]
    assert "rate_too_high" in fast.summary()
    assert find_lr(fast.apply(NetClassifier(**SMALL)), X, Y, **QUICK).findings == []


@pytest.mark.parametrize("optimizer", ["sgd", "lion", "adagrad"])
def test_other_optimizers_have_other_ranges(optimizer, result):
    found = find_lr(NetClassifier(**SMALL, optimizer=optimizer), X, Y, **QUICK)
    if optimizer == "lion":
        assert found.suggestion < result.suggestion
    else:
        assert found.suggestion > result.suggestion


def test_errors_of_fits_are_shown():
    with pytest.raises(ValueError, match="NaN"):
        find_lr(NetRegressor(**SMALL), X, np.where(Y, np.nan, 1.0), **QUICK)


def test_the_picture(result):
    pytest.importorskip("matplotlib").use("Agg")
    ax = result.plot()
    assert ax.get_xscale() == "log"
    assert result.plot(ax) is ax
    assert any("suggestion" in text.get_text() for text in ax.texts)


def test_a_picture_needs_matplotlib(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install 'sknet_hp"):
        result.plot()


def test_columns_that_tell_nothing_of_the_target():
    """By luck, some loss is below chance."""
    y = np.random.default_rng(0).normal(size=len(X))
    found = find_lr(NetRegressor(**SMALL), X, y, **QUICK)
    assert found.curve["loss"].min() < found.chance_loss
    assert found.findings.codes == ["little_learned"]
