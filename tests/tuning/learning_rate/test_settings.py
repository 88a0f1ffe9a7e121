"""What a range test trains, and on which rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.tuning.learning_rate.networks import train_constant
from sknet_hp.tuning.learning_rate.settings import choose_split, make_problem

X, Y = make_classification(300, 5, weights=[0.9], random_state=0)


def make(net, X=X, y=Y, weight=None, groups=None, n_epochs=2, max_rows=None):
    return make_problem(net, X, y, weight, groups, n_epochs, max_rows, 0)


def test_the_rate_is_constant():
    net = NetClassifier(lr_schedule="cosine", lr_warmup=2, dropout_schedule="flat_cos", n_members=3, refit_full=True)
    problem = make(net)
    tested = problem.net
    assert (tested.lr_schedule, tested.lr_warmup, tested.dropout_schedule) == ("constant", 0, "constant")
    assert (tested.n_members, tested.refit_full, tested.max_epochs) == (1, False, 2)
    assert problem.changed == {"lr_schedule": "cosine", "lr_warmup": 2, "dropout_schedule": "flat_cos"}
    assert net.lr_schedule == "cosine"
    assert make(NetClassifier()).changed == {}


def test_weights_are_averaged_as_the_estimator_does():
    assert make(NetClassifier(early_stopping=False)).net.weight_averaging == "none"
    assert make(NetClassifier()).net.weight_averaging == "auto"


@pytest.mark.parametrize(("batch_size", "rows"), [("auto", 128), (0.1, 450), (64, 64)])
def test_batches_are_those_of_a_training_on_all_rows(batch_size, rows):
    table, y = np.zeros((5000, 1)), np.arange(5000) % 2
    assert make(NetClassifier(batch_size=batch_size), table, y, max_rows=1000).net.batch_size == rows


def test_rows_are_drawn_class_by_class():
    weight, groups = np.arange(300.0), np.arange(300)
    problem = make(NetClassifier(), pd.DataFrame(X), Y, weight, groups, max_rows=100)
    assert len(problem.X) == len(problem.y) == 100
    assert problem.y.sum() == round(Y.sum() / 3)
    np.testing.assert_array_equal(problem.sample_weight, problem.groups)
    np.testing.assert_array_equal(problem.X, X[problem.groups])
    assert problem.n_rows == 300


def test_epochs_follow_from_steps():
    few, many = (np.zeros((n, 1)) for n in (40, 20_000))
    assert make(NetRegressor(), few, np.arange(40.0), n_epochs="auto").n_epochs == 30
    assert make(NetRegressor(), many, np.arange(2e4), n_epochs="auto").n_epochs == 5


def test_first_steps_of_nested_pipelines():
    pipeline = make_pipeline(StandardScaler(), make_pipeline("passthrough", NetClassifier()))
    np.testing.assert_allclose(make(pipeline).X, StandardScaler().fit_transform(X))


def test_groups_are_held_out_together():
    split = choose_split(NetClassifier(), np.arange(300) // 10, seed=0)
    train, held_out = next(split.split(X, Y, np.arange(300) // 10))
    assert not set(train // 10) & set(held_out // 10)
    own = ShuffleSplit(1)
    assert choose_split(NetClassifier(validation_split=own), np.arange(300), 0) is own


def test_a_training_takes_weights_and_groups():
    weight = np.where(np.arange(300) < 150, 1.0, 0.0)
    with_groups = make(NetClassifier(width=8), weight=weight, groups=np.arange(300) // 10)
    alone = make(NetClassifier(width=8))
    trained = [train_constant(0, 1, problem, 1e-2) for problem in (with_groups, alone)]
    assert all(len(one.valid_losses) == 2 and np.isfinite(one.lowest) for one in trained)
    assert trained[0].lowest != trained[1].lowest


def test_shuffled_targets_teach_nothing():
    table, y = make_classification(400, 6, n_informative=4, class_sep=2.0, random_state=0)
    problem = make(NetClassifier(width=8), table, y, n_epochs=5)
    true, shuffled = (train_constant(0, 1, problem, 1e-2, which) for which in (False, True))
    assert true.lowest < 0.5
    assert shuffled.lowest == pytest.approx(np.log(2), abs=0.05)
