"""Run the quick tests with the oldest and the newest versions that pyproject.toml allows.

    python .ci/test_versions.py                            # both: make test-versions
    python .ci/test_versions.py oldest                     # one of them
    python .ci/test_versions.py --tests tests/search       # a part of the tests

Each has an environment of its own, which is kept for the next time, in `.venv-oldest`
and `.venv-newest`. What is oldest stands in pyproject.toml alone: the lower bounds of
the dependencies and of the extras, the lower bound of Python. The newest Python is the
last of the classifiers. The newest versions are looked up each time.

At the end stands how each ended, with its versions. The exit status is 0 if all that
was asked for was tested and passed: a Python that is missing, an installation that
fails and a test that fails are 1, and do not keep the others from being tried.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WHICH = ("oldest", "newest")
EXTRAS = ["bayes", "cleanlab", "cli", "dask", "onnx", "plot", "report", "tensorboard"]
"""What the tests use when it is installed. Not here: Ray, MLflow and skore, which are
large, and whose few tests are skipped.
"""
TOOLS = ["hypothesis", "polars", "pytest", "pytest-timeout", "pytest-xdist"]
LOWER_BOUND = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w,-]*\])?>=(?P<version>[\w.]+)")


@dataclass
class Outcome:
    """How an environment fared.

    Attributes
    ----------
    which : "oldest" or "newest".
    verdict : how it ended.
    passed : whether all tests that were asked for passed.
    versions : of Python, and of what pyproject.toml names.
    held_back : packages that are not the newest, since others do not allow it.
    """

    which: str
    verdict: str
    passed: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    held_back: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.which}: {self.verdict}"]
        lines += [f"  {', '.join(f'{name} {version}' for name, version in self.versions.items())}"] * bool(
            self.versions
        )
        lines += [f"  not the newest, for other packages need older ones: {', '.join(self.held_back)}"] * bool(
            self.held_back
        )
        return "\n".join(lines)


# ---- what pyproject.toml says --------------------------------------------------------------------------------------


def list_bounds(project: dict[str, Any]) -> dict[str, str]:
    """Return the lower bounds of dependencies and extras, by the package's name.

    Raises
    ------
    ValueError
        If a package has none, so that it is not known what its oldest version is.
    """
    extras = project["optional-dependencies"]
    bounds = [*project["dependencies"], *(bound for extra in EXTRAS for bound in extras[extra])]
    others = [bound for bound in bounds if not bound.startswith(f"{project['name']}[")]
    found = {bound: LOWER_BOUND.fullmatch(bound) for bound in others}
    without = [bound for bound, match in found.items() if match is None]
    if without:
        raise ValueError(f"pyproject.toml has {without}; each must be NAME>=VERSION, from which the oldest is known")
    return {match["name"]: match["version"] for match in found.values() if match is not None}


def list_pythons(project: dict[str, Any]) -> dict[str, str]:
    """Return the oldest and the newest Python, such as 3.11."""
    versions = [entry.rpartition(" ")[2] for entry in project["classifiers"] if "Python :: 3." in entry]
    return {
        "oldest": project["requires-python"].removeprefix(">="),
        "newest": max(versions, key=lambda version: int(version.partition(".")[2])),
    }


# ---- environments --------------------------------------------------------------------------------------------------


def is_python(candidate: str | Path, version: str) -> bool:
    """Return whether there is an interpreter of a version, such as 3.11."""
    question = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
    try:
        return subprocess.run([candidate, "-c", question], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def find_python(version: str) -> str | None:
    """Return the interpreter of a version, on the path or pyenv's; None without it."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    candidates = [sys.executable, shutil.which(f"python{version}"), *map(str, kept)]
    return next((each for each in candidates if each and is_python(each, version)), None)


def make_environment(place: Path, python: str, version: str, pins: list[str]) -> str:
    """Install the package with these versions, and return its interpreter.

    Raises
    ------
    CalledProcessError
        If that fails.
    """
    own = place / "bin" / "python"
    if not is_python(own, version):  # none yet, or left by another Python
        subprocess.run([python, "-m", "venv", "--clear", place], check=True)
    constraints = place / "constraints.txt"
    constraints.write_text("\n".join(pins) + "\n", encoding="utf-8")
    # Eager: what was the newest when the environment was made may not be so today.
    upgrade = ["--upgrade", "--upgrade-strategy", "eager"]
    install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *upgrade]
    package = f"{ROOT}[{','.join(EXTRAS)}]"
    subprocess.run([*install, "--constraint", constraints, "--editable", package, *TOOLS], check=True)
    return str(own)


