"""How a job is trained where it stands: compiled, or by torch."""

from collections import deque
from collections.abc import Callable

from sknet_hp.nets.graph import Graph
from sknet_hp.training.cancellation import Cancellation
from sknet_hp.training.job import TrainingJob
from sknet_hp.training.state import TrainingResult
from sknet_hp.training.threads import run_in_threads


def use_one_core() -> int:
    return 1


def is_compiled(job: TrainingJob) -> bool:
    """Return whether a network trains in compiled loops.

    So it does on the CPU, if its layers and its loss are known.
    """
    if job.device != "cpu" or not isinstance(job.graph, Graph):
        return False
    from sknet_hp.training.compiled.choose_loss import find_compiled_loss

    return find_compiled_loss(job) is not None


def train_here(job: TrainingJob, cancellation: Cancellation, cores: Callable[[], int] = use_one_core) -> TrainingResult:
    """Train one network in this thread.

    Parameters
    ----------
    job : of any kind.
    cancellation : when it is set, `Cancelled` is raised within a step.
    cores : asked before an epoch how many cores may work on this network.
    """
    if is_compiled(job):
        from sknet_hp.training.compiled.training import train_compiled

        return train_compiled(job, cancellation, cores)
    from sknet_hp.training.stacked.cohort import train_cohort

    return train_cohort([job], cancellation.is_set)[0]


def train_all(
    jobs: list[TrainingJob], cancellation: Cancellation, cores: Callable[[], int] = use_one_core
) -> list[TrainingResult]:
    """Train networks beside each other, as many at once as there are cores for them."""
    n_threads = min(len(jobs), cores()) if len(jobs) > 1 else 1
    if n_threads < 2:
        return [train_here(job, cancellation, cores) for job in jobs]
    results: dict[int, TrainingResult] = {}
    waiting = deque(enumerate(jobs))

    def work(part: int, parts: int) -> None:
        while waiting:
            try:
                number, job = waiting.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                results[number] = train_here(job, cancellation)
            except BaseException:
                waiting.clear()
                raise

    run_in_threads(n_threads, work, cancellation)
    return [results[number] for number in range(len(jobs))]
