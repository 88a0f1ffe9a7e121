"""The context manager `fused()`, which chooses the joblib backend "fused"."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import joblib

from sknet_hp.fusion.arguments import check_n_jobs
from sknet_hp.fusion.backend import MAX_TASKS, FusedBackend

if TYPE_CHECKING:
    from sknet_hp.fusion.engine import NetworkCounts


class Session(joblib.parallel_config):
    """The context manager `fused()`; what it yields tells how far the work is."""

    def __init__(self, n_jobs: int | None, over: Any, memory: int | None, max_threads: int):
        cores = -1 if check_n_jobs(n_jobs) is None else n_jobs
        backend = FusedBackend(nesting_level=0, over=over, cores=cores, memory=memory, max_threads=max_threads)
        self._over = backend.over
        super().__init__(backend, n_jobs=n_jobs)
        self._trained_before = _count_networks().trained

    def __enter__(self) -> "Session":
        return self

    def unregister(self) -> None:
        """End the session; joblib's method, which the end of the block calls."""
        super().unregister()
        if self._over is not None and not isinstance(self._over, str):
            self._over.release()

    def progress(self) -> "NetworkCounts":
        """Count the networks of this session.

        Returns
        -------
        counts
            With the attributes `trained`, `training` and `waiting`.
        """
        counts = _count_networks()
        return replace(counts, trained=counts.trained - self._trained_before)


def _count_networks() -> "NetworkCounts":
    from sknet_hp.fusion.engine import get_engine  # imports torch

    return get_engine().count_networks()


def fused(
    n_jobs: int | None = None, *, over: Any = None, memory: int | None = None, max_threads: int = MAX_TASKS
) -> Session:
    """Train the networks of concurrent fits at the same time, inside the `with` block.

    It works for any code that goes through joblib: scikit-learn's searches,
    cross-validation, bagging, stacking and your own ``Parallel``. Results are the same
    as without it, bit for bit; only the time changes. (It does what
    ``joblib.parallel_config(backend="fused", n_jobs=-1)`` does, with more settings.)

    Tasks are threads. Each has its own copy of the arguments of your own ``Parallel``,
    as with joblib's processes. Arrays of more than a megabyte are not copied, and
    nothing is with ``Parallel(require="sharedmem")``. Estimators without a network are
    fitted one after another: use another backend for searches over them.

    Parameters
    ----------
    n_jobs : int, default=None
        Number of cores that train networks; on a cluster, number of workers. None and
        -1 mean all. The outermost setting wins: `n_jobs` of searches inside is ignored.
    over : {"dask", "ray", "inline"} or distributed.Client, default=None
        Where networks train. By default, and with "inline", they train in threads of
        this process: on the CPU one on each core (a large network that is alone uses
        several), on a GPU in stacks. "dask" is the cluster of Dask's current client;
        you can also give the client. "ray" is the cluster to which `ray.init` has
        connected this process. They need the extras `dask` and `ray`. If a worker dies,
        its networks go to another worker, with a warning.
    memory : int, default=None
        Largest number of bytes of data that waiting tasks may hold (scikit-learn copies
        a split of X for each task); an eighth of it is for encoded rows that tasks
        share. None is a quarter of the free memory.
    max_threads : int, default=512
        Largest number of tasks that have begun and wait for a core or for their
        networks.

    Returns
    -------
    session : context manager
        `session.progress()` returns how many networks are trained, in training and
        waiting. Call it from another thread.

    Raises
    ------
    ValueError
        If `n_jobs` is 0 or no whole number, `memory` or `max_threads` less than 1 or no
        whole number, `over` none of these, or there is no client or connection.
    ImportError
        If the package of the cluster is not installed.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> import sknet_hp
    >>> X, y = load_iris(return_X_y=True)
    >>> net = sknet_hp.NetClassifier(random_state=0)
    >>> with sknet_hp.fused():
    ...     search = GridSearchCV(net, {"lr": [1e-3, 1e-2]}).fit(X, y)
    """
    return Session(n_jobs, over, memory, max_threads)
