"""How a job is trained where it stands: compiled, or by torch."""

import threading
from collections.abc import Callable, Iterator

from sknet_hp.nets.graph import Graph
from sknet_hp.training.calling_off import CallOff
from sknet_hp.training.job import TrainingJob, TrainingResult


def one_core() -> int:
    return 1


def is_compiled(job: TrainingJob) -> bool:
    """Whether a network trains in compiled loops: on the CPU, in float32, made of layers we know, and with a loss we know."""
    if job.device != "cpu" or not isinstance(job.graph, Graph) or job.precision != "float32":
        return False
    from sknet_hp.training.compiled.known import known

    return known(job) is not None


def train_here(job: TrainingJob, call_off: CallOff, cores: Callable[[], int] = one_core) -> TrainingResult:
    """Train one network in this thread.

    Parameters
    ----------
    job : of any kind.
    call_off : when it is set, `Cancelled` is raised within a step.
    cores : asked before an epoch how many cores may work on this network.
    """
    if is_compiled(job):
        from sknet_hp.training.compiled.training import train_compiled

        return train_compiled(job, call_off, cores)
    from sknet_hp.training.cohort import train

    return train([job], call_off.is_set)[0]


def train_all(jobs: list[TrainingJob], call_off: CallOff, cores: Callable[[], int] = one_core) -> list[TrainingResult]:
    """Train networks beside each other, as many at once as there are cores for them."""
    n_threads = min(len(jobs), cores())
    if n_threads < 2:
        return [train_here(job, call_off, cores) for job in jobs]
    results: dict[int, TrainingResult] = {}
    errors: list[BaseException] = []
    waiting = iter(enumerate(jobs))

    def work() -> None:
        for number, job in _shared(waiting):
            try:
                results[number] = train_here(job, call_off)
            except BaseException as error:  # raised again by who waits for this thread
                errors.append(error)
                return

    wait_for([threading.Thread(target=work, name="sknet_hp-training", daemon=True) for _ in range(n_threads)], call_off)
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(jobs))]


def _shared(jobs: Iterator[tuple[int, TrainingJob]]) -> Iterator[tuple[int, TrainingJob]]:
    """What is left of an iterator that other threads take from too."""
    while (following := next(jobs, None)) is not None:  # of an enumeration, one step of the interpreter's
        yield following


def wait_for(threads: list[threading.Thread], call_off: CallOff) -> None:
    """Let threads do their work; whatever interrupts the waiting for them calls it off."""
    started = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
        for thread in started:
            thread.join()
    except BaseException:
        call_off.set()
        for thread in started:
            thread.join()
        raise
