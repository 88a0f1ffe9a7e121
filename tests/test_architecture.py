"""The rooms of the package and who may know whom, enforced from the source."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sknet_hp

PACKAGE = Path(sknet_hp.__file__).parent
ROOMS = ["system", "nets", "training", "fusion", "estimators", "search", "evaluation", "tuning", "report", "cli"]
"""From the lowest to the highest: a room imports from itself and from those before it.
"""

FACES = {"skorch": "estimators", "presets": "estimators"}
"""Modules beside the rooms, and the room on whose level they stand."""

CORE = {
    "filelock",
    "torch",
    "numpy",
    "numba",
    "sklearn",
    "skorch",
    "joblib",
    "scipy",
    "threadpoolctl",
    "narwhals",
    "cloudpickle",
    "safetensors",
    "skops",
}
"""What `pip install sknet_hp` brings: the dependencies in pyproject.toml, and
threadpoolctl through scikit-learn.
"""

COMPILED = {"numba", "llvmlite"}
"""What only the rooms called "compiled" know."""

ALLOWED = {
    "system": {"joblib"},
    "nets": {"torch", "numpy"},
    "training": {"torch", "numpy"},
    "cli": CORE - {"skorch", "numba"} | {"typer", "rich", "pandas", "pyarrow"},
}
FORBIDDEN = {"fusion": {"skorch", "numba"}, "estimators": {"numba"}, "search": {"torch", "skorch", "numba"}}
EXTRAS = {"fusion": {"distributed", "ray"}, "search": {"cmaes", "optuna", "skopt"}, "tuning": set(), "report": set()}
HEAVY = ["torch", "numba", "sklearn", "skorch", "scipy", "pandas", "optuna", "skopt", "distributed", "ray"]
MOST_LINES = 400

SOURCES = sorted(PACKAGE.rglob("*.py"))


def room_of(source: Path) -> str | None:
    """The room that a file belongs to, None for the package's own `__init__`."""
    first = source.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return None if first == "__init__" else FACES.get(first, first)


def imported_modules(source: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, anywhere in it, as an absolute name and its
    line.
    """
    package = ("sknet_hp", *source.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            if module == "sknet_hp":  # `from sknet_hp import nets` imports a room
                yield from ((f"sknet_hp.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield module, node.lineno


def level_of(module: str) -> int | None:
    """How high the room of a module of ours stands; None for names of the package's own
    `__init__`.
    """
    name = module.split(".")[1] if "." in module else ""
    name = FACES.get(name, name)
    return ROOMS.index(name) if name in ROOMS else None


@pytest.fixture(params=SOURCES, ids=[str(source.relative_to(PACKAGE)) for source in SOURCES])
def source(request) -> Path:
    return request.param


def test_every_file_is_in_a_room(source):
    assert room_of(source) in {None, *ROOMS}


def test_imports_go_downward(source):
    room = room_of(source)
    if room is None:
        return
    own = [(module, line) for module, line in imported_modules(source) if module.split(".")[0] == "sknet_hp"]
    allowed = ROOMS[: ROOMS.index(room) + 1]
    upward = [f"line {line}: {module}" for module, line in own if level_of(module) not in range(len(allowed))]
    assert not upward, f"{room} may import only from {allowed}, and from where a name is made"


def test_rooms_know_only_their_libraries(source):
    room = room_of(source)
    foreign = {(module.split(".")[0], line) for module, line in imported_modules(source)}
    foreign = {(name, line) for name, line in foreign if name not in sys.stdlib_module_names | {"sknet_hp"}}
    if "compiled" in source.parts:
        foreign = {(name, line) for name, line in foreign if name not in COMPILED}
    if room in ALLOWED:
        assert {name for name, _ in foreign} <= ALLOWED[room], sorted(foreign)
    elif room is not None:
        assert not {name for name, _ in foreign} & FORBIDDEN.get(room, set()), sorted(foreign)
        assert {name for name, _ in foreign} <= CORE | EXTRAS.get(room, set()), sorted(foreign)


def test_files_stay_small(source):
    n_lines = len(source.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MOST_LINES, f"{n_lines} lines: two rooms?"


def test_import_is_light():
    """`import sknet_hp` reads none of the heavy libraries; they come when a name is
    used.
    """
    code = f"import sys, sknet_hp; print([name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


def test_compiling_waits_for_a_network():
    """Estimators and searches can be made, copied and looked at without numba."""
    code = "import sys; from sknet_hp import NetClassifier, search; search.HalvingSearchCV(NetClassifier(), {}); print('numba' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )


def test_public_names_can_be_listed_and_are_there():
    assert set(sknet_hp.__all__) <= set(dir(sknet_hp))
    for name in sknet_hp.__all__:
        assert getattr(sknet_hp, name) is not None


def test_help_is_quick():
    """`sknet-hp --help` reads neither torch nor scikit-learn nor pandas."""
    code = f"import sys; from sknet_hp.cli import main; main(['tune', '--help']); print([name for name in {HEAVY!r} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip().splitlines()[-1] == "[]"
