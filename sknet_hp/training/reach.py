"""Which of a network's tensors weight decay reaches."""

from sknet_hp.nets.graph import Graph
from sknet_hp.nets.layers.kinds import KINDS
from sknet_hp.nets.stacked.networks import get_trained_shapes
from sknet_hp.training.job import TrainingJob


def compute_decay_reach(job: TrainingJob) -> list[float]:
    """Return a factor on the weight decay of each parameter tensor of a job.

    0 where it does not reach.
    """
    shapes = job.graph.parameters if isinstance(job.graph, Graph) else get_trained_shapes(job.graph)[0]
    factors = list(job.decay_factors or (1.0,) * len(shapes))
    if job.decay_everywhere:
        return factors
    if isinstance(job.graph, Graph):
        reached = [KINDS[node.kind].get_rule(role).decays for node in job.graph.nodes for role, _, _ in node.parameters]
    else:
        reached = [len(shape) > 1 for _, shape in shapes]
    return [factor if reaches else 0.0 for factor, reaches in zip(factors, reached, strict=True)]
