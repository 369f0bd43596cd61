"""A change to an inventory does what it says, and one that no longer fits is an error."""

from __future__ import annotations

from typing import Any

import pytest

from tests.inventory.judge import Judge, view
from tests.inventory.overlay import OverlayError, apply

BECAUSE = {"why": "recorded", "source": "recordings", "date": "2026-11-21"}


def types() -> dict[str, Any]:
    """Two small types: a request and what it holds."""
    return {
        "request": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"tier": {"enum": ["a", "b"]}, "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}}},
            "required": ["parts"],
        },
        "Part": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
        },
    }


def changed(*changes: dict[str, Any], dialect: str = "") -> dict[str, Any]:
    """The types after some changes."""
    made = types()
    apply(made, [BECAUSE | change for change in changes], dialect)
    return made


def findings(made: dict[str, Any], body: Any, *dialects: str) -> list[str]:
    """What the changed types find wrong with a request."""
    return Judge({"$defs": made}, frozenset(dialects)).findings("request", body)


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({"at": "Part", "add": {"note": {"type": "string"}}}, {"parts": [{"text": "a", "note": "b"}]}),
        ({"at": "request.parts[]", "add": {"note": {"type": "string"}}}, {"parts": [{"text": "a", "note": "b"}]}),
        ({"at": "Part", "optional": ["text"]}, {"parts": [{}]}),
        ({"at": "Part", "nullable": ["text"]}, {"parts": [{"text": None}]}),
        ({"at": "request.tier", "values": ["c"]}, {"parts": [], "tier": "c"}),
        ({"at": "request.parts", "branch": {"$ref": "Part"}}, {"parts": {"text": "a"}}),
        ({"at": "request.tier", "set": {"type": "integer"}}, {"parts": [], "tier": 1}),
    ],
    ids=lambda value: (
        next((word for word in value if word != "at"), "") if isinstance(value, dict) and "at" in value else ""
    ),
)
def test_a_change_lets_through_what_it_names(change: dict[str, Any], body: Any) -> None:
    assert findings(types(), body) != []
    assert findings(changed(change), body) == []


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({"at": "Part", "remove": ["text"]}, {"parts": [{"text": "a"}]}),
        ({"at": "request.tier", "remove": ["b"]}, {"parts": [], "tier": "b"}),
        ({"at": "request", "require": ["tier"]}, {"parts": []}),
    ],
)
def test_a_change_finds_what_was_let_through(change: dict[str, Any], body: Any) -> None:
    assert findings(types(), body) == []
    assert findings(changed(change), body) != []


@pytest.mark.parametrize(
    "change",
    [
        {"at": "Nobody", "add": {"a": {}}},
        {"at": "Part.text.deeper", "add": {"a": {}}},
        {"at": "Part", "add": {"text": {"type": "string"}}},
        {"at": "Part", "remove": ["gone"]},
        {"at": "Part", "optional": ["gone"]},
        {"at": "request.tier", "remove": ["z"]},
        {"at": "Part", "improve": True},
        {"define": {"Part": {"type": "string"}}},
    ],
)
def test_a_change_that_does_not_fit_is_an_error(change: dict[str, Any]) -> None:
    with pytest.raises(OverlayError):
        changed(change)


def test_a_change_without_its_reason_is_an_error() -> None:
    with pytest.raises(OverlayError, match="needs date, source, why"):
        apply(types(), [{"at": "Part", "remove": ["text"]}])


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({"at": "Part", "add": {"note": {"type": "string"}}}, {"parts": [{"text": "a", "note": "b"}]}),
        ({"at": "Part", "optional": ["text"]}, {"parts": [{}]}),
        ({"at": "request.tier", "values": ["c"]}, {"parts": [], "tier": "c"}),
        ({"at": "Part", "nullable": ["text"]}, {"parts": [{"text": None}]}),
    ],
)
def test_what_a_dialect_changes_holds_for_that_dialect_alone(change: dict[str, Any], body: Any) -> None:
    made = changed(change, dialect="abroad")
    assert findings(made, body, "abroad") == []
    assert findings(made, body) == findings(types(), body)
    assert findings(made, body, "elsewhere") != []


def test_two_dialects_may_add_the_same_member() -> None:
    made = changed({"at": "Part", "add": {"note": {"type": "string"}}}, dialect="abroad")
    apply(made, [BECAUSE | {"at": "Part", "add": {"note": {"type": "integer"}}}], "elsewhere")
    assert made["Part"]["properties"]["note"]["x-dialects"] == ["abroad", "elsewhere"]
    assert view(made, frozenset()) == types()
