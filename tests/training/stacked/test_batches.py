import numpy as np
import pytest
import torch

from sknet_hp.nets.inputs import Inputs
from sknet_hp.training.job import EncodedTable, Rows, compute_evaluation_shape
from sknet_hp.training.rules.losses import LOSSES
from sknet_hp.training.stacked.batches import Epochs, Pool
from sknet_hp.training.stacked.cohort import train_cohort
from sknet_hp.training.stacked.validation import Validation
from tests.helpers.jobs import is_close_result, make_job, make_table

CPU = torch.device("cpu")
SIZES = [(120, 32), (121, 32), (10, 32), (1, 1), (64, 64), (65, 64), (33, 1), (50, 7), (300, 1000)]


def epochs_of(jobs):
    pool = Pool(jobs, LOSSES[jobs[0].loss](), CPU)
    return pool, Epochs(pool, jobs, CPU)


@pytest.mark.parametrize(("n", "batch_size"), SIZES)
def test_every_row_exactly_once_an_epoch(n, batch_size):
    job = make_job(n=n, batch_size=batch_size)
    _, epochs = epochs_of([job])
    for epoch in range(3):
        order, weight, share = epochs.draw([epoch])
        assert order.shape == share.shape == (job.steps, 1, job.batch_rows)
        assert weight.shape == (1, job.steps, job.batch_rows)
        counts = order[:, 0].numpy()[weight[0] > 0]
        assert sorted(counts.tolist()) == list(range(n))
        assert set(np.unique(weight)) <= {0.0, 1.0}
        assert ((share[:, 0].numpy() > 0) == (weight[0] > 0)).all()
        np.testing.assert_allclose(share.sum(-1), 1, rtol=1e-6)
        sizes = (weight[0] > 0).sum(1)
        assert (sizes[:-1] == min(n, batch_size)).all()
        assert job.batch_rows == min(batch_size, -(-n // 32) * 32)
        assert [epochs.count_rows(s) for s in range(job.steps)] == sizes.tolist()


def test_only_rows_of_the_index_are_drawn():
    table = make_table(50)
    index = np.array([40, 3, 17, 18, 22])
    job = make_job(table=table)
    job = job.replace_rows(Rows(table, index), None)
    _, epochs = epochs_of([job])
    order, weight, _ = epochs.draw([0])
    assert sorted(order[:, 0].numpy()[weight[0] > 0].tolist()) == sorted(index.tolist())


def test_order_is_a_function_of_seed_and_epoch():
    table = make_table()
    jobs = [make_job(table=table, seed=seed) for seed in (1, 2, 1, 3)]
    torch.manual_seed(5)
    _, epochs = epochs_of(jobs)
    order, _, _ = epochs.draw([4, 4, 4, 0])
    assert torch.equal(order[:, 0], order[:, 2])
    assert not torch.equal(order[:, 0], order[:, 1])
    torch.manual_seed(6)
    _, alone = epochs_of(jobs[1:2])
    assert not torch.equal(alone.draw([3])[0][:, 0], order[:, 1])
    assert torch.equal(alone.draw([4])[0][:, 0], order[:, 1])
    assert torch.equal(epochs.draw([4, 4, 4, 0])[0], order)


def test_without_shuffling_rows_come_in_order():
    _, epochs = epochs_of([make_job(n=70, shuffle=False)])
    order, weight, _ = epochs.draw([3])
    assert order[:, 0].numpy()[weight[0] > 0].tolist() == list(range(70))


def test_row_weights():
    weights = np.random.default_rng(0).random(70).astype(np.float32)
    weights[:40] = 0
    table = make_table(70, weight=weights)
    _, epochs = epochs_of([make_job(table=table, shuffle=False), make_job(n=70, seed=3)])
    for epoch in range(2):
        order, weight, share = epochs.draw([epoch, epoch])
        flat = weight[0].ravel()
        assert np.array_equal(np.concatenate([weight[0, s, :32] for s in range(3)])[:70], weights)
        assert flat.sum() == pytest.approx(weights.sum())
        assert not share[0, 0].any()  # a batch without weight has no share at all
        np.testing.assert_allclose(share[1:, 0].sum(-1), 1, rtol=1e-6)
        assert sorted(order[:, 1].numpy()[weight[1] > 0].tolist()) == list(range(70, 140))


def test_equal_tables_are_pooled_once_if_they_are_one_object():
    table, other = make_table(50), make_table(30, seed=1)
    pool, _ = epochs_of([make_job(table=table), make_job(table=other), make_job(table=table, seed=4)])
    assert pool.starts[-1] == 80
    job = make_job(table=other)
    assert pool.number_rows(job.train).tolist() == list(range(50, 80))


def test_rows_of_others_never_touch_a_member():
    """The rows that fill a batch count for nothing, even where someone else's are
    enormous.
    """
    jobs = [
        make_job(n=50, n_valid=11, seed=1, normalization="batch", activation="relu", n_layers=2),
        make_job(n=50, n_valid=11, seed=2),
    ]
    wild = EncodedTable(Inputs.from_wide(np.full_like(jobs[0].train.table.X.floats, 1e30)), jobs[0].train.table.y)
    wild = make_job(table=wild, n_valid=11, seed=3, normalization="batch", activation="relu", n_layers=2)
    (alone,) = train_cohort(jobs[:1])
    assert alone.state.finished == ""
    for company in ([wild, jobs[0]], [jobs[0], wild]):
        beside = train_cohort(company)[company.index(jobs[0])]
        assert is_close_result(beside, alone)


@pytest.mark.parametrize("n", [1, 31, 32, 33, 1000, 1024, 1025, 2048, 3000])
def test_validation_covers_its_rows_once(n):
    job = make_job(n=20, n_valid=n)
    pool = Pool([job], LOSSES["cross_entropy"](), CPU)
    validation = Validation(pool, [job], CPU)
    rows, steps = compute_evaluation_shape(job.validation)
    assert validation.order.shape == (1, steps * rows)
    drawn = validation.order.numpy()[validation.weight > 0]
    assert drawn.tolist() == list(range(20, 20 + n))
    assert rows % 32 == 0
    assert rows <= 1024
