"""Where a network begins."""

import numpy as np
import torch
from torch import Tensor

from sknet_hp.nets.graph import Graph
from sknet_hp.nets.init import initial_buffers, initial_parameters
from sknet_hp.nets.program import trained_shapes
from sknet_hp.nets.random_bits import START, mixed_keys
from sknet_hp.training.environment import training_environment
from sknet_hp.training.job import State, TrainingJob
from sknet_hp.training.layout import flatten
from sknet_hp.training.optimizers import OPTIMIZERS

_SAMPLE = 1024  # training rows that a data-driven start looks at


def initial_tensors(job: TrainingJob) -> dict[str, Tensor]:
    """The parameters and buffers, by name, that a job's network begins with: a function of the job alone, whoever calls."""
    if not isinstance(job.graph, Graph):
        return dict(job.graph.named_parameters()) | dict(job.graph.named_buffers())
    with training_environment():
        parameters = initial_parameters(job.graph, job.seed, job.init, _sample(job) if job.init.fit_to_data else None)
        return parameters | initial_buffers(job.graph)


def state_of(job: TrainingJob, tensors: dict[str, Tensor]) -> State:
    """The state before the first step, with these tensors."""
    graph = job.graph
    order = (graph.parameters, graph.buffers) if isinstance(graph, Graph) else trained_shapes(graph)
    parameters, buffers = flatten(tensors, order[0]), flatten(tensors, order[1])
    return State(parameters, buffers, np.zeros((OPTIMIZERS[job.optimizer].slots, len(parameters)), np.float32))


def initial_state(job: TrainingJob) -> State:
    """Where the job's network begins."""
    return state_of(job, initial_tensors(job))


def _sample(job: TrainingJob) -> Tensor:
    """Some training rows."""
    rows = job.train
    picked = np.random.default_rng(int(mixed_keys(job.seed, START)) & 0x7FFFFFFFFFFFFFFF).permutation(len(rows))[:_SAMPLE]
    sample = rows.table.X.wide(picked if rows.index is None else rows.index[picked])
    return torch.tensor(sample)  # a copy, since torch's memory starts at multiples of 64 bytes, which is part of the bits, and NumPy's does not
