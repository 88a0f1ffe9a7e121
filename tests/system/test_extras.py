import re
import tomllib
from pathlib import Path

import pytest

from sknet_hp.system.extras import require_extra
from tests.helpers.sources import SOURCES


def test_what_is_missing_is_told():
    text = r"^a picture needs matplotlib: pip install 'sknet_hp\[plot\]'$"
    with pytest.raises(ImportError, match=text) as caught, require_extra("plot", "a picture", "matplotlib"):
        import no_such_package  # noqa: F401
    assert caught.value.__cause__.name == "no_such_package"


def test_other_errors_stay_as_they_are():
    with pytest.raises(ZeroDivisionError), require_extra("plot", "a picture", "matplotlib"):
        1 / 0  # noqa: B018 (the error is the test)


def test_extras_that_are_named_are_there():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    text = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    named = set(re.findall(r"sknet_hp\[(\w+)\]|require_extra\(\"(\w+)\"", text))
    extras = {extra for pair in named for extra in pair if extra}
    assert "report" in extras
    assert extras <= set(project["optional-dependencies"])
