"""Regressors of transformed targets give numbers in the target's own unit."""

import numpy as np
import pytest

pytest.importorskip("skl2onnx")

from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from sknet_hp import NetRegressor
from sknet_hp.sharing import to_onnx
from sknet_hp.sharing.onnx.check import check_predictions
from tests.helpers.small_nets import SMALL
from tests.helpers.tables import make_mixed_table

REGRESSOR = NetRegressor(**SMALL)
X, _ = make_mixed_table()

TRANSFORMERS = {
    "standard": StandardScaler(),
    "centred": StandardScaler(with_std=False),
    "not centred": RobustScaler(with_centering=False),
    "robust": RobustScaler(),
    "range": MinMaxScaler((-1, 1)),
    "largest": MaxAbsScaler(),
    "Yeo-Johnson": PowerTransformer(),
    "Box-Cox": PowerTransformer("box-cox", standardize=False),
}


@pytest.mark.parametrize("name", TRANSFORMERS)
@pytest.mark.parametrize("columns", [["income"], ["income", "age"]], ids=["one", "two"])
def test_transformers(name, columns):
    y = X[columns].clip(lower=1).to_numpy().squeeze()
    model = TransformedTargetRegressor(REGRESSOR, transformer=TRANSFORMERS[name]).fit(X, y)
    assert check_predictions(to_onnx(model), model, X) < 2e-6


@pytest.mark.parametrize("exponent", [0.0, 2.0, -0.7])
def test_exponents_of_yeo_johnson(exponent):
    y = X["age"].to_numpy() - 40
    model = TransformedTargetRegressor(REGRESSOR, transformer=PowerTransformer(standardize=False), check_inverse=False)
    model.fit(X, y / 20)
    model.transformer_.lambdas_ = np.array([exponent])
    expected = model.predict(X)
    assert np.isfinite(expected).all()
    assert check_predictions(to_onnx(model), model, X) < 2e-6


@pytest.mark.parametrize("pair", [(np.log1p, np.expm1), (np.sqrt, np.square), (np.log10, lambda z: 10**z)])
def test_functions(pair):
    model = TransformedTargetRegressor(REGRESSOR, func=pair[0], inverse_func=pair[1]).fit(X, X["income"])
    if pair[1] not in (np.expm1, np.square):
        with pytest.raises(TypeError, match=r"inverse_func=<function .*functions that have one are .*numpy\.exp"):
            to_onnx(model)
    else:
        assert check_predictions(to_onnx(model), model, X) < 2e-6


def test_other_transformers_are_named():
    transformer = QuantileTransformer(n_quantiles=20)
    model = TransformedTargetRegressor(REGRESSOR, transformer=transformer).fit(X, X["income"])
    with pytest.raises(TypeError, match=r"transformer=QuantileTransformer.* known are .*PowerTransformer"):
        to_onnx(model)
