"""The list of bad inputs names nothing that is not tried, and nothing is tried that it does not name."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.hostile.table import TABLES, cases
from tests.laws.folders import PROJECT

ROWS: dict[int, list[Any]] = YAML(typ="safe").load(TABLES.parent / "rows.yaml")
TRIED = {(path.stem, name) for path in TABLES.glob("*.yaml") if path.stem != "forms" for name in cases(path.stem)}


def named(row: int) -> tuple[set[tuple[str, str]], list[str]]:
    """The table rows and the tests that a row names."""
    pairs = {(table, name) for entry in ROWS[row] if isinstance(entry, dict) for table, name in entry.items() if table != "differs"}
    return pairs, [entry for entry in ROWS[row] if isinstance(entry, str)]


def test_every_bad_input_has_its_place() -> None:
    assert list(ROWS) == list(range(1, 65))


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_names_is_there(row: int) -> None:
    pairs, tests = named(row)
    assert pairs <= TRIED
    for test in tests:
        file, _, function = test.partition("::")
        known = {node.name for node in ast.walk(ast.parse((PROJECT / file).read_text())) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert not function or function in known, test
    assert pairs or tests or any("differs" in entry for entry in ROWS[row])


def test_whatever_is_tried_belongs_to_a_row() -> None:
    assert TRIED - {pair for row in ROWS for pair in named(row)[0]} == set()
