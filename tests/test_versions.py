"""`make test-versions`: which versions it tries, and that it tries all of them, whatever fails."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "test_versions.py"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="not a checkout")


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("versions_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "versions_script", module)  # dataclasses look for it
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "list_held_back", lambda own, names: [])
    monkeypatch.setattr(module, "read_versions", lambda own, names: {"Python": own, "torch": "2.4"})
    return module


@pytest.fixture
def project(script):
    return tomllib.loads((script.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_oldest_of_every_dependency_is_known(script, project):
    bounds = script.list_bounds(project)
    assert {"numpy", "scikit-learn", "skorch", "torch", "onnx", "optuna"} <= set(bounds)
    project["dependencies"].append("numpy<3")
    with pytest.raises(ValueError, match=r"numpy<3.*NAME>=VERSION"):
        script.list_bounds(project)


def test_the_oldest_and_the_newest_python(script, project):
    project |= {
        "requires-python": ">=3.9",
        "classifiers": [f"Programming Language :: Python :: 3.{n}" for n in (9, 10)],
    }
    assert script.list_pythons(project) == {"oldest": "3.9", "newest": "3.10"}


def run(script, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["test_versions.py", *arguments])
    return script.main()


def test_one_that_can_not_be_installed_does_not_keep_the_other_from_being_tried(script, monkeypatch, capsys, tmp_path):
    asked = []

    def make(place, python, version, pins):
        if pins:  # the oldest
            raise subprocess.CalledProcessError(1, ["pip", "install"])
        return "3.13.0"

    def test(own, which, options):
        asked.append((which, options))
        return 0, "7 passed"

    monkeypatch.setattr(script, "find_python", lambda version: "python")
    monkeypatch.setattr(script, "make_environment", make)
    monkeypatch.setattr(script, "run_tests", test)
    assert run(script, monkeypatch, "--into", str(tmp_path), "--tests", "tests/nets", "tests/search") == 1
    assert asked == [("newest", ["-n", "2", "tests/nets", "tests/search"])]
    summary = capsys.readouterr().out.partition("== summary\n")[2]
    assert summary.splitlines() == [
        "oldest: not tested, for the installation failed: pip install",
        "newest: passed: 7 passed",
        "  Python 3.13.0, torch 2.4",
    ]
    assert run(script, monkeypatch, "newest", "--into", str(tmp_path)) == 0


def test_a_python_that_is_missing_is_no_success(script, monkeypatch, capsys):
    monkeypatch.setattr(script, "find_python", lambda version: None)
    assert run(script, monkeypatch, "newest") == 1
    assert "newest: not tested, for there is no Python 3." in capsys.readouterr().out


def test_pins_replace_lower_bounds(script, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(script, "find_python", lambda version: "python")
    monkeypatch.setattr(script, "make_environment", lambda place, python, version, pins: seen.extend(pins) or "3.11")
    monkeypatch.setattr(script, "run_tests", lambda own, which, options: (1, "1 failed"))
    assert run(script, monkeypatch, "oldest", "--pin", "torch==2.13.0", "--into", str(tmp_path)) == 1
    assert [pin for pin in seen if pin.startswith("torch==")] == ["torch==2.13.0"]
    assert any(pin.startswith("scikit-learn==") for pin in seen)


def test_other_names_are_refused(script, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(script, monkeypatch, "oldst")
    assert "oldst: there are oldest and newest" in capsys.readouterr().err
