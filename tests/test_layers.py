"""The house rules of the engine, read from its source: imports, sizes, docstrings, packaging."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from configparser import ConfigParser
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
ENGINE = PROJECT / "engine"
MODULES = sorted(ENGINE.rglob("*.py"))
LINES = 300

LAYERS = (
    {"diagnostics", "codes"},
    {"config"},
    {"language", "wire", "canonical"},
    {"protocol"},
    {"compile", "upstream", "routing", "store", "sandbox", "cases", "coverage"},
    {"pipeline"},
    {"observe", "explain"},
    {"server"},
    {"cli", "__main__"},
)
RANK = {unit: rank for rank, units in enumerate(LAYERS) for unit in units}
WORLD = {"aiohappyeyeballs", "aiohttp", "h11", "httpcore", "httptools", "httpx", "httpx_aiohttp", "socket", "sanic", "ssl", "urllib.request", "sqlite3"}
MAY_TOUCH_THE_WORLD = {"upstream", "store", "server", "cli"}


def unit_of(path: Path) -> str:
    """The top-level module or folder of the engine that a file belongs to."""
    return path.relative_to(ENGINE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every import of a module as (line, absolute dotted name); the engine's own names start with `engine`."""
    package = ["engine", *path.relative_to(ENGINE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            if node.level and stem == "engine":      # from .. import x: x is the unit
                yield from ((node.lineno, f"engine.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, stem


def own_imports(path: Path) -> Iterator[tuple[int, str]]:
    """The units of the engine that a module imports, other than its own."""
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "engine" and len(parts) > 1 and parts[1] in RANK and parts[1] != unit_of(path):
            yield line, parts[1]


def test_every_unit_of_the_engine_has_a_layer() -> None:
    assert {unit_of(path) for path in MODULES} - {"__init__"} <= set(RANK)


def test_imports_go_down() -> None:
    upward = [
        f"{path.relative_to(PROJECT)}:{line} imports {unit}"
        for path in MODULES
        if unit_of(path) in RANK
        for line, unit in own_imports(path)
        if RANK[unit] > RANK[unit_of(path)]
    ]
    assert upward == []


def test_units_import_each_other_in_no_circle() -> None:
    graph = {unit: set[str]() for unit in RANK}
    for path in MODULES:
        graph.get(unit_of(path), set()).update(unit for _, unit in own_imports(path))
    TopologicalSorter(graph).prepare()      # raises CycleError with the circle


def test_the_engine_imports_itself_relatively() -> None:
    absolute = [
        f"{path.relative_to(PROJECT)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in {"torouter", "engine"})
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] in {"torouter", "engine"} for alias in node.names))
    ]
    assert absolute == []


def test_only_the_edges_touch_the_world() -> None:
    reaching = [
        f"{path.relative_to(PROJECT)}:{line} imports {name}"
        for path in MODULES
        if unit_of(path) not in MAY_TOUCH_THE_WORLD
        for line, name in imports(path)
        if name in WORLD or name.split(".")[0] in WORLD
    ]
    assert reaching == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES


def test_whatever_is_public_has_a_docstring() -> None:
    bare = []
    for path in MODULES:
        tree = ast.parse(path.read_text())
        named = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        if tree.body and not ast.get_docstring(tree):
            bare.append(f"{path.relative_to(PROJECT)}: the module")
        bare += [
            f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}"
            for node in named
            if not node.name.startswith("_") and not ast.get_docstring(node)
        ]
    assert bare == []


def packaged() -> ConfigParser:
    """The packaging of setup.cfg."""
    parser = ConfigParser()
    parser.read(PROJECT / "setup.cfg")
    return parser


def test_the_packaging_lists_every_folder() -> None:
    listed = packaged()["options"]["packages"].split()
    code = {".".join(("torouter", *path.parent.relative_to(ENGINE).parts)) for path in ENGINE.rglob("__init__.py")}
    assert sorted(listed) == sorted(code | {"torouter.routes", "torouter.transforms", "torouter.schema"})
    assert all((path / "__init__.py").is_file() for path in ENGINE.rglob("*") if path.is_dir() and any(path.glob("*.py")))


def test_every_data_file_is_of_a_kind_that_is_packaged() -> None:
    kinds = {"routes": {".yaml"}, "transforms": {".yaml"}, "schema": {".json", ".yaml"}}
    stray = [
        str(path.relative_to(PROJECT))
        for folder, suffixes in kinds.items()
        for path in (PROJECT / folder).rglob("*")
        if path.is_file() and path.suffix not in {*suffixes, ".py", ".pyc"}
    ]
    assert stray == []
