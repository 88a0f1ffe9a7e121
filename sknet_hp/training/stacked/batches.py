"""Which rows a member sees in which step.

The order is a member's own, and so is what fills batches up to a common shape.
"""

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.job import EncodedTable, Rows, TrainingJob
from sknet_hp.training.rules.losses import Loss


class DeviceTable:
    """Encoded rows on a device, of which batches are made into wide rows there."""

    def __init__(self, inputs: Inputs, device: torch.device):
        self.inputs = inputs
        self.arrays = {
            name: torch.from_numpy(array.astype(np.int64) if array.dtype.kind in "ui" else array).to(device)
            for name, array in inputs.arrays.items()
        }

    def widen(self, rows: Tensor) -> Tensor:
        """Return the rows of these numbers as (n, n_features), like `Inputs.wide`."""
        own, inputs = self.arrays, self.inputs
        form = inputs.form
        if not form.has_cells and not form.n_codes:
            return own["floats"].index_select(0, rows)
        out = torch.zeros(len(rows), inputs.n_features, dtype=torch.float32, device=rows.device)
        out[:, : form.n_floats] = own["floats"].index_select(0, rows)
        everyone = torch.arange(len(rows), device=rows.device)
        if form.n_binned:
            self._fill_bins(out[:, form.n_floats : form.n_floats + form.n_bins], rows, everyone)
        if form.n_hot:
            hot = own["hot"].index_select(0, rows)
            row, column = torch.nonzero(hot >= 0, as_tuple=True)
            out[row, hot[row, column]] = 1
        if form.sparse:
            first, last = own["sparse_starts"][rows], own["sparse_starts"][rows + 1]
            count = last - first
            row = torch.repeat_interleave(everyone, count)
            entry = torch.arange(len(row), device=rows.device) + torch.repeat_interleave(
                first - (count.cumsum(0) - count), count
            )
            out[row, own["sparse_columns"][entry]] = own["sparse_values"][entry]
        out[:, inputs.width :] = own["codes"].index_select(0, rows).float() if form.n_codes else 0
        return out

    def _fill_bins(self, out: Tensor, rows: Tensor, everyone: Tensor) -> None:
        own = self.arrays
        starts = own["starts"]
        # The number that each bin belongs to.
        of_column = torch.repeat_interleave(torch.arange(len(starts) - 1, device=rows.device), starts.diff())
        position = torch.arange(len(of_column), device=rows.device) - starts[of_column]
        at = own["bins"].index_select(0, rows)
        out.copy_(position < at[:, of_column])
        out[everyone[:, None], starts[:-1] + at] = own["shares"].index_select(0, rows)


class Pool:
    """The rows of all members' tables, each distinct table once.

    Members find theirs by an offset.
    """

    def __init__(self, jobs: list[TrainingJob], loss: Loss, device: torch.device):
        tables: dict[int, EncodedTable] = {}
        for job in jobs:
            for rows in (job.train, job.validation):
                if rows is not None:
                    tables.setdefault(id(rows.table), rows.table)
        self.offsets: dict[int, int] = {}
        self.starts = [0]
        for key, table in tables.items():
            self.offsets[key] = self.starts[-1]
            self.starts.append(self.starts[-1] + len(table.X))
        self.tables = [DeviceTable(table.X, device) for table in tables.values()]
        ys = [torch.from_numpy(np.asarray(t.y)) for t in tables.values()]
        y = ys[0] if len(ys) == 1 else torch.cat(ys)
        self.y = loss.make_targets(y, jobs[0].n_outputs).contiguous().to(device)
        self.weighted = any(t.weight is not None for t in tables.values())
        if self.weighted:
            self.weight = np.concatenate(
                [np.ones(len(t.X), np.float32) if t.weight is None else t.weight for t in tables.values()]
            )

    def gather_inputs(self, index: Tensor) -> Tensor:
        """Return wide rows of these numbers in the pool, (n, n_features)."""
        if len(self.tables) == 1:
            return self.tables[0].widen(index)
        out = torch.empty(len(index), self.tables[0].inputs.n_features, dtype=torch.float32, device=index.device)
        for table, start, end in zip(self.tables, self.starts, self.starts[1:], strict=False):
            here = torch.nonzero((index >= start) & (index < end)).squeeze(1)
            if len(here):
                out[here] = table.widen(index[here] - start)
        return out

    def number_rows(self, rows: Rows) -> np.ndarray:
        """Return the numbers of these rows in the pool."""
        offset = self.offsets[id(rows.table)]
        return np.arange(offset, offset + len(rows)) if rows.index is None else rows.index + offset

    def gather_weights(self, index: np.ndarray) -> np.ndarray | float:
        return self.weight[index] if self.weighted else 1.0


def draw_order(job: TrainingJob, epoch: int) -> np.ndarray:
    """Draw the order of a job's training rows in an epoch, (rows,) int32."""
    from sknet_hp.training.compiled.kernels.epochs import write_order  # and with it numba, which takes half a second

    order = np.empty(len(job.train), np.int32)
    index = None if job.train.index is None else np.ascontiguousarray(job.train.index, np.int64)
    write_order(
        n=len(order), seed=job.seed, epoch=epoch, shuffled=job.shuffle, index=0 if index is None else index, order=order
    )
    return order


class Epochs:
    """The batches of each epoch of some members, filled with rows of weight zero."""

    def __init__(self, pool: Pool, jobs: list[TrainingJob], device: torch.device):
        self.pool, self.jobs, self.device = pool, jobs, device
        self.steps, self.batch_rows = jobs[0].steps, jobs[0].batch_rows
        # Where each row stands among the rows of all batches.
        self.places = [
            np.arange(n) // job.rows_per_step * self.batch_rows + np.arange(n) % job.rows_per_step
            for job in jobs
            for n in [len(job.train)]
        ]
        self.last_rows = max(int(places[-1]) % self.batch_rows + 1 for places in self.places)

    def count_rows(self, step: int) -> int:
        """Count the rows of a step that do not only fill up each member's batch."""
        return self.last_rows if step == self.steps - 1 else self.jobs[0].rows_per_step

    def draw(self, epochs: list[int]) -> tuple[Tensor, np.ndarray, Tensor]:
        """Draw one epoch for each member.

        Returns
        -------
        order : (steps, members, batch_rows) row numbers.
        weight : (members, steps, batch_rows) the rows' own weights, zero where a batch
            is filled up.
        share : (steps, members, batch_rows) weights divided by their batch's sum.
        """
        size = len(self.jobs), self.steps * self.batch_rows
        order, weight = np.zeros(size, np.int64), np.zeros(size, np.float32)
        for k, (job, places, epoch) in enumerate(zip(self.jobs, self.places, epochs, strict=True)):
            own = self.pool.offsets[id(job.train.table)] + draw_order(job, epoch).astype(np.int64)
            order[k] = own[0]  # batches are filled up with a row of the member's own: nobody else's can overflow in it
            order[k, places], weight[k, places] = own, self.pool.gather_weights(own)
        shape = len(self.jobs), self.steps, self.batch_rows
        weight = weight.reshape(shape)
        total = weight.sum(-1, keepdims=True)
        share = weight / np.where(total > 0, total, 1)
        return self._order_by_step(order.reshape(shape)), weight, self._order_by_step(share)

    def _order_by_step(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array.transpose(1, 0, 2))).to(self.device)