def read_versions(own: str, names: list[str]) -> dict[str, str]:
    """Return the versions of Python and of packages in an environment."""
    lines = [
        "import json, platform, sys",
        "from importlib.metadata import version",
        "names = json.loads(sys.argv[1])",
        "print(json.dumps({'Python': platform.python_version()} | {name: version(name) for name in names}))",
    ]
    done = subprocess.run([own, "-c", "\n".join(lines), json.dumps(names)], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def list_held_back(own: str, names: list[str]) -> list[str]:
    """Return which packages have newer releases than those installed."""
    command = [own, "-m", "pip", "list", "--outdated", "--format", "json", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    outdated = json.loads(done.stdout or "[]")
    return [
        f"{each['name']} {each['version']} ({each['latest_version']} is out)"
        for each in outdated
        if each["name"].lower() in names
    ]


# ---- tests ---------------------------------------------------------------------------------------------------------


def run_tests(own: str, which: str, options: list[str]) -> tuple[int, str]:
    """Run the quick tests; return pytest's exit code, and the last line it printed.

    Old releases use what newer ones of other packages have deprecated: that is no fault
    of ours. Compiled kernels are kept in the environment, beside those of no other
    version of numba.
    """
    outdated = ["DeprecationWarning", "PendingDeprecationWarning"] if which == "oldest" else []
    ignored = [option for category in outdated for option in ("-W", f"ignore::{category}")]
    command = [own, "-m", "pytest", "-q", "--color", "no", "-m", "not slow", *ignored, *options]
    surroundings = os.environ | {"NUMBA_CACHE_DIR": str(Path(own).parents[1] / "kernels")}
    last = ""
    with subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last = line.strip() or last
    return process.returncode, last


def try_environment(which: str, project: dict[str, Any], asked: argparse.Namespace) -> Outcome:
    """Make an environment and run the tests in it; whatever fails is told, not raised."""
    version, bounds = list_pythons(project)[which], list_bounds(project)
    python = find_python(version)
    if python is None:
        return Outcome(which, f"not tested, for there is no Python {version} here (pyenv install {version})")
    pinned = {pin.partition("==")[0] for pin in asked.pin}
    lowest = [f"{name}=={bound}" for name, bound in bounds.items() if name not in pinned]
    pins = asked.pin + (lowest if which == "oldest" else [])
    print(f"\n== {which}: installing, with Python {version}", flush=True)
    try:
        own = make_environment(asked.into / f".venv-{which}", python, version, pins)
        versions = read_versions(own, list(bounds))
    except subprocess.CalledProcessError as error:
        return Outcome(which, f"not tested, for the installation failed: {shlex.join(map(str, error.cmd))}")
    print(*(f"{name} {each}" for name, each in versions.items()), sep=", ", flush=True)
    code, last = run_tests(own, which, [*shlex.split(asked.pytest), *asked.tests])
    verdict = f"passed: {last}" if code == 0 else f"failed, pytest ended with {code}: {last}"
    held_back = list_held_back(own, list(bounds)) if which == "newest" else []
    return Outcome(which, verdict, code == 0, versions, held_back)


def main() -> int:
    """Make and test the environments that are asked for; say how each ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("which", nargs="*", metavar="oldest|newest", help="both without it")
    parser.add_argument("--pin", action="append", default=[], help="instead of a lower bound, such as torch==2.13.0")
    parser.add_argument("--into", type=Path, default=ROOT, help="a folder for the environments")
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="a part of the tests")
    parser.add_argument("--pytest", default="-n 2", help="options of pytest, such as '-n 8 -k halving'")
    asked = parser.parse_args()
    unknown = set(asked.which) - set(WHICH)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: there are {' and '.join(WHICH)}")
    asked.into = asked.into.resolve()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    outcomes = [try_environment(which, project, asked) for which in asked.which or WHICH]
    print("\n== summary", *outcomes, sep="\n")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
