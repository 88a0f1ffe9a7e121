"""Networks that start from others: what is taken, what stays as it is, what learns at a
lower rate.
"""

import gc
import weakref

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor

SMALL = {"width": 16, "max_epochs": 4, "early_stopping": False, "random_state": 0}
X, y = make_classification(300, 6, n_informative=5, n_redundant=0, n_classes=3, random_state=0)


@pytest.fixture(scope="module")
def source():
    return NetClassifier(**SMALL | {"max_epochs": 30}).fit(X, y)


def tensors(net):
    return {name: p.detach().numpy().copy() for name, p in net.net_.module_.named_parameters()}


def moved(net, source):
    """Names of the parameters that are not the source's."""
    before = tensors(source)
    return [name for name, p in tensors(net).items() if not np.array_equal(p, before[name])]


LAST = ["layers.6.weight", "layers.6.bias"]


def test_it_begins_where_the_source_ended(source):
    still = NetClassifier(**SMALL | {"max_epochs": 1}, lr=1e-30, init_from=source).fit(X, y)
    np.testing.assert_allclose(still.predict_proba(X), source.predict_proba(X), atol=1e-5)
    far = NetClassifier(**SMALL | {"max_epochs": 1}, lr=1e-3, init_from=source).fit(X, y)
    assert far.loss_curve_[0] < NetClassifier(**SMALL | {"max_epochs": 1}, lr=1e-3).fit(X, y).loss_curve_[0] - 0.2


@pytest.mark.parametrize(
    ("freeze", "expected"),
    [
        ("all_but_last", LAST),
        (2, LAST),
        (1, ["layers.3.weight", "layers.3.bias", *LAST]),
        (["layers.6", "layers.0.weight"], ["layers.0.bias", "layers.3.weight", "layers.3.bias"]),
    ],
)
@pytest.mark.parametrize("width", [16, 80])  # the latter has AdamW's other kernel
def test_what_is_frozen_stays(freeze, expected, width):
    parameters = SMALL | {"width": width}
    source = NetClassifier(**parameters).fit(X, y)
    net = NetClassifier(**parameters, init_from=source, freeze=freeze, weight_decay=0.5).fit(X, y)
    assert moved(net, source) == expected


def test_unfrozen_later(source):
    net = NetClassifier(**SMALL, init_from=source, freeze="all_but_last", unfreeze_epoch=3).fit(X, y)
    assert len(moved(net, source)) == 6
    frozen = NetClassifier(**SMALL | {"max_epochs": 2}, init_from=source, freeze="all_but_last", unfreeze_epoch=3).fit(
        X, y
    )
    assert moved(frozen, source) == LAST


def test_by_hand_with_warm_start(source):
    """The last layer first, then the rest at a low rate."""
    net = NetClassifier(**SMALL, init_from=source, freeze="all_but_last", warm_start=True).fit(X, y)
    assert moved(net, source) == LAST
    net.set_params(max_epochs=8, freeze=None, lr=1e-4).fit(X, y)
    assert len(moved(net, source)) == 6


def test_by_hand_with_partial_fit(source):
    """It asked for warm_start, although there is something to go on from."""
    net = NetClassifier(**SMALL).fit(X, y)
    before = tensors(net)
    net.set_params(freeze="all_but_last").partial_fit(X, y)
    assert [name for name, p in tensors(net).items() if not np.array_equal(p, before[name])] == LAST


def test_layers_further_away_learn_more_slowly(source):
    net = NetClassifier(
        **SMALL | {"max_epochs": 1}, optimizer="lion", weight_decay=0, init_from=source, lr=1e-3, lr_layer_decay=0.1
    ).fit(X, y)
    before, after = tensors(source), tensors(net)
    steps = [np.abs(after[f"layers.{k}.bias"] - before[f"layers.{k}.bias"]).max() for k in (0, 3, 6)]
    assert steps[0] < 0.3 * steps[1] < 0.09 * steps[2] * 1.5


def test_other_classes_and_another_task(source):
    two = NetClassifier(**SMALL, init_from=source, freeze="all_but_last").fit(X, y > 0)
    assert two.predict_proba(X).shape == (300, 2)
    assert np.array_equal(tensors(two)["layers.0.weight"], tensors(source)["layers.0.weight"])
    NetRegressor(**SMALL, init_from=source).fit(X, y * 1.0)


def test_layers_that_are_not_frozen_may_be_new(source):
    deeper = NetClassifier(**SMALL, n_layers=3, init_from=source, freeze=2).fit(X, y)
    assert np.array_equal(tensors(deeper)["layers.3.weight"], tensors(source)["layers.3.weight"])


