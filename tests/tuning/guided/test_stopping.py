"""Guided searches that are stopped, run out of time, or are taken up again."""

import joblib
import pytest

from sknet_hp import NetClassifier
from sknet_hp.search import JournalError
from sknet_hp.tuning.guided import guide as guide_module
from tests.helpers.curves import draw_table
from tests.helpers.playing import assert_same_results
from tests.tuning.guided.test_searcher import NET, make_search

X, y = draw_table(120)


class Interrupted(NetClassifier):
    """A network whose training is interrupted when it has another width."""

    def fit(self, X, y, **more):
        if self.width != 8:
            raise KeyboardInterrupt
        return super().fit(X, y, **more)


def test_ctrl_c_leaves_what_was_found():
    search = make_search(Interrupted(**NET.get_params()))
    with joblib.parallel_config("sequential"), pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert search.stopped_ == "interrupted"
    assert [report.stage for report in search.stages_][-1] == "optimizer, regularisation and size"
    assert {"untuned", "learning rate"} <= set(search.cv_results_["stage"])
    assert search.best_params_["max_epochs"] == 9
    assert search.cv_results_["params"][search.best_index_] == search.best_params_
    assert not hasattr(search, "best_estimator_")


def test_ctrl_c_in_the_first_network_is_told_as_such(monkeypatch):
    trained = guide_module.Guide._train

    def stop(self, steps):
        trained(self, steps)
        raise KeyboardInterrupt

    monkeypatch.setattr(guide_module.Guide, "_train", stop)
    search = make_search()
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert search.stages_[-1].found == "The search ended before anything was found. "
    assert "What was chosen (candidate 0):\n  the estimator's own settings" in search.summary()


def test_a_budget_too_short_for_one_network_gives_what_there_is():
    with pytest.warns(UserWarning, match="before one network was trained to the end"):
        search = make_search(time_budget=1e-6).fit(X, y)
    assert search.stopped_ == "time_budget"
    assert search.predict(X).shape == (120,)
    assert search.best_params_ == {"max_epochs": 1}
    assert sum(member["seeds"] for member in search.ensemble_) == 1


@pytest.mark.parametrize("time_budget", [None, 60])
def test_a_journal_is_taken_up(tmp_path, monkeypatch, time_budget):
    settings = {"journal": tmp_path / "journal", "scoring": "neg_log_loss", "time_budget": time_budget}
    trained = guide_module.Guide._train

    def stop(self, steps):
        if len(self.run.candidates) > 10:
            raise KeyboardInterrupt
        trained(self, steps)

    with monkeypatch.context() as patched:
        patched.setattr(guide_module.Guide, "_train", stop)
        with pytest.raises(KeyboardInterrupt):
            make_search(**settings).fit(X, y)
    again = make_search(**settings).fit(X, y)
    assert_same_results(make_search(**settings).fit(X, y), again)
    if time_budget is None:
        assert_same_results(make_search(scoring="neg_log_loss").fit(X, y), again)


def test_a_journal_of_another_search_is_refused(tmp_path):
    settings = {"journal": tmp_path / "journal", "refit": False}
    make_search(**settings).fit(X, y)
    with pytest.raises(JournalError, match="data set"):
        make_search(**settings).fit(X + 1, y)
