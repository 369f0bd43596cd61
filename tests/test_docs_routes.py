"""The page on route files holds: its tables are those of the schema, and every route file that is shown is accepted.

A fenced block ```` ```yaml routes ```` of any page is a file of a user's folder beside the built-in ones.
`pytest --bless` rewrites the generated tables of docs/routes.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.config.schema import schema_text
from torouter.diagnostics import Diagnostics, render_terminal

pytestmark = pytest.mark.usefixtures("held")

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "routes.md"
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
ROUTES = re.compile(r"^```yaml routes\n(.*?)^```", re.MULTILINE | re.DOTALL)
GENERATED = re.compile(r"(<!-- members: (\S+) -->\n).*?(<!-- members: end -->)", re.DOTALL)
SCHEMA: Any = json.loads(schema_text("route"))


def shapes() -> dict[str, Any]:
    """Everything that has members, by name: the file itself, its sections, and what stands in them."""
    named = {"file": SCHEMA, **SCHEMA["properties"], **SCHEMA["$defs"]}
    return {name: shape for name, shape in named.items() if any(members(shape))}


def members(shape: Any) -> Iterator[tuple[str, Any]]:
    """The members of a shape and of its alternatives, each name once."""
    found: dict[str, Any] = {}
    for variant in (shape, *shape.get("oneOf", ())):
        for name, member in variant.get("properties", {}).items():
            found.setdefault(name, member)
    yield from found.items()


def table(name: str) -> str:
    """The members of a shape: what they mean, and an example of each."""
    shape = shapes()[name]
    required = {*shape.get("required", ()), *shape.get("then", {}).get("required", ())}
    lines = ["| member | what it says | example |", "|---|---|---|"]
    for member, about in members(shape):
        meaning = about["description"] + (" Required." if member in required else "")
        if "enum" in about:
            meaning += f" One of {', '.join(f'`{value}`' for value in about['enum'])}."
        example = json.dumps(about["examples"][0], ensure_ascii=False)
        cells = (f"`{member}`", meaning, f"`{example}`")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def test_every_member_of_every_section_is_on_the_page() -> None:
    assert sorted(name for _, name, _ in GENERATED.findall(PAGE.read_text("utf-8"))) == sorted(shapes())


def test_the_tables_of_members_are_those_of_the_schema(bless: bool) -> None:
    text = PAGE.read_text("utf-8")
    fresh = GENERATED.sub(lambda match: f"{match[1]}\n{table(match[2])}\n{match[3]}", text)
    if bless:
        PAGE.write_text(fresh, "utf-8")
    assert text == fresh or bless, "run pytest --bless tests/test_docs_routes.py"


def examples() -> Iterator[Any]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for block in ROUTES.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            yield pytest.param(block[1], id=f"{page.relative_to(PROJECT)}:{line}")


@pytest.mark.parametrize("text", list(examples()))
def test_a_route_file_that_is_shown_is_accepted(text: str, tmp_path: Path) -> None:
    (tmp_path / "shown.yaml").write_text(text, "utf-8")
    found = Diagnostics()
    compile_project(load_project(tmp_path, found), found)
    assert render_terminal(found) == ""


def test_every_section_is_shown_in_use() -> None:
    shown = "".join(ROUTES.findall(PAGE.read_text("utf-8")))
    assert [section for section in SCHEMA["properties"] if not re.search(rf"^{section}:", shown, re.MULTILINE)] == []
