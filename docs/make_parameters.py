"""Write parameters.md, the table of all hyperparameters, from the package's registry.

`tests/test_docs.py` checks that it is up to date.
"""

from inspect import signature
from pathlib import Path

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.parameters import CLASSIFIER, COMMON, REGRESSOR

HEAD = """# Parameters

All hyperparameters of `NetClassifier` and `NetRegressor`, written by `docs/make_parameters.py` from the registry \
that also makes the
docstrings and checks what is given. Numbers that change neither shapes nor steps (learning rate, \
decay, momenta, dropout rates,
smoothing, clipping, schedule settings, ...) may differ between networks that a GPU trains \
as one stack; the rest make stacks of their own.

| parameter | default | may be | search over | what it does | source |
|---|---|---|---|---|---|
"""


def page() -> str:
    """Write the whole page."""
    rows = []
    for own, Net, mark in (
        (COMMON, NetClassifier, ""),
        (CLASSIFIER, NetClassifier, " (classifier)"),
        (REGRESSOR, NetRegressor, " (regressor)"),
    ):
        defaults = signature(Net).parameters
        for name, parameter in own.items():
            kind, _, default = parameter.describe_type(defaults[name].default).rpartition(", default=")
            cells = (f"`{name}`{mark}", f"`{default}`", kind, parameter.search, parameter.text, parameter.source)
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("parameters.md").write_text(page(), encoding="utf-8")
