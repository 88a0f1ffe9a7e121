"""Who watches and changes a training, modules that train alone, and which jobs may
meet.
"""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sknet_hp.nets.architectures.mlp import MLP
from sknet_hp.nets.init import draw_parameters
from sknet_hp.training.job import Rows, Stopping
from sknet_hp.training.rules.schedules import Schedule
from sknet_hp.training.stacked.cohort import train_cohort
from sknet_hp.training.state import Rates, Reaction
from tests.helpers.cohorts import flatten_parameters, train_plainly
from tests.helpers.jobs import is_close_result, is_same_result, make_job

# ---- observers ------------------------------------------------------------------------------------------------------


def close_state(a, b):
    return a.step == b.step and all(
        np.allclose(getattr(a, name), getattr(b, name), rtol=2e-3, atol=2e-4)
        for name in ("parameters", "buffers", "slots")
    )


class Observing:
    def __init__(self, reactions):
        self.reactions, self.seen, self.begun = reactions, [], 0

    def on_epoch_begin(self):
        self.begun += 1
        return self._answer(("begin", self.begun))

    def on_epoch_end(self, record, state):
        self.seen.append((record, state))
        return self._answer(record.epoch)

    def _answer(self, when):
        reaction = self.reactions.get(when, Reaction())
        if isinstance(reaction, Exception):
            raise reaction
        return reaction


def test_observer_sees_each_epoch_as_if_it_were_the_last():
    observer = Observing({})
    job = make_job(n_valid=20, optimizer="adam", max_epochs=3, normalization="batch")
    (result,) = train_cohort([replace(job, observer=observer)])
    assert is_same_result(result, train_cohort([job])[0])
    assert [record for record, _ in observer.seen] == result.history
    for record, state in observer.seen:
        (shorter,) = train_cohort([replace(job, max_epochs=record.epoch)])
        for name in ("parameters", "buffers", "slots"):
            assert np.array_equal(getattr(state, name), getattr(shorter.state, name))


@pytest.mark.parametrize("when", [2, ("begin", 3)])
def test_observer_may_stop(when):
    (result,) = train_cohort([make_job(max_epochs=9, observer=Observing({when: Reaction(stop=True)}))])
    assert (result.state.epoch, result.state.finished, len(result.history)) == (2, "observer", 2)
    assert np.array_equal(result.state.parameters, train_cohort([make_job(max_epochs=2)])[0].state.parameters)


@pytest.mark.parametrize("when", [2, ("begin", 3)])
@pytest.mark.parametrize("members", [1, 3])
def test_observer_may_set_the_rates(when, members):
    jobs = [
        make_job(seed=k, max_epochs=4, optimizer="momentum", rates=Rates(lr=0.01, momentum=0.9)) for k in range(members)
    ]
    then = Rates(lr=0.05, momentum=0.5, weight_decay=0.1)
    results = train_cohort(
        [replace(job, observer=Observing({when: Reaction(rates=then)} if k == 0 else {})) for k, job in enumerate(jobs)]
    )
    (first,) = train_cohort([replace(jobs[0], max_epochs=2)])
    assert close_state(results[0].state, train_cohort([replace(jobs[0], start=first.state, rates=then)])[0].state)
    for job, result in zip(jobs[1:], results[1:], strict=True):
        assert is_close_result(result, train_cohort([job])[0])


@pytest.mark.parametrize("when", [2, ("begin", 3)])
@pytest.mark.parametrize("members", [1, 3])
def test_observer_may_change_the_state(when, members):
    jobs = [make_job(seed=k, max_epochs=4, optimizer="adam", normalization="batch") for k in range(members)]
    (first,) = train_cohort([replace(jobs[0], max_epochs=2)])
    changes = {"parameters": first.state.parameters * 0.5, "slots": first.state.slots * 0, "step": 0}
    results = train_cohort(
        [
            replace(job, observer=Observing({when: Reaction(changes=changes)} if k == 0 else {}))
            for k, job in enumerate(jobs)
        ]
    )
    assert close_state(
        results[0].state, train_cohort([replace(jobs[0], start=replace(first.state, **changes))])[0].state
    )
    for job, result in zip(jobs[1:], results[1:], strict=True):
        assert is_close_result(result, train_cohort([job])[0])


def test_a_network_that_diverges_keeps_what_its_observer_made_of_it():
    job = make_job(max_epochs=3)
    changed = train_cohort([replace(job, max_epochs=1)])[0].state.parameters + 1
    reactions = {1: Reaction(changes={"parameters": changed}), ("begin", 2): Reaction(rates=Rates(lr=np.inf))}
    (result,) = train_cohort([replace(job, observer=Observing(reactions))])
    assert result.state.finished == "diverged"
    assert np.array_equal(result.state.parameters, changed)


def test_error_of_an_observer_hurts_its_own_network_only():
    jobs = [make_job(seed=k) for k in range(3)]
    jobs[1] = replace(jobs[1], observer=Observing({1: ValueError("mine")}))
    results = train_cohort(jobs)
    assert str(results[1].error) == "mine"
    assert results[1].state.epoch == 1
    for k in (0, 2):
        assert results[k].error is None
        assert is_close_result(results[k], train_cohort([jobs[k]])[0])


# ---- modules with layers that are not known ------------------------------------------------------------------------


class Convolutional(nn.Module):
    def __init__(self, normalized=False, dropout=0.0):
        super().__init__()
        self.conv = nn.Conv1d(1, 4, 3)
        self.norm = nn.BatchNorm1d(12) if normalized else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(12, 3)

    def forward(self, x):
        return self.out(self.dropout(self.norm(F.relu(self.conv(x.unsqueeze(1))).flatten(1))))