def test_it_is_not_kept_alive():
    """The parameters that were found valid were remembered, estimators among them."""
    source = NetClassifier(**SMALL).fit(X, y)
    NetClassifier(**SMALL, init_from=source).fit(X, y)
    gone = weakref.ref(source)
    del source
    gc.collect()
    assert gone() is None


def test_layers_learn_alike_from_an_epoch_on():
    """`unfreeze_epoch` ends `lr_layer_decay` too."""
    slow = NetClassifier(**SMALL | {"max_epochs": 2}, lr_layer_decay=0.1, unfreeze_epoch=3, warm_start=True).fit(X, y)
    assert np.array_equal(
        slow.parameters_, NetClassifier(**SMALL | {"max_epochs": 2}, lr_layer_decay=0.1).fit(X, y).parameters_
    )
    later = clone(slow).set_params(unfreeze_epoch=None).fit(X, y).set_params(lr_layer_decay=1.0, max_epochs=4).fit(X, y)
    assert np.array_equal(slow.set_params(max_epochs=4).fit(X, y).parameters_, later.parameters_)


def test_from_a_file_in_a_search(source, tmp_path):
    sknet_hp.save(source, tmp_path / "source")
    alone = cross_val_score(NetClassifier(**SMALL, init_from=str(tmp_path / "source")), X, y, cv=3)
    with sknet_hp.fused(n_jobs=1):
        assert np.array_equal(cross_val_score(NetClassifier(**SMALL, init_from=source), X, y, cv=3), alone)


class Own(nn.Linear):
    def __init__(self, n_features, n_outputs):
        super().__init__(n_features, n_outputs)


def test_the_encoding_must_suit_the_network():
    """Numbers of categories are no inputs of other layers: training failed in torch, or
    took them for quantities.
    """
    towns = pd.DataFrame({"town": [f"t{k}" for k in np.arange(300) // 5], "x": X[:, 0]})
    source = NetClassifier(**SMALL, max_one_hot=5, cat_embedding_dim=4).fit(towns, y)
    with pytest.raises(
        ValueError, match=r"(?s)init_from=.* with cat_embedding_dim=0 has not; give it the source's cat_embedding_dim"
    ):
        NetClassifier(**SMALL, init_from=source).fit(towns, y)
    with pytest.raises(ValueError, match=r"(?s)init_from=.* has not; use a module of ours"):
        NetClassifier(**SMALL, init_from=source, module=Own).fit(towns, y)
    few = np.c_[X, np.arange(300) % 2]
    binned = NetClassifier(**SMALL, input_dropout=0.1).fit(few, y)
    with pytest.raises(
        ValueError,
        match=r"(?s)num_embedding_dim=4 needs numbers of equally many bins, but those of init_from=.* differ",
    ):
        NetClassifier(**SMALL, init_from=binned, num_embedding_dim=4).fit(few, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"freeze": 1}, "give init_from, or train on with warm_start"),
        ({"freeze": 1, "warm_start": True}, "give init_from, or train on with warm_start"),
        ({"unfreeze_epoch": 2}, "unfreeze_epoch=2 ends what freeze or lr_layer_decay begins"),
        ({"init_from": "source", "freeze": 3}, "leaves nothing to train: the network has 3 layers"),
        ({"init_from": "source", "freeze": ["encoder"]}, "names 'encoder', which begins no parameter's name"),
        ({"init_from": "source", "freeze": [1]}, "names 1, which begins no parameter's name"),
        ({"init_from": "no/such/file"}, "init_from='no/such/file' can not be read: No such file or directory"),
        ({"init_from": LogisticRegression()}, "must be a fitted NetClassifier or NetRegressor"),
        ({"init_from": NetClassifier()}, "must be a fitted NetClassifier or NetRegressor"),
        ({"init_from": "source", "width": 7, "n_layers": 1}, "no layer of init_from"),
        ({"init_from": "source", "width": 7}, "no layer of init_from"),  # though the output's bias would match
        (
            {"init_from": "source", "n_layers": 3, "freeze": "all_but_last"},
            "'layers.6.weight' at random weights.*It has layers.0.weight",
        ),
        (
            {"init_from": "source", "hidden_layer_sizes": (16, 8), "freeze": 2, "unfreeze_epoch": 2},
            "'layers.3.weight' at random weights",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(source, parameters, message):
    if parameters.get("init_from") == "source":
        parameters = parameters | {"init_from": source}
    with pytest.raises(ValueError, match=message):
        NetClassifier(**SMALL | parameters).fit(X, y)


@pytest.mark.parametrize("table", [X[:, :-1], X.astype(str)], ids=["fewer columns", "text"])
def test_a_table_of_other_columns_is_refused_as_such(source, table):
    with pytest.raises(
        ValueError,
        match="init_from keeps its encoding, for tables of the same columns in the same order, which X does not fit",
    ):
        NetClassifier(**SMALL, init_from=source).fit(table, y)
