"""Write parameters.md, the table of all hyperparameters, from the package's registry.

`tests/test_docs.py` checks that it is up to date.
"""

from inspect import signature
from pathlib import Path

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.parameters import CLASSIFIER, REGRESSOR, Hyperparameter
from sknet_hp.estimators.parameters.fitting import FITTING
from sknet_hp.estimators.parameters.inputs import INPUTS
from sknet_hp.estimators.parameters.network import NETWORK
from sknet_hp.estimators.parameters.update import UPDATE

HEAD = """# Parameters

Every hyperparameter of `NetClassifier` and `NetRegressor`. Which ones matter, and how they interact: \
[Hyperparameters](guide/hyperparameters.md).

`docs/make_parameters.py` writes this page from the registry that also makes the docstrings and checks what is given.
"""

COLUMNS = """
| parameter | default | may be | search over | what it does | source |
|---|---|---|---|---|---|
"""

SECTIONS = (
    ("Inputs", INPUTS, NetClassifier),
    ("Network", NETWORK, NetClassifier),
    ("Optimizer", UPDATE, NetClassifier),
    ("Training", FITTING, NetClassifier),
    ("Of classifiers only", CLASSIFIER, NetClassifier),
    ("Of regressors only", REGRESSOR, NetRegressor),
)


def write_table(parameters: dict[str, Hyperparameter], Net: type) -> str:
    """Return a row for each parameter."""
    rows, defaults = [], signature(Net).parameters
    for name, parameter in parameters.items():
        kind, _, default = parameter.describe_type(defaults[name].default).rpartition(", default=")
        cells = (f"`{name}`", f"`{default}`", kind, parameter.search, parameter.text, parameter.source)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return COLUMNS + "\n".join(rows) + "\n"


def page() -> str:
    """Write the whole page."""
    return HEAD + "".join(f"\n## {title}\n{write_table(own, Net)}" for title, own, Net in SECTIONS)


if __name__ == "__main__":
    Path(__file__).with_name("parameters.md").write_text(page(), encoding="utf-8")
