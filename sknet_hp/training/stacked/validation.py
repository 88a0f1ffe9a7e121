"""How members are scored on rows that they do not train on."""

from typing import NamedTuple

import numpy as np
import torch

from sknet_hp.nets.stacked.networks import Runnable
from sknet_hp.training.job import Rows, TrainingJob, compute_evaluation_shape
from sknet_hp.training.rules.losses import Loss, combine_outputs
from sknet_hp.training.stacked.batches import Pool


class Scores(NamedTuple):
    """The scores of one member.

    The weighted mean loss, the accuracy for class targets, what its metric says, and
    what that raised.
    """

    loss: float
    accuracy: float | None
    score: float | None
    error: Exception | None


class Validation:
    """The validation rows of some members, in batches of a common shape."""

    def __init__(self, pool: Pool, jobs: list[TrainingJob], device: torch.device):
        self.pool, self.jobs = pool, jobs
        self.each: list[Rows] = [job.validation for job in jobs if job.validation is not None]
        self.rows, self.steps = compute_evaluation_shape(self.each[0])
        self.n_rows = [len(rows) for rows in self.each]
        order = np.zeros((len(jobs), self.steps * self.rows), np.int64)
        self.weight = np.zeros(order.shape, np.float32)
        for k, rows in enumerate(self.each):
            index = pool.number_rows(rows)
            order[k] = index[0]
            order[k, : len(index)], self.weight[k, : len(index)] = index, pool.gather_weights(index)
        self.order, self.weights = torch.from_numpy(order).to(device), torch.from_numpy(self.weight).to(device)

    def score(self, networks: Runnable, loss: Loss) -> list[Scores]:
        """Score each member with the weights that the program has now."""
        members, n_outputs = len(self.jobs), self.jobs[0].n_outputs
        outputs, losses, hits = [], [], []
        for begin in range(0, max(self.n_rows), self.rows):
            now = slice(begin, min(begin + self.rows, max(self.n_rows)))
            index = self.order[:, now].reshape(-1)
            x = self.pool.gather_inputs(index).view(members, now.stop - begin, -1)
            targets = self.pool.y.index_select(0, index).view(members, now.stop - begin, -1)
            outputs.append(combine_outputs(loss, networks.evaluate(x), n_outputs))
            losses.append(loss.compute_row_losses(outputs[-1], targets, self.weights[:, now]))
            hits.append(outputs[-1].argmax(-1) == targets.argmax(-1))
        of_all = (torch.cat(parts, 1).cpu().numpy() for parts in (outputs, losses, hits))
        return [
            self._score_member(k, *own, has_accuracy=loss.has_accuracy)
            for k, own in enumerate(zip(*of_all, strict=True))
        ]

    def _score_member(
        self, k: int, outputs: np.ndarray, losses: np.ndarray, hits: np.ndarray, *, has_accuracy: bool
    ) -> Scores:
        n = self.n_rows[k]
        weight = self.weight[k, :n].astype(np.float64)
        total = weight.sum() or 1.0
        accuracy = float((hits[:n] * weight).sum() / total) if has_accuracy else None
        score, error, metric = None, None, self.jobs[k].metric
        if metric is not None:
            try:
                score = float(metric(outputs[:n]))
            except Exception as raised:
                error = raised
        return Scores(float((losses[:n] * weight).sum() / total), accuracy, score, error)
