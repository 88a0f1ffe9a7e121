from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from sknet_hp.formatting.values import format_params, format_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (np.True_, "True"),
        (32768, "32768"),
        (np.int64(3), "3"),
        (0.9999, "0.9999"),
        (0.00123456, "0.00123"),
        (np.float32(0.1), "0.1"),
        (1e-5, "1e-05"),
        (12345.678, "12346"),
        (1e-300, "1e-300"),
        (float("nan"), "nan"),
        ("relu", "relu"),
        ((64, 32), "(64, 32)"),
        ((0.00123456,), "(0.00123,)"),
        (["a", 1.0], "['a', 1]"),
        (StandardScaler(), "StandardScaler()"),
        (nn.ReLU, "ReLU"),
        (np.mean, "mean"),
        (partial(np.mean, axis=0), "mean"),
    ],
)
def test_values(value, text):
    assert format_value(value) == text


def test_long_values_are_cut():
    text = format_value(LogisticRegression(C=0.5, class_weight="balanced", max_iter=1000, solver="liblinear"))
    assert len(text) == 60
    assert text.startswith("LogisticRegression(C=0.5")
    assert text.endswith("…")
    assert format_value("many letters", most=6) == "many …"


def test_parameters_are_written_as_code():
    params = {"lr": 0.00123456, "activation": "relu", "hidden": (64,), "step": StandardScaler()}
    assert format_params(params) == "lr=0.00123, activation='relu', hidden=(64,), step=StandardScaler()"
