"""Cohorts: against a plain torch loop, and what becomes of members that stop, diverge or end before the others."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from jobs import losses, make_job, make_table, same_result
from torch import nn

from sknet_hp.nets.init import initial_parameters
from sknet_hp.nets.mlp import MLP
from sknet_hp.training.batches import Epochs, Pool
from sknet_hp.training.cohort import Cancelled, Cohort, never, train
from sknet_hp.training.job import Rates, Reaction, Rows, Stopping, Table
from sknet_hp.training.losses import LOSSES
from sknet_hp.training.optimizers import OPTIMIZERS
from sknet_hp.training.schedules import Schedule

CPU = torch.device("cpu")


def plain_loop(module, job, optimizer, epochs):
    """The same batches through torch's own modules, losses and optimizers; the mean losses of the epochs."""
    pool = Pool([job], LOSSES[job.loss](), CPU)
    X, y = torch.from_numpy(job.train.table.X), torch.from_numpy(job.train.table.y)
    means = []
    for epoch in range(epochs):
        order, weight, _ = Epochs(pool, [job], CPU).draw([epoch])
        total = 0.0
        for s in range(job.steps):
            rows = order[s, 0][torch.from_numpy(weight[0, s] > 0)]
            outputs = module.train()(X[rows])
            if job.loss == "mse":
                loss = F.mse_loss(outputs, y[rows])
            else:
                loss = F.cross_entropy(outputs, y[rows], label_smoothing=job.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        means.append(total / len(job.train))
    return means


def flat(module, names=None):
    tensors = dict(module.named_parameters())
    return np.concatenate([tensors[name].detach().numpy().ravel() for name in names or tensors])


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("n", [120, 20, 33])
def test_cohort_of_one_is_a_plain_torch_loop(loss, normalization, n):
    # Batch normalisation takes away what a bias before it adds: its gradient is rounding, which a small eps would blow up.
    eps = 1e-3 if normalization == "batch" else 1e-7
    job = make_job(
        n=n,
        n_valid=40,
        loss=loss,
        n_layers=2,
        normalization=normalization,
        activation="gelu",
        rates=Rates(lr=3e-3, weight_decay=0.05, beta1=0.8, beta2=0.95, eps=eps),
        label_smoothing=0.1 if loss == "cross_entropy" else 0.0,
    )
    if n == 33 and normalization == "batch":
        pytest.skip("the last batch has one row, of which torch's batch normalisation will not hear")
    (result,) = train([job])
    module = MLP(5, 3, n_layers=2, width=8, activation="gelu", dropout=0.0, normalization=normalization)
    module.load_state_dict(initial_parameters(job.graph, job.seed), strict=False)
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3, weight_decay=0.05, betas=(0.8, 0.95), eps=eps)
    means = plain_loop(module, job, optimizer, 3)
    names = [name for name, _ in job.graph.parameters]
    np.testing.assert_allclose(result.state.parameters, flat(module, names), rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose([r.train_loss for r in result.history], means, rtol=1e-4)
    with torch.no_grad():
        X, y = torch.from_numpy(job.train.table.X[-40:]), torch.from_numpy(job.train.table.y[-40:])
        outputs = module.eval()(X)
        valid = F.mse_loss(outputs, y) if loss == "mse" else F.cross_entropy(outputs, y)
    assert result.history[-1].valid_loss == pytest.approx(valid.item(), rel=1e-3)
    if loss == "mse":
        assert result.history[-1].valid_acc is None
    else:
        assert result.history[-1].valid_acc == pytest.approx((outputs.argmax(1) == y).double().mean().item())
    running = [b.numpy().ravel() for name, b in module.named_buffers() if b.is_floating_point()]
    np.testing.assert_allclose(result.state.buffers, np.concatenate([np.zeros(0), *running]), rtol=1e-4, atol=1e-5)
    assert result.state.epoch == 3
    assert result.state.step == 3 * job.steps


def test_weights_of_rows_are_repetitions():
    """On full batches, a weight of 3 is three rows."""
    counts = np.random.default_rng(0).integers(0, 4, 40)
    table = make_table(40, weight=counts.astype(np.float32))
    repeated = Table(np.repeat(table.X, counts, 0), np.repeat(table.y, counts))
    options = {"batch_size": 1000, "max_epochs": 20, "rates": Rates(lr=1e-2)}
    (weighted,), (longer,) = train([make_job(table=table, **options)]), train([make_job(table=repeated, **options)])
    np.testing.assert_allclose(weighted.state.parameters, longer.state.parameters, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(losses(weighted)[:, 1], losses(longer)[:, 1], rtol=1e-4)


# ---- company -------------------------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_jobs():
    jobs = [make_job(seed=seed, max_epochs=epochs) for seed, epochs in enumerate([5, 1, 3, 1, 2])]
    results = train(jobs)
    assert [r.state.epoch for r in results] == [5, 1, 3, 1, 2]
    assert [len(r.history) for r in results] == [5, 1, 3, 1, 2]
    for job, result in zip(jobs, results, strict=True):
        assert same_result(result, train([job])[0])


def test_no_jobs_no_results():
    assert train([]) == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_rates_of_their_own(optimizer):
    """Members that differ in every number that may differ, in one cohort as alone."""
    jobs = [
        make_job(
            seed=k,
            n_valid=20,
            dropout=0.1 * k + 0.1,
            optimizer=optimizer,
            schedule=Schedule(["constant", "cosine", "linear", "cosine"][k]),
            schedule_epochs=[None, 5, 9, 3][k],
            max_epochs=[4, 4, 3, 5][k],
            label_smoothing=[0.0, 0.1, 0.0, 0.2][k],
            rates=Rates(
                10.0 ** -(k + 1),
                [0.0, 0.1, 0.01, 0.0][k],
                [0.9, 0.0, 0.5, 0.9][k],
                [0.9, 0.5, 0.0, 0.8][k],
                [0.999, 0.9, 0.5, 0.99][k],
                10.0 ** -(k + 3),
            ),
            stopping=Stopping(patience=[None, 1, 2, 3][k]),
        )
        for k in range(4)
    ]
    together = train(jobs)
    for job, result in zip(jobs, together, strict=True):
        assert same_result(result, train([job])[0])


def test_dropout_masks_are_new_in_every_layer_step_and_epoch():
    jobs = [make_job(seed=seed, n_layers=2, dropout=0.5) for seed in (3, 4)]
    cohort, alone = Cohort(jobs, never), Cohort(jobs[1:], never)
    keys = []
    for _ in range(3):
        keys.append(torch.stack(list(cohort._keys(jobs[0].steps))))  # (steps, members, layers)
        assert torch.equal(keys[-1][:, 1:], torch.stack(list(alone._keys(jobs[0].steps))))
        for each in (cohort, alone):
            each.epoch()
        if not cohort.jobs:
            break
    assert len(keys) == 3
    every = torch.stack(keys)
    assert len(every.unique()) == every.numel() == 3 * 4 * 2 * 2


# ---- stopping ------------------------------------------------------------------------------------------------------


def overfitting_job(**changes):
    """Few rows, and validation rows whose classes are noise: the validation loss soon rises."""
    table = make_table(60)
    y = table.y.copy()
    y[-30:] = np.random.default_rng(3).integers(0, 3, 30)
    return make_job(table=Table(table.X, y), n_valid=30, width=32, **({"rates": Rates(lr=2e-2), "max_epochs": 40} | changes))


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_patience(patience):
    job = overfitting_job(stopping=Stopping(patience=patience))
    (result,) = train([job])
    valid = losses(result)[:, 2]
    assert result.state.finished == "patience"
    assert result.state.epoch == len(valid) < 40
    assert result.state.best_epoch == np.argmin(valid) + 1 == result.state.epoch - patience
    assert result.state.best_loss == valid.min()
    assert (np.diff(np.flatnonzero(valid == np.minimum.accumulate(valid))) <= patience).all()  # it did not miss an earlier occasion


def test_best_weights_are_those_of_the_best_epoch():
    job = overfitting_job(stopping=Stopping(patience=3))
    (result,) = train([job])
    (shorter,) = train([replace(job, max_epochs=result.state.best_epoch)])
    assert np.array_equal(result.state.best_parameters, shorter.state.parameters)
    assert not np.array_equal(result.state.best_parameters, result.state.parameters)
    assert np.array_equal(result.weights(restore_best=True)[0], result.state.best_parameters)
    assert np.array_equal(result.weights(restore_best=False)[0], result.state.parameters)
    (whole,) = train([replace(job, max_epochs=result.state.epoch, stopping=Stopping(patience=None))])
    assert np.array_equal(whole.state.parameters, result.state.parameters)


def test_without_patience_all_epochs_are_trained():
    (result,) = train([overfitting_job(stopping=Stopping(patience=None), max_epochs=15)])
    assert result.state.epoch == 15
    assert result.state.finished == ""
    assert result.state.best_epoch == np.argmin(losses(result)[:, 2]) + 1


def test_min_delta():
    (result,) = train([overfitting_job(stopping=Stopping(patience=2, min_delta=10.0))])
    assert result.state.epoch == 3  # nothing improves by ten: the first epoch stays the best
    assert result.state.best_epoch == 1


def test_epochs_that_nothing_judges_are_not_waited_for():
    job = overfitting_job(stopping=Stopping(patience=3, min_delta=10.0), max_epochs=2)  # nothing improves: the first epoch stays the best
    state = train([job])[0].state
    state = train([replace(job, validation=None, max_epochs=9, start=state)])[0].state
    state = train([replace(job, max_epochs=40, start=state)])[0].state
    assert (state.epoch, state.best_epoch, state.finished) == (11, 1, "patience")


def test_a_training_that_stopped_stays_stopped():
    job = overfitting_job(stopping=Stopping(patience=1))
    (result,) = train([job])
    (again,) = train([replace(job, max_epochs=100, start=result.state)])
    assert again.history == []
    assert again.state.epoch == result.state.epoch
    assert np.array_equal(again.state.parameters, result.state.parameters)
    assert np.array_equal(again.state.best_parameters, result.state.best_parameters)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("cut", [1, 3, 8])
def test_continuation(optimizer, cut):
    """A training in two parts is the training in one."""
    job = make_job(
        n_valid=30,
        normalization="batch",
        dropout=0.3,
        optimizer=optimizer,
        schedule=Schedule("cosine"),
        schedule_epochs=9,
        max_epochs=9,
        rates=Rates(lr=1e-2, momentum=0.9),
        stopping=Stopping(patience=4),
    )
    (whole,) = train([job])
    (first,) = train([replace(job, max_epochs=cut)])
    (second,) = train([replace(job, start=first.state)])
    assert same_result(replace(second, history=first.history + second.history), whole)


# ---- divergence ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_divergence(optimizer, position):
    jobs = [make_job(seed=k, loss="mse", n_valid=20, optimizer=optimizer, max_epochs=4, activation="relu", dropout=0.2) for k in range(3)]
    jobs[position] = replace(jobs[position], rates=Rates(lr=1e10))
    results = train(jobs)
    bad = results[position].state
    assert bad.finished == "diverged"
    assert np.isfinite(bad.parameters).all()
    assert np.isfinite(bad.slots).all()
    start = initial_parameters(jobs[0].graph, position)
    assert bad.epoch == 1
    assert np.array_equal(bad.parameters, np.concatenate([start[name].numpy().ravel() for name, _ in jobs[0].graph.parameters]))
    for k, (job, result) in enumerate(zip(jobs, results, strict=True)):
        assert same_result(result, train([job])[0])
        assert (result.state.finished == "diverged") == (k == position)


def test_each_keeps_the_weights_before_its_own_divergence():
    """Linear regressions at rates that blow up in different, also in neighbouring, epochs."""
    jobs = [
        make_job(n=64, loss="mse", n_layers=0, optimizer="sgd", max_epochs=60, seed=k, rates=Rates(lr=lr))
        for k, lr in enumerate([0.1, *np.linspace(3, 20, 9)])
    ]
    together = train(jobs)
    ends = sorted(r.state.epoch for r in together if r.state.finished == "diverged")
    assert len(ends) == 9
    assert 1 in np.diff(ends)  # neighbouring epochs are among them
    for job, result in zip(jobs, together, strict=True):
        alone = train([job])[0]
        assert same_result(result, alone), result.state.epoch
        if result.state.finished:
            before = train([replace(job, max_epochs=result.state.epoch - 1)])[0]
            assert np.array_equal(result.state.parameters, before.state.parameters)
            assert np.array_equal(result.state.slots, before.state.slots)
            assert not np.isfinite(result.history[-1].train_loss)


# ---- calling off ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 5, 11])
def test_cancelled(after):
    calls = []

    def cancelled():
        calls.append(None)
        return len(calls) > after

    threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
    with pytest.raises(Cancelled):
        train([make_job(max_epochs=10), make_job(max_epochs=10, seed=1)], cancelled)
    assert len(calls) == after + 1  # asked before each step, and no step after
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled() == gradients


def test_cancelled_is_no_failed_fit():
    assert not issubclass(Cancelled, Exception)


def test_settings_of_the_caller(monkeypatch):
    """They have no part in the numbers, and are as before afterwards."""
    job = make_job(n_valid=20, dropout=0.2, normalization="batch")
    (expected,) = train([job])
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    try:
        torch.set_num_threads(2)
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(99)
        state = torch.get_rng_state()
        np.random.seed(7)  # noqa: NPY002
        with np.errstate(all="raise"):
            (result,) = train([job])
        assert torch.get_num_threads() == 2
        assert torch.get_default_dtype() == torch.float64
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.is_grad_enabled()
        tiny = torch.tensor([1e-38], dtype=torch.float32)
        assert (tiny * 0.01).item() != 0  # subnormal numbers are numbers again
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
    assert same_result(result, expected)


# ---- observers -----------------------------------------------------------------------------------------------------


def same_state(a, b):
    return a.step == b.step and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("parameters", "buffers", "slots"))


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
    (result,) = train([replace(job, observer=observer)])
    assert same_result(result, train([job])[0])
    assert [record for record, _ in observer.seen] == result.history
    for record, state in observer.seen:
        (shorter,) = train([replace(job, max_epochs=record.epoch)])
        for name in ("parameters", "buffers", "slots"):
            assert np.array_equal(getattr(state, name), getattr(shorter.state, name))


@pytest.mark.parametrize("when", [2, ("begin", 3)])
def test_observer_may_stop(when):
    (result,) = train([make_job(max_epochs=9, observer=Observing({when: Reaction(stop=True)}))])
    assert (result.state.epoch, result.state.finished, len(result.history)) == (2, "observer", 2)
    assert np.array_equal(result.state.parameters, train([make_job(max_epochs=2)])[0].state.parameters)


@pytest.mark.parametrize("when", [2, ("begin", 3)])
@pytest.mark.parametrize("members", [1, 3])
def test_observer_may_set_the_rates(when, members):
    jobs = [make_job(seed=k, max_epochs=4, optimizer="momentum", rates=Rates(lr=0.01, momentum=0.9)) for k in range(members)]
    then = Rates(lr=0.05, momentum=0.5, weight_decay=0.1)
    results = train([replace(job, observer=Observing({when: Reaction(rates=then)} if k == 0 else {})) for k, job in enumerate(jobs)])
    (first,) = train([replace(jobs[0], max_epochs=2)])
    assert same_state(results[0].state, train([replace(jobs[0], start=first.state, rates=then)])[0].state)
    for job, result in zip(jobs[1:], results[1:], strict=True):
        assert same_result(result, train([job])[0])


@pytest.mark.parametrize("when", [2, ("begin", 3)])
@pytest.mark.parametrize("members", [1, 3])
def test_observer_may_change_the_state(when, members):
    jobs = [make_job(seed=k, max_epochs=4, optimizer="adam", normalization="batch") for k in range(members)]
    (first,) = train([replace(jobs[0], max_epochs=2)])
    changes = {"parameters": first.state.parameters * 0.5, "slots": first.state.slots * 0, "step": 0}
    results = train([replace(job, observer=Observing({when: Reaction(changes=changes)} if k == 0 else {})) for k, job in enumerate(jobs)])
    assert same_state(results[0].state, train([replace(jobs[0], start=replace(first.state, **changes))])[0].state)
    for job, result in zip(jobs[1:], results[1:], strict=True):
        assert same_result(result, train([job])[0])


def test_a_network_that_diverges_keeps_what_its_observer_made_of_it():
    job = make_job(max_epochs=3)
    changed = train([replace(job, max_epochs=1)])[0].state.parameters + 1
    reactions = {1: Reaction(changes={"parameters": changed}), ("begin", 2): Reaction(rates=Rates(lr=np.inf))}
    (result,) = train([replace(job, observer=Observing(reactions))])
    assert result.state.finished == "diverged"
    assert np.array_equal(result.state.parameters, changed)


def test_error_of_an_observer_hurts_its_own_network_only():
    jobs = [make_job(seed=k) for k in range(3)]
    jobs[1] = replace(jobs[1], observer=Observing({1: ValueError("mine")}))
    results = train(jobs)
    assert str(results[1].error) == "mine"
    assert results[1].state.epoch == 1
    for k in (0, 2):
        assert results[k].error is None
        assert same_result(results[k], train([jobs[k]])[0])


# ---- modules that cannot be vouched for ----------------------------------------------------------------------------


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
    (result,) = train([job])
    plain = {
        "adamw": lambda: torch.optim.AdamW(twin.parameters(), lr=1e-2, weight_decay=0.01),
        "sgd": lambda: torch.optim.SGD(twin.parameters(), lr=1e-2, weight_decay=0.01, momentum=0.9),
    }[optimizer]()
    means = plain_loop(twin, job, plain, 3)
    np.testing.assert_allclose(result.state.parameters, flat(twin), rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose([r.train_loss for r in result.history], means, rtol=1e-4)
    if normalized:
        running = np.concatenate([twin.norm.running_mean, twin.norm.running_var])
        np.testing.assert_allclose(result.state.buffers, running, rtol=1e-4, atol=1e-5)
    X, y = torch.from_numpy(job.train.table.X[-20:]), torch.from_numpy(job.train.table.y[-20:])
    with torch.no_grad():
        valid = F.cross_entropy(twin.eval()(X), y).item()
    assert result.history[-1].valid_loss == pytest.approx(valid, rel=1e-3)


def test_foreign_module_follows_its_seed_and_leaves_torchs_generator_alone():
    def run(seed, noise):
        torch.manual_seed(noise)
        module = convolutional(dropout=0.5)
        torch.manual_seed(noise)
        state = torch.get_rng_state()
        (result,) = train([make_job(graph=module, seed=seed)])
        assert torch.equal(torch.get_rng_state(), state)
        return result

    one, again, other = run(1, 5), run(1, 6), run(2, 5)
    assert same_result(one, again)
    assert not np.array_equal(one.state.parameters, other.state.parameters)


def test_foreign_module_goes_on_where_it_was():
    options = {"dropout": 0.3, "normalized": True}
    (whole,) = train([make_job(graph=convolutional(**options), max_epochs=5)])
    (first,) = train([make_job(graph=convolutional(**options), max_epochs=2)])
    (second,) = train([make_job(graph=convolutional(**options), max_epochs=5, start=first.state)])
    assert same_result(replace(second, history=first.history + second.history), whole)


def test_a_known_module_run_alone_agrees_with_its_stacked_program():
    job = make_job(n_layers=2, activation="silu", normalization="layer")
    (stacked,) = train([job])
    module = MLP(5, 3, n_layers=2, width=8, activation="silu", dropout=0.0, normalization="layer")
    module.load_state_dict(initial_parameters(job.graph, job.seed), strict=False)
    (alone,) = train([replace(job, graph=module)])
    np.testing.assert_allclose(alone.state.parameters, stacked.state.parameters, rtol=1e-4, atol=2e-5)


# ---- which jobs may meet -------------------------------------------------------------------------------------------


def test_key():
    job = make_job(n=120, n_valid=30)
    table = job.train.table
    same = [
        replace(job, seed=5, rates=Rates(lr=1.0, weight_decay=0.3), label_smoothing=0.2, max_epochs=50, schedule=Schedule("cosine"), shuffle=False),
        replace(job, stopping=Stopping(patience=1)),
        job.with_tables(Rows(table, np.arange(119)), Rows(table, np.arange(29))),
        job.with_tables(Rows(table, np.arange(121)), Rows(table, np.arange(31))),
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
    jobs = [make_job(n=n + k % 2, batch_size=batch_size, seed=k, normalization="batch", dropout=0.2) for k in range(4)]
    assert len({job.key for job in jobs}) == 1
    for job, result in zip(jobs, train(jobs), strict=True):
        assert same_result(result, train([job])[0])


def test_foreign_module_beside_threads_that_draw():
    """torch's generator is the whole process's, and skorch's data loaders draw from it: dropout must not notice."""
    expected = train([make_job(graph=convolutional(dropout=0.5), max_epochs=10)])[0]
    module, done = convolutional(dropout=0.5), threading.Event()

    def draw():
        while not done.is_set():
            torch.rand(1)

    thread = threading.Thread(target=draw)
    thread.start()
    (result,) = train([make_job(graph=module, max_epochs=10)])
    done.set()
    thread.join()
    assert same_result(result, expected)
