"""Training on a device of this process, in stacks."""

import threading
import traceback
from dataclasses import replace

from sknet_hp.fusion.bundles import Bundle
from sknet_hp.fusion.executors.base import Done, TrainingOutcome
from sknet_hp.training.stacked.cohort import train_cohort


class InlineExecutor:
    """Trains in this process, in a thread that lives as long as the bundle."""

    def __init__(self, device: str):
        self.busy = False
        self.bundle: Bundle | None = None
        self.stop = threading.Event()  # set when the bundle is cancelled
        self.device = device

    def submit(self, bundle: Bundle, done: Done) -> None:
        """Train a bundle, and call `done` with the outcome."""
        self.busy, self.bundle, self.stop = True, bundle, threading.Event()
        thread = threading.Thread(
            target=self._train, args=(bundle, self.stop, done), name="sknet_hp-training", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had: train in the caller's
            self._train(bundle, self.stop, done)

    def _train(self, bundle: Bundle, stop: threading.Event, done: Done) -> None:
        outcome: TrainingOutcome
        try:
            jobs = [replace(job, device=self.device) for job in bundle.jobs]
            outcome = train_cohort(jobs, lambda: stop.is_set() or bundle.is_cancelled())
        except BaseException as error:
            # Its frames hold the stack's tensors, and it may have been memory that was missing.
            traceback.clear_frames(error.__traceback__)
            outcome = error
        self.bundle, self.busy = None, False
        done(outcome)

    def cancel(self, bundle: Bundle) -> None:
        """Stop between two steps, if it is still this bundle that is trained."""
        stop = self.stop
        if self.bundle is bundle:
            stop.set()
