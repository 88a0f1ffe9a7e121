"""Which rows a member sees in which step: its own order, filled up to shapes that depend on nobody else."""

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets import kernels
from sknet_hp.training.job import Rows, Table, TrainingJob
from sknet_hp.training.losses import Loss

SHUFFLE, DROPOUT = 1, 2  # streams of random numbers that a member's seed opens


class Pool:
    """The rows of all members' tables, each distinct table once; members find theirs by offset."""

    def __init__(self, jobs: list[TrainingJob], loss: Loss, device: torch.device):
        tables: dict[int, Table] = {}
        for job in jobs:
            for rows in (job.train, job.validation):
                if rows is not None:
                    tables.setdefault(id(rows.table), rows.table)
        self.offsets: dict[int, int] = {}
        total = 0
        for key, table in tables.items():
            self.offsets[key] = total
            total += len(table.X)
        xs = [torch.from_numpy(np.asarray(t.X)) for t in tables.values()]
        ys = [torch.from_numpy(np.asarray(t.y)) for t in tables.values()]
        self.X = (xs[0] if len(xs) == 1 else torch.cat(xs)).to(device)
        y = ys[0] if len(ys) == 1 else torch.cat(ys)
        self.y = loss.targets(y, jobs[0].n_outputs).contiguous().to(device)
        self.weighted = any(t.weight is not None for t in tables.values())
        if self.weighted:
            self.weight = np.concatenate([np.ones(len(t.X), np.float32) if t.weight is None else t.weight for t in tables.values()])

    def index(self, rows: Rows) -> np.ndarray:
        """Numbers of these rows in the pool."""
        offset = self.offsets[id(rows.table)]
        return np.arange(offset, offset + len(rows)) if rows.index is None else rows.index + offset

    def weights(self, index: np.ndarray) -> np.ndarray | float:
        return self.weight[index] if self.weighted else 1.0


class Epochs:
    """The batches of each epoch of some members, filled with rows of weight zero."""

    def __init__(self, pool: Pool, jobs: list[TrainingJob], device: torch.device):
        self.pool, self.jobs, self.device = pool, jobs, device
        first = jobs[0]
        self.steps, self.batch_rows = first.steps, first.batch_rows
        self.index = [torch.from_numpy(pool.index(job.train)) for job in jobs]
        self.uniform: tuple[np.ndarray, Tensor] | None = None

    def draw(self, epochs: list[int]) -> tuple[Tensor, np.ndarray, Tensor]:
        """One epoch for each member.

        Returns
        -------
        order : (steps, members, batch_rows) row numbers.
        weight : (members, steps, batch_rows) the rows' own weights, zero where a batch is filled up.
        share : (steps, members, batch_rows) weights divided by their batch's sum.
        """
        members = len(self.jobs)
        order = torch.zeros(members, self.steps, self.batch_rows, dtype=torch.long)
        for k, (job, index, epoch) in enumerate(zip(self.jobs, self.index, epochs, strict=True)):
            if job.shuffle:
                generator = torch.Generator().manual_seed(int(kernels.mixed_keys(job.seed, SHUFFLE, epoch)) & 0x7FFFFFFFFFFFFFFF)
                index = index[torch.randperm(len(index), generator=generator)]
            order[k] = self.index[k][0]  # batches are filled up with a row of the member's own: nobody else's can overflow in it
            self._fill(order[k], index, job.rows_per_step)
        if self.uniform is None or self.pool.weighted:
            weight = np.zeros((members, self.steps, self.batch_rows), np.float32)
            for k, job in enumerate(self.jobs):
                filled = torch.zeros(self.steps, self.batch_rows, dtype=torch.float32)
                self._fill(filled, torch.ones(len(self.index[k]), dtype=torch.float32), job.rows_per_step)
                weight[k] = filled.numpy()
            if self.pool.weighted:
                weight *= self.pool.weights(order.numpy())
            total = weight.sum(-1, keepdims=True)
            share = weight / np.where(total > 0, total, 1)
            self.uniform = weight, torch.from_numpy(np.ascontiguousarray(share.transpose(1, 0, 2))).to(self.device)
        return order.transpose(0, 1).contiguous().to(self.device), *self.uniform

    @staticmethod
    def _fill(target: Tensor, values: Tensor, rows_per_step: int) -> None:
        """Lay values out as (steps, batch_rows), rows_per_step in each step."""
        whole = len(values) // rows_per_step
        target[:whole, :rows_per_step] = values[: whole * rows_per_step].view(whole, rows_per_step)
        rest = len(values) - whole * rows_per_step
        if rest:
            target[whole, :rest] = values[whole * rows_per_step :]
