"""The observer of a training that tells skorch's callbacks of it.

Callbacks see a skorch net, and what they change in it goes into the training.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, cast

import numpy as np
import skorch
import torch
from skorch.callbacks import Callback, EpochScoring, EpochTimer, LRScheduler, TensorBoard
from skorch.dataset import Dataset
from skorch.history import History
from torch.utils.data import Subset

from sknet_hp.estimators.skorch_nets.net_state import NetReading, NetState
from sknet_hp.estimators.skorch_nets.torch_optim import UnsupportedNetError
from sknet_hp.training.job import Rows, TrainingJob
from sknet_hp.training.state import EpochRecord, Reaction, State, get_predicting_weights

_PER_BATCH = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def find_batch_hooks(callback: Any, net: skorch.NeuralNet) -> list[str]:
    """Return the hooks of a callback that skorch calls for each batch or gradient.

    Those that the engine serves, or that would do nothing, are left out.
    """
    unused: list[type[Callback]] = [Callback]
    if isinstance(callback, EpochScoring):
        caches = callback.use_caching if net.use_caching == "auto" else net.use_caching
        unused += [] if callback.on_train and caches else [EpochScoring]
    elif isinstance(callback, LRScheduler) and callback.step_every == "epoch":
        unused.append(LRScheduler)
    elif isinstance(callback, TensorBoard):  # which notes that there was a batch, and does nothing with it
        unused.append(TensorBoard)
    own = getattr(callback, "__dict__", {})
    return [
        name
        for name in _PER_BATCH
        if name in own or all(getattr(type(callback), name, None) is not getattr(kind, name) for kind in unused)
    ]


class CallbackObserver:
    """Tells a net's callbacks of a training as it goes, and returns what they change.

    What is true at that moment is put into the net before.

    Parameters
    ----------
    net : an initialized skorch net.
    job : what is trained.
    tensors : of the net, for this job.
    datasets : what is trained and validated on, as skorch hands it to callbacks.
    n_members : how many networks are trained to be averaged; this is the first.
    """

    def __init__(
        self,
        net: skorch.NeuralNet,
        job: TrainingJob,
        tensors: NetState,
        datasets: tuple[Any, Any] | None = None,
        n_members: int = 1,
    ):
        self.net, self.job, self.tensors, self.n_members = net, job, tensors, n_members
        train, validation = datasets or (_make_dataset(job.train), _make_dataset(job.validation))
        self.datasets = {"dataset_train": train, "dataset_valid": validation}
        self.rates = job.rates
        self.errors = np.geterr()
        self.trainable = self._read_trainable()
        # Whether the net has other weights than those that train.
        self.averaged = job.start is not None and job.start.average is not None

    def on_train_begin(self, X: Any, y: Any) -> Reaction:
        """Notify before training begins."""
        before = self.tensors.read()
        self._notify("on_train_begin", X=X, y=y)
        return self._read_reaction(before, stopped=False)

    def on_epoch_begin(self) -> Reaction:
        """Notify before an epoch's first step."""
        return self._notify_of_epoch("on_epoch_begin")

    def on_epoch_end(self, record: EpochRecord, state: State) -> Reaction:
        """Put the epoch's weights and record into the net, and notify."""
        net = self.net
        self.show_state(state)
        self.averaged = state.average is not None
        write_epoch(net.history, record, self.job)
        net._set_training(self.job.validation is None)  # as skorch's loop leaves it
        net._zero_grad_optimizer()  # which is left of a callback's own backward
        if record.valid_loss is not None and self.job.validation is not None:
            _feed_scoring(net, self.job.validation)
        return self._notify_of_epoch("on_epoch_end")

    def on_train_end(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Notify when training has ended.

        Returns
        -------
        parameters, buffers : those that predict
            Callbacks may have gone back to earlier ones.
        """
        before = self.tensors.read().state
        self._notify("on_train_end", X=X, y=y)
        after = self.tensors.read().state
        if self.n_members > 1 and not (
            _is_same(before.parameters, after.parameters) and _is_same(before.buffers, after.buffers)
        ):
            raise self._make_member_error("changed the weights")
        return after.parameters, after.buffers

    def show_state(self, state: State) -> None:
        """Put those weights of a state into the net that predict."""
        parameters, buffers = get_predicting_weights(state)
        self.tensors.write(replace(state, parameters=parameters, buffers=buffers))

    def _notify_of_epoch(self, event: str) -> Reaction:
        before = self.tensors.read()
        stopped = False
        try:
            self._notify(event, **self.datasets)
        except KeyboardInterrupt:  # how skorch's callbacks end a training
            stopped = True
        return self._read_reaction(before, stopped)

    def _notify(self, event: str, **about: Any) -> None:
        # Training turns gradients and NumPy's warnings off; callbacks have them as they would in skorch's loop.
        with torch.enable_grad(), np.errstate(**self.errors):
            self.net.notify(event, **about)

    def _read_reaction(self, before: NetReading, stopped: bool) -> Reaction:
        """Return what callbacks have changed in the net since a reading."""
        try:
            after = self.tensors.read()
        except (UnsupportedNetError, KeyError) as error:
            raise _make_refusal(f"changed the module or the optimizer ({error})") from error
        if after.optimizer != before.optimizer or after.state.parameters.shape != before.state.parameters.shape:
            raise _make_refusal("replaced the module or the optimizer by another")
        if self._read_trainable() != self.trainable:
            raise _make_refusal(
                "changed requires_grad of parameters",
                "use freeze= and unfreeze_epoch=, or the nets in sknet_hp.skorch with skorch's Freezer, which train "
                "by skorch's own loop",
            )
        names = ("parameters", "buffers", "slots", "step")
        changes = {
            name: getattr(after.state, name)
            for name in names
            if not _is_same(getattr(before.state, name), getattr(after.state, name))
        }
        was = asdict(before.rates)
        rates = {name: value for name, value in asdict(after.rates).items() if value != was[name]}
        if self.averaged and changes.keys() & {"parameters", "buffers"}:
            raise _make_refusal("changed weights, of which they see the average", "set weight_averaging='none'")
        if self.n_members > 1 and (stopped or changes or rates):
            what = "ended the training" if stopped else f"changed {', '.join([*rates, *changes])}"
            raise self._make_member_error(what)
        if rates:
            self.rates = replace(self.rates, **rates)
        return Reaction(stopped, self.rates if rates else None, changes)

    def _make_member_error(self, what: str) -> ValueError:
        return _make_refusal(
            f"{what} of the first of n_members={self.n_members} networks",
            "the others would not follow, so set n_members=1",
        )

    def _read_trainable(self) -> list[bool]:
        return [p.requires_grad for p in self.net.module_.parameters()]


def _make_refusal(what: str, instead: str = "set up the net before it is trained") -> ValueError:
    return ValueError(f"a callback {what}, which a training in the engine can not follow; {instead}")


def _is_same(a: Any, b: Any) -> bool:
    """Return whether numbers are the same bit for bit, NaN and infinity included."""
    return np.asarray(a).tobytes() == np.asarray(b).tobytes()


def _make_dataset(rows: Rows | None) -> Subset | None:
    if rows is None:
        return None
    return Subset(Dataset(rows.table.X.widen(), rows.table.y), cast(Sequence[int], _list_rows(rows)))


def _list_rows(rows: Rows) -> np.ndarray:
    return np.arange(len(rows)) if rows.index is None else rows.index


def write_epoch(history: History, record: EpochRecord, job: TrainingJob) -> None:
    """Write an epoch, as if it were one batch, into the last row of a net's history."""
    history.new_batch()
    history.record_batch("train_loss", record.train_loss)
    history.record_batch("train_batch_size", len(job.train))
    history.record("train_batch_count", job.steps)
    if record.valid_loss is not None and job.validation is not None:
        history.record_batch("valid_loss", record.valid_loss)
        history.record_batch("valid_batch_size", len(job.validation))
        history.record("valid_batch_count", 1)


def report_epoch(net: skorch.NeuralNet, record: EpochRecord, job: TrainingJob) -> None:
    """Tell a net and its callbacks, which only report, of an epoch after training."""
    history = net.history
    history.new_epoch()
    history.record("epoch", record.epoch)
    write_epoch(history, record, job)
    for _, callback in net.callbacks_:
        if isinstance(callback, EpochTimer):
            history.record("dur", record.duration)
        elif isinstance(callback, EpochScoring):
            accuracy = record.valid_acc if record.valid_score is None else record.valid_score
            if accuracy is not None:
                callback._record_score(history, accuracy)
        else:
            callback.on_epoch_end(net)


def _feed_scoring(net: skorch.NeuralNet, rows: Rows) -> None:
    """Give the predictions of validation rows to the callbacks that score them."""
    scoring = [callback for _, callback in net.callbacks_ if isinstance(callback, EpochScoring)]
    if scoring:
        index = _list_rows(rows)
        batch = torch.from_numpy(rows.table.X.widen(index)), torch.from_numpy(rows.table.y[index])
        y_pred = net.evaluation_step(batch, training=False)
        for callback in scoring:
            callback.on_batch_end(net, batch=batch, y_pred=y_pred, training=False)
