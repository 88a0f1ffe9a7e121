"""Searches, and single fits, in TensorBoard."""

import pytest

from sknet_hp import NetClassifier
from sknet_hp.tracking import log_to_tensorboard
from sknet_hp.tracking.trials import list_trials
from tests.helpers.trackers import X, make_finished_search, y

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def read(path):
    """Scalars by tag and step, and the hyperparameters, of one run."""
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    events = accumulator.EventAccumulator(str(path))
    events.Reload()
    scalars = {tag: {each.step: each.value for each in events.Scalars(tag)} for tag in events.Tags()["scalars"]}
    metadata = events.SummaryMetadata("_hparams_/session_start_info")
    started = HParamsPluginData.FromString(metadata.plugin_data.content).session_start_info
    return scalars, dict(started.hparams)


def test_each_candidate_is_a_run(tmp_path):
    search = make_finished_search()
    path = log_to_tensorboard(search, tmp_path / "board")
    trials = list_trials(search)
    assert sorted(each.name for each in path.iterdir()) == [f"candidate-{trial.number:04d}" for trial in trials]
    for trial in trials:
        scalars, hparams = read(path / f"candidate-{trial.number:04d}")
        assert hparams["lr"].number_value == trial.params["lr"]
        assert hparams["module"].string_value == trial.params["module"]
        assert set(scalars) == ({"mean_test_score"} if trial.by_rung else set()) | set(trial.curves)
        for tag, values in trial.curves.items():
            assert scalars[tag] == pytest.approx(values)
        assert scalars.get("mean_test_score", {}) == pytest.approx(trial.by_rung)
    with pytest.raises(FileExistsError, match="give an empty or new directory"):
        log_to_tensorboard(search, path)


def test_what_is_no_search_is_refused(tmp_path):
    with pytest.raises(TypeError, match="a fitted search is needed"):
        log_to_tensorboard([], tmp_path / "board")


def test_skorchs_callback_follows_a_fit(tmp_path):
    from skorch.callbacks import TensorBoard
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        board = TensorBoard(writer)
        net = NetClassifier(width=8, n_layers=1, max_epochs=3, random_state=0, callbacks=[board]).fit(X, y)
    events = accumulator.EventAccumulator(str(tmp_path))
    events.Reload()
    losses = {each.step: each.value for each in events.Scalars("Loss/train_loss")}
    assert losses == pytest.approx({row["epoch"]: row["train_loss"] for row in net.history_})
