"""Devices: which one a name means, how many networks fit, and how long they take."""

from sknet_hp.nets.graph import Graph
from sknet_hp.training.job import TrainingJob

_SENT = 32  # networks that a worker on CPUs is sent at a time
_STEP_SECONDS = 1.2e-4  # a step's fixed cost
_MULTIPLICATIONS_PER_SECOND = 4.5e10


def resolve_device(device: str, elsewhere: bool = False) -> str:
    """Return the torch device that a name means.

    "auto" is CUDA where there is any, else the CPU.

    Parameters
    ----------
    device : the name.
    elsewhere : whether networks train in other processes, so that the device need not
        exist here.

    Raises
    ------
    ValueError
        If torch has none of this name here.
    """
    if device == "cpu":
        return device
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.device(device)
        if found.type not in ("cpu", "cuda") and not elsewhere:
            torch.empty(1, device=found).cpu()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} can't be used for training here ({error}); use 'cpu', 'cuda' or 'auto'"
        ) from None
    if found.type == "cuda" and not elsewhere:
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (found.index or 0) >= count:
            raise ValueError(
                f"device={device!r}, but torch finds {count or 'no'} CUDA device{'s' * (count > 1)} here; use 'cpu' "
                f"or 'auto'"
            )
    return str(found)


def _count_parameters(job: TrainingJob) -> int:
    return job.graph.n_parameters if isinstance(job.graph, Graph) else sum(p.numel() for p in job.graph.parameters())


def compute_stack_height(job: TrainingJob, gpu_bytes: int | None = None) -> int:
    """Return how many networks like this one to train in one stack.

    On the CPU it is how many to send to a worker of a cluster at a time.

    Parameters
    ----------
    gpu_bytes : memory that is free on the GPU, which is the limit there; by default
        that of this process's.
    """
    if not isinstance(job.graph, Graph):
        return 1
    if not job.device.startswith("cuda"):
        return _SENT
    import torch

    free = torch.cuda.mem_get_info(torch.device(job.device))[0] if gpu_bytes is None else gpu_bytes
    widths = [shape[0] for node in job.graph.nodes for role, _, shape in node.parameters if role == "weight"]
    activations = job.batch_rows * (job.n_heads * sum(widths) + job.train.table.X.n_features)  # of one step
    return max(1, min(1024, int(0.4 * free) // (4 * (12 * _count_parameters(job) + 6 * activations))))


def estimate_seconds(job: TrainingJob, members: int) -> float:
    """Guess roughly how long a bundle takes; the engine corrects it by what it sees."""
    epochs = max(0, job.max_epochs - job.first_epoch)
    work = 3 * job.batch_rows * job.n_heads * _count_parameters(job) / _MULTIPLICATIONS_PER_SECOND
    return epochs * job.steps * (_STEP_SECONDS + members * work)