def convolutional(**options):
    torch.manual_seed(0)
    return Convolutional(**options)


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_foreign_module_is_a_plain_torch_loop(normalized, optimizer):
    module, twin = convolutional(normalized=normalized), convolutional(normalized=normalized)
    job = make_job(graph=module, optimizer=optimizer, n_valid=20, rates=Rates(lr=1e-2, weight_decay=0.01, momentum=0.9))
    (result,) = train_cohort([job])
    plain = {
        "adamw": lambda: torch.optim.AdamW(twin.parameters(), lr=1e-2, weight_decay=0.01),
        "sgd": lambda: torch.optim.SGD(twin.parameters(), lr=1e-2, weight_decay=0.01, momentum=0.9),
    }[optimizer]()
    means = train_plainly(twin, job, plain, 3)
    np.testing.assert_allclose(result.state.parameters, flatten_parameters(twin), rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose([r.train_loss for r in result.history], means, rtol=1e-4)
    if normalized:
        running = np.concatenate([twin.norm.running_mean, twin.norm.running_var])
        np.testing.assert_allclose(result.state.buffers, running, rtol=1e-4, atol=1e-5)
    X, y = torch.from_numpy(job.train.table.X.floats[-20:]), torch.from_numpy(job.train.table.y[-20:])
    with torch.no_grad():
        valid = F.cross_entropy(twin.eval()(X), y).item()
    assert result.history[-1].valid_loss == pytest.approx(valid, rel=1e-3)


def test_foreign_module_follows_its_seed_and_leaves_torchs_generator_alone():
    def run(seed, noise):
        torch.manual_seed(noise)
        module = convolutional(dropout=0.5)
        torch.manual_seed(noise)
        state = torch.get_rng_state()
        (result,) = train_cohort([make_job(graph=module, seed=seed)])
        assert torch.equal(torch.get_rng_state(), state)
        return result

    one, again, other = run(1, 5), run(1, 6), run(2, 5)
    assert is_same_result(one, again)
    assert not np.array_equal(one.state.parameters, other.state.parameters)


def test_foreign_module_goes_on_where_it_was():
    options = {"dropout": 0.3, "normalized": True}
    (whole,) = train_cohort([make_job(graph=convolutional(**options), max_epochs=5)])
    (first,) = train_cohort([make_job(graph=convolutional(**options), max_epochs=2)])
    (second,) = train_cohort([make_job(graph=convolutional(**options), max_epochs=5, start=first.state)])
    assert is_same_result(replace(second, history=first.history + second.history), whole)


def test_a_known_module_run_alone_agrees_with_its_stacked_program():
    job = make_job(n_layers=2, activation="silu", normalization="layer")
    (stacked,) = train_cohort([job])
    module = MLP(5, 3, n_layers=2, width=8, activation="silu", dropout=0.0, normalization="layer")
    module.load_state_dict(draw_parameters(job.graph, job.seed), strict=False)
    (alone,) = train_cohort([replace(job, graph=module)])
    np.testing.assert_allclose(alone.state.parameters, stacked.state.parameters, rtol=1e-4, atol=2e-5)


# ---- which jobs may meet --------------------------------------------------------------------------------------------


def test_key():
    job = make_job(n=120, n_valid=30)
    table = job.train.table
    same = [
        replace(
            job,
            seed=5,
            rates=Rates(lr=1.0, weight_decay=0.3),
            label_smoothing=0.2,
            max_epochs=50,
            schedule=Schedule("cosine"),
            shuffle=False,
        ),
        replace(job, stopping=Stopping(patience=1)),
        job.replace_rows(Rows(table, np.arange(119)), Rows(table, np.arange(29))),
        job.replace_rows(Rows(table, np.arange(121)), Rows(table, np.arange(31))),
    ]
    assert {j.key for j in same} == {job.key}
    different = [
        replace(job, optimizer="sgd"),
        replace(job, loss="mse"),
        replace(job, batch_size=64),
        replace(job, device="cuda:0"),
        make_job(n=120, n_valid=30, width=9),
        make_job(n=120, n_valid=30, dropout=0.1),
        make_job(n=120),
        make_job(n=130, n_valid=30),
    ]
    assert len({job.key, *(j.key for j in different)}) == len(different) + 1


@pytest.mark.parametrize(("n", "batch_size"), [(99, 256), (100, 32), (40, 1000)])
def test_sizes_that_differ_by_a_row_share_a_cohort(n, batch_size):
    """Folds of n and n + 1 rows, and data smaller than a batch."""
    # The gradient of a bias before batch normalisation is rounding, which a small eps would blow up.
    settings = {"batch_size": batch_size, "normalization": "batch", "dropout": 0.2, "rates": Rates(eps=1e-3)}
    jobs = [make_job(n=n + k % 2, seed=k, **settings) for k in range(4)]
    assert len({job.key for job in jobs}) == 1
    for job, result in zip(jobs, train_cohort(jobs), strict=True):
        assert is_close_result(result, train_cohort([job])[0])


def test_foreign_module_beside_threads_that_draw():
    """torch's generator is the whole process's, and skorch's data loaders draw from it:
    dropout must not notice.
    """
    expected = train_cohort([make_job(graph=convolutional(dropout=0.5), max_epochs=10)])[0]
    module, done = convolutional(dropout=0.5), threading.Event()

    def draw():
        while not done.is_set():
            torch.rand(1)

    thread = threading.Thread(target=draw)
    thread.start()
    (result,) = train_cohort([make_job(graph=module, max_epochs=10)])
    done.set()
    thread.join()
    assert is_same_result(result, expected)
