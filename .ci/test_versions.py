"""Run the quick tests with the oldest and the newest versions that pyproject.toml allows.

`make test-versions`, or one of them: `python .ci/test_versions.py oldest`. Each has an
environment of its own, which is kept for the next time, in `.venv-oldest` and
`.venv-newest`. What is oldest stands in pyproject.toml alone: the lower bounds of the
dependencies and of the extras, the lower bound of Python. The newest Python is the last
of the classifiers. A Python that this machine does not have is left out with a sentence.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ["bayes", "cleanlab", "cli", "dask", "onnx", "plot", "report", "tensorboard"]
"""What the tests use when it is installed, and what has lower bounds to be tried."""
TOOLS = ["hypothesis", "polars", "pytest", "pytest-timeout", "pytest-xdist"]
LOWER_BOUND = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w,-]*\])?>=(?P<version>[\w.]+)")


def list_oldest(project: dict[str, Any]) -> list[str]:
    """Return the lower bounds of dependencies and extras as pins."""
    extras = project["optional-dependencies"]
    bounds = [*project["dependencies"], *(bound for extra in EXTRAS for bound in extras[extra])]
    others = [bound for bound in bounds if not bound.startswith(f"{project['name']}[")]
    return [LOWER_BOUND.sub(r"\g<name>==\g<version>", bound) for bound in others]


def list_pythons(project: dict[str, Any]) -> dict[str, str]:
    """Return the oldest and the newest Python, such as 3.11."""
    versions = [entry.rpartition(" ")[2] for entry in project["classifiers"] if "Python :: 3." in entry]
    return {
        "oldest": project["requires-python"].removeprefix(">="),
        "newest": max(versions, key=lambda version: int(version.partition(".")[2])),
    }


def find_python(version: str) -> str | None:
    """Return the interpreter of a version, on the path or pyenv's; None without it."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in [sys.executable, shutil.which(f"python{version}"), *map(str, kept)]:
        question = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
        if candidate and subprocess.run([candidate, "-c", question], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def make_environment(place: Path, python: str, pins: list[str]) -> str:
    """Install the package with these versions, and return its interpreter."""
    subprocess.run([python, "-m", "venv", place], check=True)
    constraints = place / "constraints.txt"
    constraints.write_text("\n".join(pins) + "\n", encoding="utf-8")
    own = str(place / "bin" / "python")
    install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    package = f"{ROOT}[{','.join(EXTRAS)}]"
    subprocess.run([*install, "--constraint", str(constraints), "--editable", package, *TOOLS], check=True)
    return own


def run_tests(own: str, which: str, options: list[str]) -> int:
    """Run the quick tests, and return pytest's exit code.

    Old releases use what newer ones of other packages have deprecated: that is no fault
    of ours.
    """
    subprocess.run([own, "-m", "pip", "list", "--disable-pip-version-check"], check=True)
    outdated = ["DeprecationWarning", "PendingDeprecationWarning"] if which == "oldest" else []
    ignored = [option for category in outdated for option in ("-W", f"ignore::{category}")]
    command = [own, "-m", "pytest", "-q", "-m", "not slow", *ignored, *options]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    """Make and test the environments that are asked for; say how each ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("which", nargs="*", metavar="oldest|newest", help="both without it")
    parser.add_argument("--pin", action="append", default=[], help="instead of a lower bound, such as torch==2.13.0")
    parser.add_argument("--into", type=Path, default=ROOT, help="a folder for the environments")
    parser.add_argument("--pytest", default="-n 2", help="options of pytest, such as '-n 8 tests/search'")
    asked = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {pin.partition("==")[0] for pin in asked.pin}
    failed, outcomes = False, []
    for which in asked.which or ["oldest", "newest"]:
        version = list_pythons(project)[which]
        python = find_python(version)
        if python is None:
            outcomes.append(f"{which}: left out, for there is no Python {version} here (pyenv install {version})")
            continue
        bounds = list_oldest(project) if which == "oldest" else []
        pins = [bound for bound in bounds if bound.partition("==")[0] not in pinned]
        own = make_environment(asked.into / f".venv-{which}", python, pins + asked.pin)
        code = run_tests(own, which, shlex.split(asked.pytest))
        failed |= code != 0
        outcomes.append(f"{which}, Python {version}: " + ("passed" if code == 0 else f"pytest ended with {code}"))
    print(*outcomes, sep="\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
