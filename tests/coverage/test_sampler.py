"""From a schema to messages that differ in one field."""

from __future__ import annotations

from typing import Any

import pytest
from torouter.coverage import Inventory, probes, with_samples


def told(message: dict[str, Any], samples: dict[str, list[Any]] | None = None, **types: Any) -> list[tuple[str, str, Any, Any]]:
    """The probes of a message: field, word, with it, without it (None: no message at all)."""
    inventory = Inventory("made", with_samples({"request": message, **types}, samples or {}))
    found = probes(inventory, "request")
    return [(each.field, each.value, each.present, each.absent) for each in found]


def shape(**properties: Any) -> dict[str, Any]:
    """An object; a member whose name ends in `_` must be there."""
    required = [name.removesuffix("_") for name in properties if name.endswith("_")]
    members = {name.removesuffix("_"): schema for name, schema in properties.items()}
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


TEXT = {"type": "string"}


def test_a_field_is_there_or_not() -> None:
    assert told(shape(dice={"type": "integer", "minimum": 2, "maximum": 4})) == [
        (".dice", "", {"dice": 3}, {}),
        (".dice", "", {"dice": 4}, {}),
    ]


def test_what_must_be_there_is_compared_with_another_value() -> None:
    assert told(shape(name_=TEXT)) == [(".name", "", {"name": "beta"}, {"name": "alpha"})]


def test_every_word_is_tried() -> None:
    assert [(word, with_it) for _, word, with_it, _ in told(shape(way={"enum": ["up", "down", None]}))] == [
        ("up", {"way": "up"}),
        ("down", {"way": "down"}),
    ]


def test_a_field_of_an_object_is_compared_with_the_object_without_it() -> None:
    found = told(shape(manner=shape(kind_={"const": "calm"}, warmth={"examples": [1, 2]})))
    assert found == [
        (".manner.warmth", "", {"manner": {"kind": "calm", "warmth": 1}}, {"manner": {"kind": "calm"}}),
        (".manner.warmth", "", {"manner": {"kind": "calm", "warmth": 2}}, {"manner": {"kind": "calm"}}),
    ]


def test_an_object_that_only_says_that_it_is_there_is_a_field() -> None:
    assert told(shape(keep=shape(kind_={"const": "short"}))) == [(".keep", "", {"keep": {"kind": "short"}}, {})]


LINES = {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/Say"}, {"$ref": "#/$defs/Draw"}]}}
SAY = shape(is_={"const": "say"}, text_=TEXT)
DRAW = shape(is_={"const": "draw"}, with_ink={"type": "boolean"})


def test_a_member_of_a_union_stands_beside_another_and_is_named() -> None:
    found = told(shape(lines=LINES), Say=SAY, Draw=DRAW)
    say, draw = {"is": "say", "text": "alpha"}, {"is": "draw"}
    assert found[0] == (".lines[]<say>", "", {"lines": [say]}, {})
    assert found[1] == (".lines[]<say>.text", "", {"lines": [{**say, "text": "beta"}]}, {"lines": [say]})
    assert found[2] == (".lines[]<draw>", "", {"lines": [say, draw]}, {"lines": [say]})
    assert found[3] == (".lines[]<draw>.with_ink", "", {"lines": [say, {**draw, "with_ink": True}]}, {"lines": [say, draw]})


def test_members_of_one_kind_go_by_the_names_of_their_types() -> None:
    loud = shape(is_={"const": "say"}, loudly={"type": "boolean"})
    lines = {"type": "array", "items": {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("Say", "Loud", "Draw")]}}
    found = told(shape(lines=lines), Say=SAY, Loud=loud, Draw=DRAW)
    assert {field.partition("[]")[2] for field, *_ in found} == {
        "<Say>", "<Say>.text", "<Loud>", "<Loud>.loudly", "<draw>", "<draw>.with_ink",
    }  # fmt: skip


def test_a_sample_is_changed_where_it_has_the_field() -> None:
    sample = {"lines": [{"is": "draw"}, {"is": "say", "text": "hello"}, {"is": "draw", "with_ink": False}]}
    found = told(shape(lines=LINES), {"request": [sample]}, Say=SAY, Draw=DRAW)
    assert found[1] == (
        ".lines[]<say>.text",
        "",
        {"lines": [{"is": "draw"}, {"is": "say", "text": "alpha"}, {"is": "draw", "with_ink": False}]},
        sample,
    )
    assert found[-2][3] == {"lines": [{"is": "draw"}, {"is": "say", "text": "hello"}, {"is": "draw"}]}


@pytest.mark.parametrize("place", ["request.manner.warmth", "Manner.warmth"])
def test_a_sample_is_given_to_a_type_or_to_what_is_in_it(place: str) -> None:
    manner = {"$ref": "#/$defs/Manner"} if place.startswith("Manner") else shape(warmth=TEXT)
    found = told(shape(manner=manner), {place: ["hot", "cold"]}, Manner=shape(warmth=TEXT))
    assert [with_it for *_, with_it, _ in found] == [{"manner": {"warmth": "hot"}}, {"manner": {"warmth": "cold"}}]


def test_a_member_that_excludes_others_stands_in_the_sample_that_has_it() -> None:
    found = told(shape(say=TEXT, draw=TEXT), {"request": [{"say": "hi"}, {"draw": "line"}]})
    assert (".draw", "", {"draw": "alpha"}, {}) in found


def test_what_holds_itself_is_entered_once() -> None:
    box = shape(label=TEXT, boxes={"type": "array", "items": {"$ref": "#/$defs/Box"}})
    assert {field for field, *_ in told(shape(box={"$ref": "#/$defs/Box"}), Box=box)} == {".box.label"}


def test_what_is_opaque_is_one_field() -> None:
    found = told(shape(rules={"type": "object", "properties": {"a": TEXT}, "x-opaque": True}))
    assert {field for field, *_ in found} == {".rules"}
