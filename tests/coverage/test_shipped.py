"""The shipped protocols: nothing is lost without a word, what can be said is said, and the docs show what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.coverage import Coverage, Field, cover, lines_of, load_inventories, render_markdown
from torouter.diagnostics import Diagnostics

pytestmark = pytest.mark.usefixtures("held")

PROJECT = Path(__file__).parents[2]
MAPPABLE: dict[str, Any] = YAML(typ="safe").load((Path(__file__).parent / "mappable.yaml").read_text())
THROUGH = ("mapped", "approximated")


@pytest.fixture(scope="module")
def report() -> list[Coverage]:
    found = Diagnostics()
    protocols = compile_project(load_project(None, found), found).protocols
    assert not found.failed
    return list(cover(protocols, load_inventories()))


def test_every_pair_is_covered_both_ways(report: list[Coverage]) -> None:
    names = load_inventories().keys()
    pairs = {(source, target, way) for source in names for target in names for way in ("request", "response")}
    assert {(each.source, each.target, each.direction) for each in report} == pairs


def test_no_field_is_lost_without_a_word(report: list[Coverage]) -> None:
    assert list(lines_of(report)) == []


def lost(field: Field, words: list[str]) -> Iterator[str]:
    """What of a field that can be said does not get through: the field, or some of its words."""
    fate = {word: outcome.status for word, outcome in field.words}
    if not words and field.status not in THROUGH:
        yield f"{field.name}: {field.status}, {field.why}"
    yield from (f"{field.name}={word}: {fate[word]}" for word in words if fate.get(word, field.status) not in THROUGH)


@pytest.mark.parametrize("direction", ["request", "response"])
def test_what_the_other_protocol_can_say_gets_through(report: list[Coverage], direction: str) -> None:
    wrong: list[str] = []
    for pair in (each for each in report if each.direction == direction):
        fields = {field.name: field for field in pair.fields}
        excused = MAPPABLE["except"].get(f"{direction}s", {}).get(pair.target, [])
        for line in MAPPABLE[f"{direction}s"]:
            name = line.get(pair.source)
            if name is None or name in excused:
                continue
            found = lost(fields[name], line.get("words", [])) if name in fields else [f"{name}: no such field"]
            wrong += [f"{pair.source} -> {pair.target}: {each}" for each in found]
    assert wrong == []


def test_what_is_excused_is_not_said_by_mistake(report: list[Coverage]) -> None:
    for direction, targets in MAPPABLE["except"].items():
        for target, names in targets.items():
            pairs = [each for each in report if each.target == target and f"{each.direction}s" == direction]
            fields = {field.name: field for each in pairs if each.source != target for field in each.fields}
            assert [name for name in names if fields[name].status in THROUGH] == []


def test_the_matrix_in_the_docs_is_the_one_that_is_measured(report: list[Coverage]) -> None:
    said = (PROJECT / "docs" / "matrix.md").read_text("utf-8")
    assert said == render_markdown(report), "run `make matrix`"
