"""Saved models come back whole, bit for bit; files that are damaged, changed or evil
are refused with a sentence.
"""

import json
import os
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.cluster import Birch
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.datasets import make_classification, make_regression
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler
from skorch.callbacks import Callback

import sknet_hp
from sknet_hp import NetClassifier, NetRegressor, SavedModelError
from sknet_hp.estimators.encoding.numeric.transforms import TRANSFORMS
from sknet_hp.estimators.persistence.contents import FORMAT
from tests.helpers.saved_files import rewrite, without_addresses
from tests.helpers.scripts import run_code

SMALL = {"width": 8, "max_epochs": 3, "random_state": 0}
X, y = make_classification(200, 5, n_informative=4, n_redundant=0, n_classes=3, random_state=0)
Xr, yr = make_regression(200, 5, random_state=0)
frame = pd.DataFrame(X, columns=list("abcde")).assign(
    word=np.where(X[:, 0] > 0, "yes", "nö"),
    yes=X[:, 1] > 0,
    kind=pd.Categorical(np.arange(200) % 4),
    hole=np.where(X[:, 2] > 0, np.nan, X[:, 2]),
)

days = pd.date_range("2020-01-01", periods=200, freq="53h")
dated = pd.DataFrame({"day": days, "zoned": days.tz_localize("UTC"), "text": days.strftime("%Y-%m-%d"), "x": X[:, 0]})

MODELS = {
    "dates": lambda: NetClassifier(**SMALL).fit(dated, y),
    "numbers": lambda: NetClassifier(**SMALL).fit(X, y),
    "texts": lambda: NetClassifier(**SMALL).fit(frame, np.array(["a", "b", "ç"])[y]),
    "object labels": lambda: NetClassifier(**SMALL).fit(frame, np.array(["a", "b", "ç"], dtype=object)[y]),
    "boolean labels": lambda: NetClassifier(**SMALL, class_weight={True: 2.0, False: 1.0}).fit(X, y > 0),
    "several labels": lambda: NetClassifier(**SMALL).fit(X, np.c_[y > 0, y > 1].astype(int)),
    "regression": lambda: NetRegressor(**SMALL, n_members=3, normalization="batch", clip_prediction=True).fit(Xr, yr),
    "several numbers": lambda: NetRegressor(**SMALL, loss="huber", hidden_layer_sizes=(8, 4)).fit(Xr, np.c_[yr, -yr]),
    "splitter": lambda: NetClassifier(**SMALL, validation_split=GroupShuffleSplit(1, random_state=0)).fit(
        X, y, groups=np.arange(200) // 10
    ),
    **{
        f"transform {name}": lambda name=name: NetClassifier(**SMALL, numeric_transform=name).fit(frame, y)
        for name in TRANSFORMS
    },
    "pipeline": lambda: make_pipeline(StandardScaler(), SelectKBest(k=3), NetClassifier(**SMALL)).fit(X, y),
    "columns": lambda: make_pipeline(
        ColumnTransformer(
            [("n", QuantileTransformer(n_quantiles=20), list("abcde")), ("w", OneHotEncoder(), ["word"])]
        ),
        NetClassifier(**SMALL),
    ).fit(frame, y),
    "columns filled": lambda: make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include=np.number)),
            (OneHotEncoder(), ["word"]),
            remainder="drop",
        ),
        NetClassifier(**SMALL),
    ).fit(frame, y),
    "not fitted": lambda: NetClassifier(**SMALL, hidden_layer_sizes=[4, 5]),
}


def table_of(name):
    return (
        dated
        if name == "dates"
        else Xr
        if name in ("regression", "several numbers")
        else frame
        if name.startswith(("text", "object", "transform", "columns"))
        else X
    )


@pytest.mark.parametrize("name", MODELS)
def test_what_comes_back_predicts_the_same(name, path):
    model, table = MODELS[name](), table_of(name)
    sknet_hp.save(model, path)
    again = sknet_hp.load(path)
    assert type(again) is type(model)
    assert without_addresses(again) == without_addresses(model)
    if name == "not fitted":
        assert again.fit(X, y).score(X, y) == model.fit(X, y).score(X, y)
        return
    expected, got = model.predict(table), again.predict(table)
    assert got.dtype == expected.dtype
    assert np.array_equal(got, expected)
    if hasattr(model, "predict_proba"):
        assert np.array_equal(again.predict_proba(table), model.predict_proba(table))
    last = again[-1] if hasattr(again, "steps") else again
    assert last.history_ == (model[-1] if hasattr(model, "steps") else model).history_
    assert np.array_equal(last.net_.history[:, "train_loss"], last.loss_curve_)
    assert os.listdir(path.parent) == [path.name]


