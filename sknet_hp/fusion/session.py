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

    It works for any scikit-learn code, like
    ``joblib.parallel_config(backend="fused", n_jobs=-1)`` with settings. Results do not
    depend on it, bit for bit; only the time does. Tasks are threads, and each has its
    own copy of what your own ``Parallel`` gives it, as joblib's processes have. Arrays
    of more than a megabyte are not copied; with ``Parallel(require="sharedmem")``
    nothing is. Estimators without a network are fitted one after another inside it: use
    another backend for searches over them.

    Parameters
    ----------
    n_jobs : int, default=None
        How many cores train networks; on a cluster, how many of its workers. None or
        -1: all there are. The outermost setting wins; `n_jobs` of searches inside are
        ignored.
    over : {"dask", "ray", "inline"} or distributed.Client, default=None
        Where networks train. By default, and with "inline", in threads of this process:
        on the CPU each on a core of its own, or a big one on several cores while it is
        alone; on a GPU in stacks. "dask" is the cluster of Dask's current client, or
        give the client itself; "ray" the cluster that `ray.init` has connected this
        process to. They need the extras `dask` and `ray`. A worker that dies costs only
        what it was training, which goes to another, with a warning.
    memory : int, default=None
        Bytes of data that tasks waiting at one time may hold (scikit-learn copies a
        split of X for each), and an eighth of it for encoded rows that they have in
        common. By default a quarter of the memory that is free.
    max_threads : int, default=512
        How many tasks may have begun and wait, for a core or for their networks, at one
        time.

    Returns
    -------
    session : context manager
        `session.progress()` tells how many networks are trained, in training and
        waiting.

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
