"""skorch's own tests, which its wheel brings, with our drop-in nets in place of its
classes.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import skorch
from skorch.callbacks import Callback
from torch import nn

import sknet_hp
from sknet_hp.estimators.skorch_nets.callback_observer import find_batch_hooks

PLUGIN = """
import skorch, sknet_hp.skorch
for name in ("NeuralNetClassifier", "NeuralNetRegressor"):
    setattr(skorch, name, getattr(sknet_hp.skorch, name))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    [
        "test_classifier",
        "test_regressor",
        "test_history",
        "callbacks.test_training",
        "callbacks.test_lr_scheduler",
        "callbacks.test_regularization",
    ],
)
def test_passes_with_our_nets(module, tmp_path):
    (tmp_path / "our_nets.py").write_text(PLUGIN)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "our_nets",
        "-p",
        "no:cacheprovider",
        "--pyargs",
        f"skorch.tests.{module}",
    ]
    # These replace a method by a mock that calls it by name, which an override of it does not survive.
    command += ["-k", "not no_module_reinit"]
    here = Path(sknet_hp.__file__).parents[1]
    ran = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{here}"}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert " passed" in ran.stdout


def test_what_is_no_callback_of_skorchs_is_left_to_skorch():
    """Anything with the right methods may be a callback; whether it acts per batch
    cannot be told from its class.
    """

    class Duck:
        def on_epoch_end(self, net, **kwargs):
            pass

    net = skorch.NeuralNetClassifier(nn.Linear(2, 2))
    assert find_batch_hooks(Duck(), net)
    assert not find_batch_hooks(Callback(), net)
