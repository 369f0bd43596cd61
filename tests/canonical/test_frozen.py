"""Version 1 of the canonical model is frozen: what it has stays as it is, and what is added is optional.

The listing beside this file says every member with its type. `--bless` adds lines to it and takes none away: whoever
removes, renames or retypes a member of this version makes another version, with a listing of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torouter.canonical import schema

VERSION = 1
LISTING = Path(__file__).with_name(f"frozen_v{VERSION}.txt")
REQUIRED = " !"

# What says something to people only; all other keywords of a schema decide what is valid.
PROSE = frozenset({"$schema", "$id", "title", "description", "examples"})
STRUCTURE = frozenset({"properties", "required", "items", "oneOf", "enum", "$defs"})

Schema = dict[str, Any]


def listing() -> dict[str, str]:
    """Every place of the model, with what may stand there."""
    found: dict[str, str] = {}
    for name in schema.NAMES:
        root = schema.load(name)
        for place, node in {name: root, **{f"{name}#{key}": each for key, each in root.get("$defs", {}).items()}}.items():
            found |= members(node, place)
    return found


def members(node: Schema, place: str, required: bool = False) -> dict[str, str]:
    """A place and all that is under it; a reference is a type, and is not followed."""
    node, nullable = without_null(node)
    found = {place: kind_of(node) + (" | null" if nullable else "") + (REQUIRED if required else "")}
    found |= {f"{place} = {json.dumps(value)}": "" for value in node.get("enum", ())}
    for name, inner in node.get("properties", {}).items():
        found |= members(inner, f"{place}.{name}", name in node.get("required", ()))
    if "items" in node:
        found |= members(node["items"], f"{place}[]")
    for choice in node.get("oneOf", ()):
        if "properties" in choice:
            found |= members(choice, f"{place}:{variant(choice)}")
        elif "$ref" in choice:
            found[f"{place} = {choice['$ref']}"] = ""
    return found


def without_null(node: Schema) -> tuple[Schema, bool]:
    """The schema of a value that may be null, without that choice, and whether there was one."""
    choices = [choice for choice in node.get("anyOf", ()) if choice != {"type": "null"}]
    return (choices[0], True) if len(choices) == 1 else (node, False)


def variant(choice: Schema) -> str:
    """The name of one of several shapes: the value that tells it from the others."""
    return next(str(member["const"]) for member in choice["properties"].values() if "const" in member)


def kind_of(node: Schema) -> str:
    """What may stand in a place, in one line: a type, a reference, and every other limit."""
    said = {key: value for key, value in node.items() if key not in PROSE | STRUCTURE}
    words = [one_of(said.pop("type"))] if "type" in said else []
    words += ["one of"] if "enum" in node or ("oneOf" in node and "type" not in node) else []
    words += [said.pop("$ref")] if "$ref" in said else []
    needed = [name for choice in node.get("oneOf", ()) if "properties" not in choice for name in choice.get("required", ())]
    words += [f"with {' | '.join(needed)}"] if needed else []
    words += [f"{key}={json.dumps(bare(value))}" for key, value in sorted(said.items())]
    return " ".join(words) or "anything"


def one_of(types: str | list[str]) -> str:
    return types if isinstance(types, str) else " | ".join(types)


def bare(value: Any) -> Any:
    """A part of a schema without its prose."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key not in PROSE}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def frozen() -> dict[str, str]:
    lines = LISTING.read_text("utf-8").splitlines()
    return {place: kind for place, _, kind in (line.partition(": ") for line in lines)}


def broken(before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """Say what a user of the earlier model could stumble over."""
    for place, kind in before.items():
        if place not in now:
            yield f"{place} is gone"
        elif now[place] != kind:
            yield f"{place} was `{kind}` and is `{now[place]}`"
    for place in now.keys() - before.keys():
        if now[place].endswith(REQUIRED) and re.sub(r"\.[^.]*$", "", place) in before:
            yield f"{place} is new and required"


def write(found: dict[str, str]) -> str:
    return "".join(f"{place}: {kind}\n" if kind else f"{place}\n" for place, kind in found.items())


def test_nothing_of_this_version_is_removed_renamed_or_retyped() -> None:
    assert sorted(broken(frozen(), listing())) == []


def test_the_listing_shows_what_was_added(bless: bool) -> None:
    found = listing()
    if bless and not any(broken(frozen(), found)):
        LISTING.write_text(write(found), "utf-8")
    assert LISTING.read_text("utf-8") == write(found)


def test_every_schema_names_the_version() -> None:
    for name in schema.NAMES:
        assert schema.load(name)["$id"].endswith(f"/v{VERSION}/{name}.schema.json")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({"a": "text"}, {"a": "text", "a.b": "integer"}, []),
        ({"a": "text"}, {}, ["a is gone"]),
        ({"a.b": "text"}, {"a.c": "text"}, ["a.b is gone"]),
        ({"a": "text"}, {"a": "integer"}, ["a was `text` and is `integer`"]),
        ({"a": "text"}, {"a": "text !"}, ["a was `text` and is `text !`"]),
        ({"a = 1": ""}, {"a = 2": ""}, ["a = 1 is gone"]),
        ({"a": "object"}, {"a": "object", "a.b": "text !"}, ["a.b is new and required"]),
        ({"a": "object"}, {"a": "object", "a:b": "object", "a:b.c": "text !"}, []),
    ],
)
def test_what_breaks_a_version_is_told(before: dict[str, str], now: dict[str, str], told: list[str]) -> None:
    assert list(broken(before, now)) == told
