"""Which worker of a cluster is given what: with workers that are threads of this
process, and GPUs that are not there.
"""

import threading
from dataclasses import replace

import numpy as np
import pytest
from joblib import Parallel, delayed

import sknet_hp
from sknet_hp.fusion import devices
from sknet_hp.fusion.executors.cluster import Cluster
from sknet_hp.fusion.executors.packing import pack, unpack
from sknet_hp.fusion.executors.remote import train_packed
from sknet_hp.fusion.executors.worker import RemoteWorker, describe_this_process
from tests.helpers.fakes import make_job

pytestmark = pytest.mark.timeout(60)


class FakeWorker(RemoteWorker):
    """Trains here, on the CPU, and notes the devices that it was asked for."""

    def __init__(self, name, changed, gpu_bytes=0):
        super().__init__(name, changed)
        self.gpu_bytes = gpu_bytes
        self.devices, self.sizes = [], []

    def _fetch_traits(self, attempt):
        return replace(describe_this_process(), gpu_bytes=self.gpu_bytes)

    def _train(self, payload, tables, attempt):
        jobs = unpack(payload, tables)
        self.devices += [job.device for job in jobs]
        self.sizes.append(len(jobs))
        payload, tables = pack([replace(job, device="cpu") for job in jobs])
        return train_packed(payload, tables, lambda: attempt.cancelled)

    def close(self):
        pass


class FakeCluster(Cluster):
    name = "fake"

    def __init__(self, *gpus):
        super().__init__()
        self.gpus = gpus

    def _update_members(self):
        for i, gpu_bytes in enumerate(self.gpus[len(self.members) :]):
            self._add(FakeWorker(f"worker {i}", lambda: self._changed(), gpu_bytes))

    def _can_take(self, job):
        return any(member.takes(job) for member in self.members)


def test_networks_for_a_gpu_go_where_there_is_one(fit, alone):
    """This process has none. The refit, outside of any call, goes there too."""
    cluster = FakeCluster(0, 1 << 30)
    with sknet_hp.fused(over=cluster):
        got = Parallel()(delayed(fit)(seed, device="cuda") for seed in range(8))
        got.append(fit(8, device="cuda"))
        plain, gpu = cluster.members
    assert all(np.array_equal(a, b) for a, b in zip(got, alone[:9], strict=True))
    assert (plain.devices, gpu.devices) == ([], ["cuda:0"] * 9)


def test_a_stack_is_as_high_as_the_memory_of_the_smallest_gpu_allows(fit, alone):
    job = make_job(device="cuda")
    one = next(n for n in range(1, 1 << 30, 64) if devices.compute_stack_height(job, n) == 2)
    assert devices.compute_stack_height(job, 8 * one) in range(14, 18)
    assert devices.compute_stack_height(job, 1 << 40) == 1024
    cluster = FakeCluster(1 << 14, 1 << 30)
    with sknet_hp.fused(over=cluster):
        Parallel()(delayed(fit)(seed, device="cuda") for seed in range(8))
        assert {size for worker in cluster.members for size in worker.sizes} == {1}


def test_bundles_are_cut_evenly_over_workers(fit, alone, monkeypatch):
    all_busy, train = threading.Barrier(3), FakeWorker._train

    def train_when_all_are_busy(self, payload, tables, attempt):
        if not self.sizes:
            all_busy.wait(30)
        return train(self, payload, tables, attempt)

    monkeypatch.setattr(FakeWorker, "_train", train_when_all_are_busy)
    cluster = FakeCluster(0, 0, 0)
    with sknet_hp.fused(over=cluster):
        got = Parallel()(delayed(fit)(seed) for seed in range(60))
        sizes = [worker.sizes for worker in cluster.members]
    assert all(np.array_equal(a, b) for a, b in zip(got, alone[:60], strict=True))
    assert sum(map(sum, sizes)) == 60
    assert max(map(max, sizes)) <= 32


def test_without_a_thread_for_the_cluster_training_goes_on_here(fit, alone, monkeypatch):
    def start(self, n_jobs, changed):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Cluster, "start", start)
    with sknet_hp.fused(over=FakeCluster(0)):
        got = [*Parallel()(delayed(fit)(seed) for seed in range(2)), fit(2)]
    assert all(np.array_equal(a, b) for a, b in zip(got, alone[:3], strict=True))
