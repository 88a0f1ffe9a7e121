"""The rooms of the package and who may know whom, enforced from the source."""

import ast
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sknet_hp
from tests.helpers.scripts import run_code
from tests.helpers.sources import (
    MODULES,
    PACKAGE,
    SOURCES,
    build_import_graph,
    build_units,
    find_circle,
    get_module,
    get_place,
    is_text,
    list_imports,
    measure_functions,
    parse_source,
    read_lines,
)

ROOMS = [
    "formatting",
    "system",
    "nets",
    "training",
    "fusion",
    "estimators",
    "findings",
    "search",
    "evaluation",
    "tuning",
    "tracking",
    "report",
    "sharing",
    "cli",
]
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
    "pandas",
}
"""What `pip install sknet_hp` brings: the dependencies in pyproject.toml, and
threadpoolctl through scikit-learn.
"""

COMPILED = {"numba", "llvmlite"}
"""What only the rooms called "compiled" know."""

ALLOWED = {
    "formatting": set(),
    "system": {"joblib"},
    "nets": {"torch", "numpy"},
    "training": {"torch", "numpy"},
    "cli": CORE - {"skorch", "numba"} | {"typer", "rich", "pandas", "pyarrow"},
}
FORBIDDEN = {
    "fusion": {"skorch", "numba"},
    "estimators": {"numba"},
    "findings": {"torch", "skorch", "numba"},
    "search": {"torch", "skorch", "numba"},
    "evaluation": {"torch", "skorch", "numba"},
    "tuning": {"skorch", "numba"},
    "report": {"torch", "skorch", "numba"},
    "tracking": {"torch", "skorch", "numba"},
    "sharing": {"skorch", "numba"},
}
EXTRAS = {
    "fusion": {"distributed", "ray"},
    "search": {"cmaes", "optuna", "skopt"},
    "evaluation": {"cleanlab"},
    "tuning": {"matplotlib", "skore"},
    "report": {"altair", "jinja2", "matplotlib", "optuna", "vl_convert"},
    "tracking": {"mlflow", "optuna", "tensorboard"},
    "sharing": {"onnx", "onnxruntime", "skl2onnx"},
}
HEAVY = [
    "matplotlib",
    "altair",
    "onnx",
    "torch",
    "numba",
    "sklearn",
    "skorch",
    "scipy",
    "pandas",
    "optuna",
    "skopt",
    "distributed",
    "ray",
]

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 50
"""Without its signature and its docstring."""

MOST_COLUMNS_OF_A_DOCSTRING = 88
MOST_FILES = 12
"""In a room, besides its `__init__`."""

CROWDED: dict[str, str] = {
    "sknet_hp.report.displays": "one file for each picture; what holds for one is tested for all",
    "sknet_hp.report.frames": "one file for each picture",
}
"""Rooms with more files, and why."""

FOLDERS_OF_TESTS = {"benchmarks", "conformance", "helpers", "reproducibility"}
"""Those that are no rooms of the package."""

LONG_FUNCTIONS = {
    "estimators/classifier.py: NetClassifier.__init__": "one line for each parameter",
    "estimators/regressor.py: NetRegressor.__init__": "one line for each parameter",
}
"""Functions that may be longer, and why."""


def room_of(source: Path) -> str | None:
    """The room that a file belongs to, None for the package's own `__init__`."""
    first = source.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return None if first == "__init__" else FACES.get(first, first)


def level_of(module: str) -> int | None:
    """How high the room of a module of ours stands; None for names of the package's own
    `__init__`.
    """
    name = module.split(".")[1] if "." in module else ""
    name = FACES.get(name, name)
    return ROOMS.index(name) if name in ROOMS else None


def test_every_file_is_in_a_room():
    assert {room_of(source) for source in SOURCES} == {None, *ROOMS}


def test_imports_go_downward():
    """A room imports from itself and from lower ones, and from where a name is made."""
    upward = [
        f"{get_place(source)}, line {line}: {module}"
        for source in SOURCES
        if (room := room_of(source)) is not None
        for module, line in list_imports(source)
        if module.split(".")[0] == "sknet_hp" and level_of(module) not in range(ROOMS.index(room) + 1)
    ]
    assert upward == []


def test_no_circles_of_modules():
    """Imports inside functions count as well."""
    assert find_circle(build_import_graph()) == []


def test_no_circles_of_rooms():
    """What is directly in a room, files and rooms, can be ordered so that each imports
    only from those before it.
    """
    rooms = [get_module(source) for source in SOURCES if source.name == "__init__.py"]
    assert {room: circle for room in rooms if (circle := find_circle(build_units(room)))} == {}


