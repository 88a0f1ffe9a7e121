"""What crosses to another process.

Jobs go as bytes; the tables that they share go apart, each once.
"""

import pickle
from collections.abc import Sequence
from typing import Any

import cloudpickle
import numpy as np
from torch import nn

from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.job import EncodedTable, Rows, TrainingJob
from sknet_hp.training.run import train_here


def pack(jobs: list[TrainingJob]) -> tuple[bytes, list[EncodedTable]]:
    """Return jobs as bytes, whose rows refer to tables by position, and the tables."""
    tables: dict[int, tuple[int, EncodedTable]] = {}

    def refer_to_table(rows: Rows | None) -> Any:  # what stands for the rows on the way
        if rows is None:
            return None
        return tables.setdefault(id(rows.table), (len(tables), rows.table))[0], rows.index

    light = [job.replace_rows(refer_to_table(job.train), refer_to_table(job.validation)) for job in jobs]
    return cloudpickle.dumps(light), [table for _, table in tables.values()]


def unpack(payload: bytes, tables: Sequence[EncodedTable]) -> list[TrainingJob]:
    """Return the jobs again, with these tables, in the order of `pack`."""

    def restore_rows(reference: Any) -> Any:
        return None if reference is None else Rows(tables[reference[0]], reference[1])

    return [job.replace_rows(restore_rows(job.train), restore_rows(job.validation)) for job in pickle.loads(payload)]


def warm_up() -> None:
    """Train the smallest network, to load and set up what a first training needs."""
    graph, _ = trace(nn.Linear(1, 2))
    train_here(
        TrainingJob(graph, 2, 0, Rows(EncodedTable(Inputs.from_wide(np.zeros((2, 1))), np.arange(2))), max_epochs=1),
        Cancellation(),
    )
