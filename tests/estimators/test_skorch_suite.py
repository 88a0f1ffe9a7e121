"""skorch's own tests, which its wheel brings, with our drop-in nets in place of its classes."""

import subprocess
import sys

import pytest
from skorch.callbacks import Callback

from sknet_hp.estimators.skorch_net import _acts_per_batch

PLUGIN = """
import skorch, sknet_hp.skorch
for name in ("NeuralNetClassifier", "NeuralNetRegressor"):
    setattr(skorch, name, getattr(sknet_hp.skorch, name))
"""


@pytest.mark.slow
@pytest.mark.parametrize("module", ["test_classifier", "test_regressor", "test_history"])
def test_passes_with_our_nets(module, tmp_path):
    (tmp_path / "our_nets.py").write_text(PLUGIN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "our_nets", "-p", "no:cacheprovider", "--pyargs", f"skorch.tests.{module}"]
    ran = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert " passed" in ran.stdout


def test_what_is_no_callback_of_skorchs_is_left_to_skorch():
    """Anything with the right methods may be a callback; whether it acts per batch cannot be told from its class."""

    class Duck:
        def on_epoch_end(self, net, **kwargs):
            pass

    assert _acts_per_batch(Duck())
    assert not _acts_per_batch(Callback())