def test_training_goes_on_bit_for_bit(path):
    whole = NetClassifier(
        **SMALL | {"max_epochs": 6},
        n_members=2,
        dropout=0.2,
        normalization="batch",
        schedule_epochs=6,
        lr_schedule="cosine",
    ).fit(X, y)
    part = NetClassifier(
        **SMALL,
        n_members=2,
        dropout=0.2,
        normalization="batch",
        schedule_epochs=6,
        lr_schedule="cosine",
        warm_start=True,
    ).fit(X, y)
    sknet_hp.save(part, path)
    again = sknet_hp.load(path).set_params(max_epochs=6).fit(X, y)
    assert np.array_equal(again.parameters_, whole.parameters_)
    assert np.array_equal(again.buffers_, whole.buffers_)


@pytest.mark.parametrize("own", [{"early_stopping": True}, {"optimizer": "sgd", "weight_averaging": "ema"}])
def test_what_only_predicts_is_smaller_and_says_that_it_cannot_go_on(path, own):
    model = NetClassifier(**SMALL | {"width": 256, "n_members": 2}, n_layers=3, warm_start=True, **own).fit(X, y)
    sknet_hp.save(model, path)
    whole = path.stat().st_size
    sknet_hp.save(model, path, resumable=False)
    assert path.stat().st_size < 0.6 * whole
    again = sknet_hp.load(path)
    expected = model.predict_proba(X)
    assert np.array_equal(again.predict_proba(X), expected)
    assert again.n_iter_ == model.n_iter_
    assert (again.state_.step, again.state_.finished) == (model.state_.step, model.state_.finished)
    weights = model.net_.module_.state_dict()
    assert all(tensor.equal(weights[name]) for name, tensor in again.net_.module_.state_dict().items())
    with pytest.raises(ValueError, match="saved with resumable=False"):
        again.set_params(max_epochs=6).fit(X, y)
    assert np.array_equal(again.set_params(warm_start=False, max_epochs=3).fit(X, y).predict_proba(X), expected)


def test_another_process_loads_it(path):
    model = MODELS["texts"]()
    sknet_hp.save(model, path)
    code = f"import sknet_hp; print(sknet_hp.load({str(path)!r}).classes_.tolist())"
    assert run_code(code, PYTHONUTF8="1").stdout.strip() == "['a', 'b', 'ç']"


def test_there_is_no_pickle_in_it(path):
    sknet_hp.save(MODELS["pipeline"](), path)
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    assert json.loads(content[8 : 8 + size])["__metadata__"]["sknet_hp"] == str(FORMAT)
    assert b"cbuiltins" not in content
    assert b"c__builtin__" not in content


def routing(model):
    return model.get_metadata_routing()._serialize()


def test_requests_for_metadata_come_back(path):
    weight = np.ones(200)
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight="own")
        nets = (
            NetClassifier(**SMALL)
            .set_fit_request(sample_weight=True, groups=True)
            .set_score_request(sample_weight=False)
        )
        for model, given in (
            (nets, {}),
            (clone(nets).fit(X, y), {}),
            (
                make_pipeline(scaler, clone(nets)).fit(X, y, own=weight, sample_weight=weight),
                {"own": weight, "sample_weight": weight},
            ),
            (
                make_pipeline(ColumnTransformer([("n", scaler, [0, 1])]), clone(nets)).fit(X, y, own=weight),
                {"own": weight},
            ),
        ):
            sknet_hp.save(model, path)
            again = sknet_hp.load(path)
            assert routing(again) == routing(model) == routing(clone(again))
            assert np.array_equal(again.fit(X, y, **given).predict(X), clone(model).fit(X, y, **given).predict(X))
            assert again.set_params().get_metadata_routing() is not None
        sknet_hp.save(nets, path)
        assert vars(sknet_hp.load(path))["_metadata_request"].owner is not None
    assert routing(scaler)["fit"] == {"sample_weight": "own"}
    assert scaler._metadata_request.owner is scaler  # what was saved stays as it was


@pytest.mark.parametrize("where", ["no/model", "a file/model", "."])
def test_errors_name_the_file_that_was_asked_for(tmp_path, where):
    (tmp_path / "a file").touch()
    with pytest.raises(OSError, match=r"No such file|Not a directory|Is a directory") as error:
        sknet_hp.save(NetClassifier(), tmp_path / where)
    assert error.value.filename == str(tmp_path / where)
    assert str(error.value).endswith(f"'{tmp_path / where}'")
    assert os.listdir(tmp_path) == ["a file"]


