"""The list of codes and what uses them agree."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from torouter.codes import CODES

PROJECT = Path(__file__).parents[2]
REPORTS = ("error", "warning")
SLUG = re.compile(r"[a-z0-9-]+")  # calls of a logger begin with a sentence


def reported() -> Iterator[str]:
    """The codes that the engine passes to `error` and `warning` as they are."""
    for file in (PROJECT / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) < 3:
                continue
            first = node.args[0]
            code = first.value if isinstance(first, ast.Constant) else None
            if node.func.attr in REPORTS and isinstance(code, str) and SLUG.fullmatch(code):
                yield code


def mentioned() -> set[str]:
    """Every code in quotes in the engine, but for the list itself, and in the schemas."""
    files = [file for file in (PROJECT / "engine").rglob("*.py") if file.name != "codes.py"]
    files += (PROJECT / "schema").rglob("*.json")
    return {name for file in files for name in re.findall(r'"([a-z0-9-]+)"', file.read_text("utf-8"))}


def test_every_code_that_is_reported_is_listed() -> None:
    assert set(reported()) - set(CODES) == set()


def test_every_code_that_is_listed_can_be_reported() -> None:
    assert set(CODES) - mentioned() == set()


def test_every_code_has_a_heading_in_the_documentation() -> None:
    headings = re.findall(r"^### (\S+)$", (PROJECT / "docs" / "errors.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(CODES)
