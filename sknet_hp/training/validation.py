"""How members are scored on rows that they do not train on."""

from typing import NamedTuple

import numpy as np
import torch

from sknet_hp.nets.program import Runnable
from sknet_hp.training.batches import Pool
from sknet_hp.training.job import Rows, TrainingJob, evaluation_shape
from sknet_hp.training.losses import Loss, together


class Scores(NamedTuple):
    """One member's: the weighted mean loss, the accuracy for class targets, what its metric says, and what that raised."""

    loss: float
    accuracy: float | None
    score: float | None
    error: Exception | None


class Validation:
    """The validation rows of some members, in batches of a common shape."""

    def __init__(self, pool: Pool, jobs: list[TrainingJob], device: torch.device):
        self.pool, self.jobs = pool, jobs
        self.each: list[Rows] = [job.validation for job in jobs if job.validation is not None]
        self.rows, self.steps = evaluation_shape(self.each[0])
        members = len(jobs)
        order = np.zeros((members, self.steps * self.rows), np.int64)
        self.weight = np.zeros((members, self.steps * self.rows), np.float64)
        for k, rows in enumerate(self.each):
            index = pool.index(rows)
            order[k] = index[0]
            order[k, : len(index)] = index
            self.weight[k, : len(index)] = pool.weights(index)
        self.order = torch.from_numpy(np.ascontiguousarray(order.reshape(members, self.steps, self.rows).transpose(1, 0, 2))).to(device)

    def scores(self, program: Runnable, loss: Loss) -> list[Scores]:
        """Score each member with the weights that the program has now."""
        members, n_outputs = len(self.jobs), self.jobs[0].n_outputs
        losses = np.empty((members, self.steps, self.rows), np.float64)
        hits = np.empty((members, self.steps, self.rows), bool) if loss.counts_hits else None
        wanted = any(job.metric is not None for job in self.jobs)
        kept = np.empty((members, self.steps, self.rows, n_outputs), np.float32) if wanted else None
        weight = torch.from_numpy(self.weight).view(members, self.steps, self.rows, 1)
        for s in range(self.steps):
            index = self.order[s].reshape(-1)
            x = self.pool.inputs(index).view(members, self.rows, -1)
            outputs = together(loss, program.evaluate(x, min(self.rows, len(self.each[0]) - s * self.rows)), n_outputs)
            targets = self.pool.y.index_select(0, index).view(members, self.rows, -1)
            losses[:, s] = loss.evaluate(outputs, targets, weight[:, s]).cpu().numpy()
            if hits is not None:
                hits[:, s] = (outputs.argmax(-1) == targets.argmax(-1)).cpu().numpy()
            if kept is not None:
                kept[:, s] = outputs.cpu().numpy()
        return [
            self._member(k, losses[k].ravel(), None if hits is None else hits[k].ravel(), None if kept is None else kept[k].reshape(-1, n_outputs))
            for k in range(members)
        ]

    def _member(self, k: int, losses: np.ndarray, hits: np.ndarray | None, outputs: np.ndarray | None) -> Scores:
        # Sums over arrays that the member alone would have: the order of additions is part of the promise.
        weight = self.weight[k]
        total = weight.sum() or 1.0
        accuracy = None if hits is None else float((hits * weight).sum() / total)
        score, error, metric = None, None, self.jobs[k].metric
        if metric is not None and outputs is not None:
            try:
                score = float(metric(outputs[: len(self.each[k])]))
            except Exception as raised:
                error = raised
        return Scores(float((losses * weight).sum() / total), accuracy, score, error)
