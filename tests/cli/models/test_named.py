import pytest
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from sknet_hp import NetClassifier, save
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.named import make_contestant, take_network
from sknet_hp.cli.options import BASELINES, MODELS
from sknet_hp.estimators.averaged import AveragedClassifier
from sknet_hp.evaluation import baselines


def test_all_baselines_have_names():
    assert set(BASELINES) == set(baselines.BASELINES)


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("name", MODELS)
def test_models_suit_the_task(name, task):
    made = make_contestant(name, task, seed=5, device="cpu").estimator
    assert is_classifier(made) == (task == "classification")
    assert made.get_params().get("random_state", 5) in (5, None)


def test_a_saved_model_gives_its_settings(table, tmp_path):
    X = table[["size", "old"]]
    save(NetClassifier(width=7, max_epochs=2).fit(X, table["label"]), tmp_path / "model.safetensors")
    made = make_contestant(str(tmp_path), "classification", seed=0, device="cpu")
    assert made.is_tuned
    assert made.estimator.width == 7
    with pytest.raises(Exception, match="not fitted"):
        check_is_fitted(made.estimator)
    with pytest.raises(BadInput, match=r"is a model for classification, and this is regression"):
        make_contestant(str(tmp_path), "regression", seed=0, device="cpu")


def test_an_ensemble_stands_for_its_first_network():
    first, second = NetClassifier(width=7), NetClassifier(width=8)
    assert take_network(AveragedClassifier([("a", first), ("b", second)])) is first
    assert take_network(first) is first


def test_no_such_model():
    with pytest.raises(BadInput, match=r"'bosting' \(did you mean 'boosting'\?\)"):
        make_contestant("bosting", "classification", seed=0, device="cpu")
