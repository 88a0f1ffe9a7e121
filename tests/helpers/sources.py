"""The package's sources as they stand on disk: which files there are, what each imports,
and how long its parts are. Nothing of it is imported.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "sknet_hp"
SOURCES = sorted(PACKAGE.rglob("*.py"))


def get_place(source: Path) -> str:
    """The path of a file inside the package."""
    return source.relative_to(PACKAGE).as_posix()


def get_module(source: Path) -> str:
    parts = source.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def read_lines(source: Path) -> list[str]:
    return source.read_text(encoding="utf-8").splitlines()


@cache
def parse_source(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"))


MODULES = {get_module(source): source for source in SOURCES}


@cache
def list_imports(source: Path) -> list[tuple[str, int]]:
    """Every module that a file imports, anywhere in it, as an absolute name and its line."""
    found = []
    package = source.relative_to(PACKAGE.parent).parent.parts
    for node in ast.walk(parse_source(source)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            inside = [f"{module}.{alias.name}" for alias in node.names]  # `from sknet_hp import nets` imports a room
            found += [(name if name in MODULES else module, node.lineno) for name in inside]
    return found


@cache
def build_import_graph() -> dict[str, set[str]]:
    """The modules of the package that each of its modules imports."""
    return {
        module: {name for name, _ in list_imports(source) if name in MODULES} - {module}
        for module, source in MODULES.items()
    }


def build_units(room: str) -> dict[str, set[str]]:
    """What is directly in a room, files and rooms alike, and which of them each imports."""

    def unit(module: str) -> str:
        return "__init__" if module == room else module.removeprefix(f"{room}.").split(".")[0]

    inside = [module for module in MODULES if module == room or module.startswith(f"{room}.")]
    graph: dict[str, set[str]] = {unit(module): set() for module in inside}
    for module in inside:
        graph[unit(module)] |= {unit(name) for name in build_import_graph()[module] if name in inside} - {unit(module)}
    return graph


def find_circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """A way through the graph that ends where it began, or nothing."""
    done: set[str] = set()

    def search(way: list[str]) -> list[str]:
        if way[-1] in way[:-1]:
            return way[way.index(way[-1]) :]
        for name in graph[way[-1]]:
            if name not in done and (circle := search([*way, name])):
                return circle
        done.add(way[-1])
        return []

    for name in graph:
        if circle := search([name]):
            return circle
    return []


def is_text(node: ast.AST) -> bool:
    """Whether a statement is a string that nobody reads: a docstring, also of a constant."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def measure_functions(source: Path) -> Iterator[tuple[str, int]]:
    """Each function's name, with those of what it stands in, and how many lines its body
    has without its docstring.
    """

    def look(node: ast.AST, name: str) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            own = f"{name}.{child.name}" if isinstance(child, ast.ClassDef | ast.FunctionDef) else name
            if isinstance(child, ast.FunctionDef):
                body = child.body[1:] if is_text(child.body[0]) else child.body
                yield own.removeprefix("."), (child.end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield from look(child, own)

    yield from look(parse_source(source), "")