class _Look(Callback):
    pass


def test_what_cannot_be_stored_is_named(path):
    with pytest.raises(TypeError, match=r"NetClassifier\.callbacks\[0\] is .*_Look.*use joblib\.dump"):
        sknet_hp.save(NetClassifier(callbacks=[_Look()]), path)
    with pytest.raises(TypeError, match="got StandardScaler"):
        sknet_hp.save(StandardScaler(), path)
    with pytest.raises(TypeError, match="got GridSearchCV; save its best_estimator_, or use joblib"):
        sknet_hp.save(GridSearchCV(NetClassifier(**SMALL), {"lr": [1e-3]}, cv=2).fit(X, y), path)
    with pytest.raises(TypeError, match=r"\(Birch\) can't be stored .*not supported.*joblib\.dump"):
        sknet_hp.save(make_pipeline(Birch(), NetClassifier()), path)
    circle = NetClassifier()
    circle.itself = circle
    with pytest.raises(TypeError, match="holds itself"):
        sknet_hp.save(circle, path)
    assert not path.exists()


# ---- files that must be refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b[: len(b) // 2], "damaged"),
        (lambda b: b[:-1], "damaged"),
        (lambda b: b[:5], "not a file that sknet_hp"),
        (lambda b: b"", "not a file that sknet_hp"),
        (lambda b: b"\x80\x04\x95" + b, "not a file that sknet_hp"),
        (lambda b: b.replace(b'"sknet_hp":"2"', b'"sknet_hp":"9"'), r"newer version of sknet_hp \(format 9"),
        (
            lambda b: b.replace(b'"sknet_hp":"2"', b'"sknet_hp":"1"'),
            r"older version of sknet_hp \(format 1.*fit and save the model again",
        ),
        (lambda b: b[:-40] + bytes([b[-40] ^ 1]) + b[-39:], "do not match their checksum"),
        (lambda b: b"\xff" * 8 + b[8:], "not a file that sknet_hp"),
    ],
)
def test_damaged_files(path, damage, message):
    sknet_hp.save(MODELS["numbers"](), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SavedModelError, match=message):
        sknet_hp.load(path)


def test_no_file(path):
    with pytest.raises(FileNotFoundError):
        sknet_hp.load(path)


@pytest.mark.parametrize(
    "evil",
    [
        lambda tree: tree.replace('"object":"TableEncoder"', '"object":"Popen"'),
        lambda tree: tree.replace('"object":"TableEncoder"', '"object":"os.system"'),
        lambda tree: '{"object":"Plateau","state":{}}',
        lambda tree: '{"list":[]}',
        lambda tree: "[" * 5000 + "]" * 5000,
        lambda tree: '{"call":["os.system","true"]}',
        lambda tree: '{"texts":["a"],"dtype":"O"}',
        lambda tree: '{"array":"a99"}',
    ],
)
def test_changed_files_build_nothing_but_what_is_known(path, evil):
    sknet_hp.save(MODELS["numbers"](), path)
    rewrite(path, evil)
    with pytest.raises(SavedModelError):
        sknet_hp.load(path)


def test_ten_thousand_mutations(path, monkeypatch):
    """Each is refused with our error, and nothing is imported on the way."""
    sknet_hp.save(MODELS["pipeline"](), path)
    good, rng = path.read_bytes(), np.random.default_rng(0)
    sknet_hp.load(path)
    before = set(sys.modules)
    for _ in range(10_000):
        bad = bytearray(good)
        header = int.from_bytes(good[:8], "little") + 8
        for _ in range(rng.integers(1, 4)):
            where = int(rng.integers(header if rng.random() < 0.7 else len(good)))
            action = rng.integers(3)
            if action == 0:
                bad[where % len(bad)] ^= int(rng.integers(1, 256))
            elif action == 1:
                del bad[where % len(bad) : where % len(bad) + int(rng.integers(1, 9))]
            else:
                bad[where:where] = rng.bytes(int(rng.integers(1, 9)))
        if bytes(bad) == good:
            continue
        path.write_bytes(bad)
        try:
            loaded = sknet_hp.load(path)
        except SavedModelError:
            continue
        assert np.array_equal(loaded.predict(X), sknet_hp.load(path).predict(X))  # harmless: spaces in the header, say
    assert set(sys.modules) == before
