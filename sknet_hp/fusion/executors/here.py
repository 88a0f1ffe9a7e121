"""Training in this process."""

import threading
from dataclasses import replace

from sknet_hp.fusion.executors.base import Bundle, Done
from sknet_hp.training.cohort import train
from sknet_hp.training.job import TrainingResult


class Here:
    """In this process, in a thread that lives as long as the bundle."""

    def __init__(self, device: str = "cpu"):
        self.busy = False
        self.off = False
        self.device = device

    def ready(self) -> bool:
        return True

    def submit(self, bundle: Bundle, done: Done) -> None:
        self.busy, self.off = True, False
        thread = threading.Thread(target=self._run, args=(bundle, done), name="sknet_hp-training", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had: train in the caller's
            self._run(bundle, done)

    def _run(self, bundle: Bundle, done: Done) -> None:
        outcome: list[TrainingResult] | BaseException
        try:
            jobs = bundle.jobs
            if self.device != "cpu":
                jobs = [replace(job, device=self.device) for job in jobs]
            outcome = train(jobs, lambda: self.off or bundle.cancelled())
        except BaseException as error:
            outcome = error
        self.busy = False
        done(outcome)

    def cancel(self) -> None:
        self.off = True
