import pytest

from sknet_hp import NetClassifier
from sknet_hp.tuning.guided.changes import (
    estimate_cost,
    list_architectures,
    list_batch_sizes,
    list_rates,
    list_recipes,
    list_schedules,
)


def get_settings(**params):
    return NetClassifier(**params).get_params()


def test_rates_lie_on_a_log_scale_around_the_suggestion():
    assert [change.params["lr"] for change in list_rates(0.01, 0.1)] == [0.01, 0.0033, 0.03]
    assert [change.params["lr"] for change in list_rates(0.01, 0.011)] == [0.0033, 0.03], "one is known already"


def test_rates_go_with_the_batch_size_as_their_optimizer_wants():
    by_root = list_batch_sizes(64, 0.004, "adamw", 10_000)
    assert [change.params for change in by_root] == [
        {"batch_size": 128, "lr": 0.0057},
        {"batch_size": 32, "lr": 0.0028},
    ]
    in_line = list_batch_sizes(64, 0.004, "sgd", 10_000)
    assert [change.params["lr"] for change in in_line] == [0.008, 0.002]


def test_batches_stay_within_what_makes_sense():
    assert [change.params["batch_size"] for change in list_batch_sizes(8, 0.01, "adamw", 10_000)] == [16]
    assert [change.params["batch_size"] for change in list_batch_sizes(2048, 0.01, "adamw", 10_000)] == [1024]
    assert list_batch_sizes(16, 0.01, "adamw", 30) == []


def test_recipes_are_settings_of_the_network():
    changes = list_recipes(get_settings())
    assert {name for change in changes for name in change.params} == {
        *("width", "dropout", "n_layers", "weight_decay", "optimizer", "lr")
    }
    for change in changes:
        NetClassifier().set_params(**change.params)


def test_layers_given_one_by_one_keep_their_sizes():
    names = {name for change in list_recipes(get_settings(hidden_layer_sizes=(8, 8))) for name in change.params}
    assert names.isdisjoint({"width", "n_layers"})


def test_lion_has_a_smaller_rate_and_more_decay():
    [lion] = [change.params for change in list_recipes(get_settings()) if "optimizer" in change.params]
    assert lion == {"optimizer": "lion", "lr": 0.0004, "weight_decay": 0.05}
    assert not any("optimizer" in change.params for change in list_recipes(get_settings(optimizer="sgd")))


def test_schedules_last_as_long_as_networks_train():
    changes = list_schedules(24, get_settings(lr_schedule="flat_cos"))
    assert [change.params for change in changes] == [
        {"lr_schedule": "cosine", "lr_warmup": 0.05, "schedule_epochs": 24},
        {"patience": 20},
    ]
    assert not any("patience" in c.params for c in list_schedules(24, get_settings(early_stopping=False)))


def test_kinds_of_networks_are_settings_of_the_network():
    changes = list_architectures(get_settings())
    assert [change.params.get("num_embedding") for change in changes] == ["ple", "pbld", None, "ple"]
    assert [change.params.get("module") for change in changes] == [None, None, "resnet", "tabm"]
    for change in changes:
        NetClassifier().set_params(**change.params)


def test_what_a_network_has_is_not_proposed_again():
    changes = list_architectures(get_settings(num_embedding="ple", num_embedding_dim=8))
    assert [change.params["module"] for change in changes] == ["resnet", "tabm"]
    assert list_architectures(get_settings(module="resnet", num_embedding="pbld", num_embedding_dim=4)) == []
    assert list_architectures(get_settings(hidden_layer_sizes=(8, 8))) == []


def test_costs_are_in_line_with_what_was_measured():
    def compare(**params):
        return estimate_cost(get_settings(**params)) / estimate_cost(get_settings())

    # Seconds of an epoch beside those of the defaults: california_housing, one core.
    assert compare(width=256) == pytest.approx(2.9, rel=0.3)
    assert compare(module="resnet") == pytest.approx(4.7, rel=0.3)
    assert compare(num_embedding="ple", num_embedding_dim=8) == pytest.approx(1.25, rel=0.3)
    assert compare(module="tabm", n_heads=8) > 8
    assert compare(hidden_layer_sizes=(8, 8)) > 0
