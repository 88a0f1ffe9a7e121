"""bfloat16 as a hyperparameter: as good, as reproducible, and refused where it can not
be had.
"""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, make_classification
from sklearn.model_selection import GridSearchCV, cross_val_score
from torch import nn

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.nets.compiled.kernels import half_products

bf16 = pytest.mark.skipif(not half_products.is_supported(), reason="this CPU does not multiply bfloat16")
X, y = make_classification(300, 8, n_informative=5, n_classes=3, random_state=0)
SMALL = {"width": 32, "max_epochs": 4, "batch_size": 32, "dropout": 0.0, "random_state": 0}


def fitted(**parameters):
    return NetClassifier(**SMALL | parameters).fit(X, y)


@bf16
def test_scores_are_those_of_float32():
    for Net, data, metric in ((NetClassifier, load_breast_cancer, "roc_auc"), (NetRegressor, load_diabetes, "r2")):
        scores = [
            cross_val_score(
                Net(precision=precision, max_epochs=30, random_state=0), *data(return_X_y=True), cv=3, scoring=metric
            ).mean()
            for precision in ("float32", "bf16")
        ]
        assert scores[1] == pytest.approx(scores[0], abs=0.01)


@bf16
@pytest.mark.parametrize("module", ["mlp", "resnet", "tabm"])
def test_what_is_rounded(module):
    a, b = (fitted(module=module, n_heads=4, precision=precision, max_epochs=1) for precision in ("float32", "bf16"))
    assert not np.array_equal(a.parameters_, b.parameters_)
    np.testing.assert_allclose(a.parameters_, b.parameters_, atol=0.02)
    assert b.parameters_.dtype == np.float32
    # The same weights predict a little different: prediction rounds too.
    b.parameters_ = a.parameters_
    assert 0 < np.abs(a.predict_proba(X) - b.predict_proba(X)).max() < 0.02


@bf16
def test_kept_and_continued(tmp_path):
    whole = fitted(precision="bf16", max_epochs=6)
    net = fitted(precision="bf16", max_epochs=3, schedule_epochs=6, warm_start=True)
    sknet_hp.save(net, tmp_path / "net")
    for again in (sknet_hp.load(tmp_path / "net"), pickle.loads(pickle.dumps(net)), net):
        assert np.array_equal(again.predict_proba(X), net.predict_proba(X)) or again is net
        assert np.array_equal(again.set_params(max_epochs=6).fit(X, y).predict_proba(X), whole.predict_proba(X))
    with pytest.raises(ValueError, match="precision='bf16' has become 'float32'"):
        net.set_params(precision="float32", max_epochs=7).fit(X, y)


@bf16
def test_precisions_in_a_search():
    search = GridSearchCV(
        NetClassifier(**SMALL), {"precision": ["float32", "bf16"], "lr": [1e-2, 1e-3, 1e-4]}, cv=2, refit=False
    )
    with sknet_hp.fused(n_jobs=1):
        together = search.fit(X, y).cv_results_["mean_test_score"]
    assert np.array_equal(together, search.fit(X, y).cv_results_["mean_test_score"])


class Convolution(nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.first, self.last = nn.Conv1d(1, 2, 3, padding=1), nn.Linear(2 * n_features, n_outputs)

    def forward(self, x):
        return self.last(self.first(x.unsqueeze(1)).flatten(1))


@pytest.mark.filterwarnings("ignore:.*train through torch:UserWarning")
def test_modules_that_train_alone():
    with pytest.raises(ValueError, match="precision='bf16' is for layers we know, but module="):
        fitted(precision="bf16", module=Convolution)


class OwnLoss(nn.CrossEntropyLoss):
    pass


@bf16
def test_losses_of_their_own():
    with pytest.raises(ValueError, match="precision='bf16' is for losses we know, but loss="):
        fitted(precision="bf16", loss=OwnLoss())


def test_other_machines(monkeypatch):
    monkeypatch.setattr(half_products, "is_supported", lambda: False)
    with pytest.raises(ValueError, match="precision='bf16' needs a CPU that multiplies bfloat16"):
        fitted(precision="bf16")
    monkeypatch.setattr("sknet_hp.estimators.building.jobs.resolve_device", lambda device, elsewhere: device)
    with pytest.raises(ValueError, match="precision='bf16' is for device='cpu', but device='cuda'"):
        fitted(precision="bf16", device="cuda")
