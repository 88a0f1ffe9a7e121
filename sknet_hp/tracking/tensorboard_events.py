"""A search as events of TensorBoard: hyperparameters, scores, learning curves."""

import os
import time
from pathlib import Path
from typing import Any

from sknet_hp.search.spaces.values import Params
from sknet_hp.search.views.facts import find_score_name
from sknet_hp.system.extras import require_extra
from sknet_hp.tracking.distributions import simplify
from sknet_hp.tracking.trials import FAILED, Trial, list_trials


def log_to_tensorboard(search: Any, path: str | os.PathLike[str]) -> Path:
    """Write a search for TensorBoard, with a run for each candidate.

    `tensorboard --logdir PATH` shows the candidates under HPARAMS. Under SCALARS it
    shows their mean scores by resource and their learning curves by epoch, as means
    over the splits.

    Parameters
    ----------
    search : fitted search, or record of one
        Any search of `sknet_hp.search`, `sknet_hp.tuning` or scikit-learn, or what
        `read_journal` returns.
    path : path
        An empty or new directory. Each candidate gets a directory in it.

    Returns
    -------
    path : Path

    Raises
    ------
    ImportError
        If TensorBoard is not installed.
    FileExistsError
        If the directory is not empty.
    """
    with require_extra("tensorboard", "log_to_tensorboard", "TensorBoard"):
        import tensorboard  # noqa: F401

    path, trials = Path(path), list_trials(search)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(f"path={str(path)!r} is not empty: give an empty or new directory")
    tag = f"mean_test_{find_score_name(search)}"
    for trial in trials:
        _write_trial(path / f"candidate-{trial.number:04d}", trial, tag)
    return path


def _write_trial(path: Path, trial: Trial, score_name: str) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    now = time.time()
    began = now - trial.attributes["fit_seconds"]
    writer = EventFileWriter(str(path))
    try:
        writer.add_event(Event(wall_time=began, summary=hparams_pb(_name_values(trial.params), path.name, began)))
        for tag, values in ({score_name: trial.by_rung} | trial.curves).items():
            for step, value in values.items():
                scalar = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
                writer.add_event(Event(wall_time=now, step=step, summary=scalar))
        writer.add_event(Event(wall_time=now, summary=_make_ending(trial, now)))
    finally:
        writer.close()


def _make_ending(trial: Trial, now: float) -> Any:
    """Return what closes a run; TensorBoard's own function for it needs TensorFlow."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.api_pb2 import Status
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    status = Status.STATUS_FAILURE if trial.state == FAILED else Status.STATUS_SUCCESS
    content = HParamsPluginData(session_end_info=SessionEndInfo(status=status, end_time_secs=now))
    about = metadata.create_summary_metadata(content)
    return Summary(
        value=[Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=about, tensor=metadata.NULL_TENSOR)]
    )


def _name_values(params: Params) -> dict[str, Any]:
    """Return parameters as TensorBoard can hold them: None is a text, too."""
    plain = {name: simplify(value) for name, value in params.items()}
    return {name: "None" if value is None else value for name, value in plain.items()}
