"""Where a network begins."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from sknet_hp.nets.graph import Graph
from sknet_hp.nets.init import draw_parameters, make_buffers
from sknet_hp.nets.layers.starts import Init
from sknet_hp.nets.random_bits import START, mix_keys
from sknet_hp.nets.stacked.networks import get_trained_shapes
from sknet_hp.training.environment import use_training_environment
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.layout import flatten
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.state import State

_SAMPLE = 1024  # training rows that a data-driven start looks at
_REMEMBERED = 2**16  # parameters, 256 KiB


def make_initial_tensors(job: TrainingJob) -> dict[str, Tensor]:
    """Return the parameters and buffers, by name, that a job's network begins with.

    A function of the job alone, whoever calls.
    """
    if not isinstance(job.graph, Graph):
        return dict(job.graph.named_parameters()) | dict(job.graph.named_buffers())
    return _draw(job.graph, job.seed, job.init, _draw_sample(job) if job.init.fit_to_data else None)


def make_state(job: TrainingJob, tensors: dict[str, Tensor]) -> State:
    """Return the state before the first step, with these tensors."""
    return _make_state(job, *_flatten(job.graph, tensors))


def make_initial_state(job: TrainingJob) -> State:
    """Return the state in which the job's network begins."""
    if isinstance(job.graph, Graph) and not job.init.fit_to_data and job.graph.n_parameters <= _REMEMBERED:
        return _make_state(job, *(vector.copy() for vector in _draw_small(job.graph, job.seed, job.init)))
    return make_state(job, make_initial_tensors(job))


def _make_state(job: TrainingJob, parameters: np.ndarray, buffers: np.ndarray) -> State:
    return State(parameters, buffers, np.zeros((OPTIMIZERS[job.optimizer].slots, len(parameters)), np.float32))


def _flatten(graph: Graph | nn.Module, tensors: dict[str, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Return (parameters, buffers), flat."""
    parameters, buffers = (graph.parameters, graph.buffers) if isinstance(graph, Graph) else get_trained_shapes(graph)
    return flatten(tensors, parameters), flatten(tensors, buffers)


def _draw(graph: Graph, seed: int, init: Init, sample: Tensor | None = None) -> dict[str, Tensor]:
    with use_training_environment():
        return draw_parameters(graph, seed, init, sample) | make_buffers(graph)


@lru_cache(maxsize=32)
def _draw_small(graph: Graph, seed: int, init: Init) -> tuple[np.ndarray, np.ndarray]:
    """Return the (parameters, buffers) that a small network begins with.

    Networks of a search mostly begin with the same, and drawing takes as long as an
    epoch.
    """
    return _flatten(graph, _draw(graph, seed, init))


def _draw_sample(job: TrainingJob) -> Tensor:
    """Return some training rows."""
    rows = job.train
    picked = np.random.default_rng(int(mix_keys(job.seed, START)) & 0x7FFFFFFFFFFFFFFF).permutation(len(rows))[:_SAMPLE]
    sample = rows.table.X.widen(picked if rows.index is None else rows.index[picked])
    # A copy, since torch's memory starts at multiples of 64 bytes, which is part of the bits, and NumPy's does not.
    return torch.tensor(sample, device="cpu")
