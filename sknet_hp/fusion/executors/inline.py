"""Training on a device of this process, in stacks."""

import threading
import traceback
from dataclasses import replace

from sknet_hp.fusion.executors.base import Bundle, Done
from sknet_hp.training.job import TrainingResult
from sknet_hp.training.stacked.cohort import train_cohort


class InlineExecutor:
    """In this process, in a thread that lives as long as the bundle."""

    def __init__(self, device: str):
        self.busy = False
        self.bundle: Bundle | None = None
        self.off = threading.Event()
        self.device = device

    def submit(self, bundle: Bundle, done: Done) -> None:
        self.busy, self.bundle, self.off = True, bundle, threading.Event()
        thread = threading.Thread(
            target=self._run, args=(bundle, self.off, done), name="sknet_hp-training", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had: train in the caller's
            self._run(bundle, self.off, done)

    def _run(self, bundle: Bundle, off: threading.Event, done: Done) -> None:
        outcome: list[TrainingResult] | BaseException
        try:
            outcome = train_cohort(
                [replace(job, device=self.device) for job in bundle.jobs], lambda: off.is_set() or bundle.cancelled()
            )
        except BaseException as error:
            traceback.clear_frames(
                error.__traceback__
            )  # they hold the stack's tensors, and it may have been memory that was missing
            outcome = error
        self.bundle, self.busy = None, False
        done(outcome)

    def cancel(self, bundle: Bundle) -> None:
        off = self.off
        if self.bundle is bundle:
            off.set()