def foreign_names(source: Path) -> set[str]:
    """The packages of others that a file imports, but for the standard library."""
    names = {module.split(".")[0] for module, _ in list_imports(source)}
    return names - sys.stdlib_module_names - {"sknet_hp"} - (COMPILED if "compiled" in source.parts else set())


def test_rooms_know_only_their_libraries():
    allowed = {room: (CORE | EXTRAS.get(room, set())) - FORBIDDEN.get(room, set()) for room in ROOMS} | ALLOWED
    unknown = {
        get_place(source): names
        for source in SOURCES
        if (room := room_of(source)) is not None and (names := foreign_names(source) - allowed[room])
    }
    assert unknown == {}


def test_files_stay_small():
    long = {get_place(source): n for source in SOURCES if (n := len(read_lines(source))) > MOST_LINES}
    assert long == {}, "two rooms?"


def test_rooms_stay_small():
    folders = [source.parent for source in SOURCES if source.name == "__init__.py"]
    files = {get_module(folder / "__init__.py"): len(list(folder.glob("*.py"))) - 1 for folder in folders}
    assert {room: n for room, n in files.items() if n > MOST_FILES and room not in CROWDED} == {}
    assert all(files[room] > MOST_FILES for room in CROWDED), "it is not crowded any more"


def test_functions_stay_short():
    long = {
        f"{get_place(source)}: {name}": n
        for source in SOURCES
        for name, n in measure_functions(source)
        if n > MOST_LINES_OF_A_FUNCTION
    }
    assert {name: n for name, n in long.items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "it is not long any more"


def test_docstrings_are_narrow():
    wide = [
        f"{get_place(source)}, line {line}"
        for source in SOURCES
        for node in ast.walk(parse_source(source))
        if is_text(node)
        for line in range(node.lineno, node.end_lineno + 1)
        if len(read_lines(source)[line - 1]) > MOST_COLUMNS_OF_A_DOCSTRING
    ]
    assert wide == []


def test_every_file_is_needed():
    imported = set().union(*build_import_graph().values())
    lone = {module for module, source in MODULES.items() if source.name != "__init__.py" and module not in imported}
    assert lone == set()


def test_tests_lie_where_the_package_does():
    tests = Path(__file__).parent
    folders = {path.parent.relative_to(tests) for path in tests.rglob("*.py")} - {Path()}
    rooms = {source.parent.relative_to(PACKAGE) for source in SOURCES}
    assert {str(folder) for folder in folders - rooms} == FOLDERS_OF_TESTS


def test_import_is_light():
    """`import sknet_hp` reads none of the heavy libraries; they come when a name is
    used.
    """
    code = f"import sys, sknet_hp; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert run_code(code).stdout.strip() == "[]"


def test_compiling_waits_for_a_network():
    """Estimators and searches can be made, copied and looked at without numba."""
    code = (
        "import sys; from sknet_hp import NetClassifier, search; "
        "search.HalvingSearchCV(NetClassifier(), {}); print('numba' in sys.modules)"
    )
    assert run_code(code).stdout.strip() == "False"


def test_public_names_can_be_listed_and_are_there():
    assert set(sknet_hp.__all__) <= set(dir(sknet_hp))
    for name in sknet_hp.__all__:
        assert getattr(sknet_hp, name) is not None


def test_rooms_that_users_import_are_attributes():
    """`import sknet_hp` is enough for `sknet_hp.report.report`."""
    rooms = [room for room in ROOMS if getattr(import_module(f"sknet_hp.{room}"), "__all__", [])]
    assert "report" in rooms
    code = f"import sknet_hp; print([room for room in {rooms!r} if not hasattr(sknet_hp, room)])"
    assert run_code(code).stdout.strip() == "[]"


def test_help_is_quick():
    """`sknet-hp --help` reads neither torch nor scikit-learn nor pandas."""
    code = (
        "import sys; from sknet_hp.cli import main; "
        f"main(['tune', '--help']); print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert run_code(code).stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["tune", "evaluate", "compare", "lr", "diagnose"])
def test_tables_that_are_not_there_are_refused_quickly(command):
    """A mistyped path is told before the heavy libraries are read, a mistyped column
    before torch is.
    """
    for path, heavy in (("nowhere.csv", HEAVY), ("sklearn:iris", ["torch"])):
        code = (
            "import sys; from sknet_hp.cli import main; "
            f"code = main(['{command}', '{path}', '--target', 'nothing']); "
            f"print(code, [name for name in {heavy!r} if name in sys.modules])"
        )
        assert run_code(code).stdout.strip() == "2 []"
