"""The list of faults names nothing that is not tried, and nothing is tried that it does not name."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.faults.table import TABLES, document
from tests.laws.folders import PROJECT

ROWS: dict[int, list[Any]] = YAML(typ="safe").load(TABLES.parent / "rows.yaml")
TRIED = {(path.stem, name) for path in TABLES.glob("*.yaml") if path.stem != "errors" for name in document(path.stem)}


def named(row: int) -> tuple[set[tuple[str, str]], list[str]]:
    """The table rows and the tests that a row names."""
    pairs = {
        (table, name)
        for entry in ROWS[row]
        if isinstance(entry, dict)
        for table, name in entry.items()
        if table != "differs"
    }
    return pairs, [entry for entry in ROWS[row] if isinstance(entry, str)]


def functions(file: str) -> set[str]:
    tree = ast.parse((PROJECT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_fault_has_its_place() -> None:
    assert list(ROWS) == list(range(1, 81))


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_names_is_there(row: int) -> None:
    pairs, others = named(row)
    assert pairs <= TRIED
    for other in others:
        if other.startswith("make "):
            assert f"\n{other.removeprefix('make ')}:" in (PROJECT / "Makefile").read_text()
            continue
        file, _, function = other.partition("::")
        assert not function or function in functions(file), other
    assert pairs or others or any("differs" in entry for entry in ROWS[row])


def test_whatever_is_tried_belongs_to_a_row() -> None:
    assert TRIED - {pair for row in ROWS for pair in named(row)[0]} == set()
