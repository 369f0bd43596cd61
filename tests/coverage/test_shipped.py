"""The shipped protocols: nothing is lost without a word, what can be said is said, and the docs show what is measured.

Each test sends the messages of one protocol in one direction to all protocols, so that they can run side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.coverage import Coverage, Direction, Field, cover, lines_of, load_inventories, render_markdown
from torouter.diagnostics import Diagnostics
from torouter.protocol import WireProtocol

pytestmark = pytest.mark.usefixtures("held")

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "matrix.md").read_text("utf-8")
MAPPABLE: dict[str, Any] = YAML(typ="safe").load((Path(__file__).parent / "mappable.yaml").read_text())
NAMES = sorted(load_inventories())
THROUGH = ("mapped", "approximated")


@pytest.fixture(scope="module")
def protocols() -> dict[str, WireProtocol]:
    found = Diagnostics()
    protocols = compile_project(load_project(None, found), found).protocols
    assert not found.failed
    return dict(protocols)


@pytest.mark.parametrize("direction", ["request", "response"])
@pytest.mark.parametrize("source", NAMES)
def test_fields_get_through_or_are_told_as_lost(
    source: str, direction: Direction, protocols: dict[str, WireProtocol]
) -> None:
    report = list(cover(protocols, load_inventories(), sources=[source], directions=[direction]))
    assert [each.target for each in report] == partners(source, direction, protocols)
    assert list(lines_of(report)) == []
    assert [line for pair in report for line in missing(pair)] == []
    assert [line for pair in report for line in excused_by_mistake(pair)] == []
    if not report:
        return
    heading = f"## {direction.capitalize()}s of {source}"
    made = render_markdown(report)
    assert section(made, heading) == section(PAGE, heading), "run `make matrix`"
    assert [line for line in section(made, "## Counts") if line not in section(PAGE, "## Counts")] == [], "run `make matrix`"


def test_the_page_shows_every_protocol_in_every_way_that_it_is_spoken(protocols: dict[str, WireProtocol]) -> None:
    ways: list[Direction] = ["request", "response"]
    assert re.findall("^## (.*) of (.*)$", PAGE, re.MULTILINE) == [
        (f"{way.capitalize()}s", name) for name in NAMES for way in ways if partners(name, way, protocols)
    ]


def test_every_protocol_has_an_inventory(protocols: dict[str, WireProtocol]) -> None:
    assert sorted(protocols) == NAMES


def partners(source: str, direction: Direction, protocols: dict[str, WireProtocol]) -> list[str]:
    """Who takes what a protocol sends: clients' requests go to providers, providers' answers to clients."""
    subject = {name: found for name, found in protocols.items() if found.subject == protocols[source].subject}
    clients = [name for name in NAMES if name in subject and subject[name].request_decode is not None]
    providers = [name for name in NAMES if name in subject and subject[name].request_encode is not None]
    senders, takers = (clients, providers) if direction == "request" else (providers, clients)
    return takers if source in senders else []


def section(page: str, heading: str) -> list[str]:
    """The lines below a heading of a page."""
    lines = iter(page.splitlines())
    for line in lines:
        if line == heading:
            return [line for line in takewhile(lambda line: not line.startswith("## "), lines) if line]
    return []


def missing(pair: Coverage) -> Iterator[str]:
    """What the other protocol can say, and does not get through."""
    fields = {field.name: field for field in pair.fields}
    excused = MAPPABLE["except"].get(f"{pair.direction}s", {}).get(pair.target, [])
    for line in MAPPABLE[f"{pair.direction}s"]:
        name = line.get(pair.source)
        if name is None or name in excused:
            continue
        found = lost(fields[name], line.get("words", [])) if name in fields else [f"{name}: no such field"]
        yield from (f"{pair.source} -> {pair.target}: {each}" for each in found)


def lost(field: Field, words: list[str]) -> Iterator[str]:
    """What of a field that can be said does not get through: the field, or some of its words."""
    fate = {word: outcome.status for word, outcome in field.words}
    if not words and field.status not in THROUGH:
        yield f"{field.name}: {field.status}, {field.why}"
    yield from (f"{field.name}={word}: {fate[word]}" for word in words if fate.get(word, field.status) not in THROUGH)


def excused_by_mistake(pair: Coverage) -> Iterator[str]:
    """What is said not to get through, and does."""
    if pair.source == pair.target:
        return
    fields = {field.name: field for field in pair.fields}
    for name in MAPPABLE["except"].get(f"{pair.direction}s", {}).get(pair.target, []):
        if name in fields and fields[name].status in THROUGH:
            yield f"{pair.source} -> {pair.target}: {name}"
