"""Schemas between the two languages: nothing of a user's schema makes a function fail, and what is written is closed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from torouter.language.functions.schemas import json_schema, openapi_schema

KEYWORDS = [
    "type", "properties", "items", "anyOf", "oneOf", "allOf", "enum", "const", "$ref", "$defs", "required", "description",
    "nullable", "format", "minimum", "maxItems", "default", "title", "not", "patternProperties", "additionalProperties",
]  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["string", "object", "array", "null", "#/$defs/a", "#", "x"])
NONSENSE = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYWORDS, "a", "max_items"]), inner, max_size=4),
    max_leaves=25,
)
KEPT = {
    "type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties", "required", "anyOf",
    "minimum", "maximum", "minLength", "maxLength", "minProperties", "maxProperties", "pattern", "default",
}  # fmt: skip


def keywords(schema: Any) -> set[str]:
    """Every keyword of a written schema, at every depth; names of properties are none."""
    found = set(schema)
    for inner in [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        found |= keywords(inner)
    return found


@settings(max_examples=400, deadline=None)
@given(NONSENSE)
def test_no_schema_makes_a_function_fail(schema: Any) -> None:
    json_schema(schema)
    openapi_schema(schema)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYWORDS), NONSENSE, max_size=5))
def test_only_the_smaller_language_is_written(schema: dict[str, Any]) -> None:
    assert keywords(openapi_schema(schema)) <= KEPT


@pytest.mark.parametrize("change", [json_schema, openapi_schema])
def test_a_schema_that_is_deeper_than_anybody_reads_is_no_failure(change: Any) -> None:
    schema: Any = {"type": "string"}
    for _ in range(5000):
        schema = {"type": "object", "properties": {"a": schema}}
    change(schema)


def test_a_reference_to_itself_ends() -> None:
    tree = {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}}}
    assert openapi_schema(tree) == {"type": "OBJECT", "properties": {"next": {"type": "OBJECT"}}}


def test_many_references_to_references_stay_small() -> None:
    defs: dict[str, Any] = {f"n{i}": {"type": "object", "properties": {k: {"$ref": f"#/$defs/n{i + 1}"} for k in "abcd"}} for i in range(30)}
    written = openapi_schema({"$ref": "#/$defs/n0", "$defs": {**defs, "n30": {"type": "string"}}})
    assert len(json.dumps(written)) < 1_000_000


def test_a_property_named_like_a_keyword_is_a_property() -> None:
    schema = {"type": "object", "properties": {"allOf": {"type": "string"}, "$ref": {"type": "integer"}}, "required": ["allOf", "x"]}
    assert openapi_schema(schema) == {
        "type": "OBJECT",
        "properties": {"allOf": {"type": "STRING"}, "$ref": {"type": "INTEGER"}},
        "required": ["allOf"],
    }


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}),
        ({"enum": [1, 2], "type": "integer"}, {"type": "INTEGER", "description": "One of: 1, 2"}),
        ({"type": "array"}, {"type": "ARRAY", "items": {}}),
        ({"type": "object", "additionalProperties": False, "$schema": "x"}, {"type": "OBJECT"}),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"type": "OBJECT", "properties": {"a": {}, "b": {}}}),
        ({"type": "number", "multipleOf": 2, "description": "Even."}, {"type": "NUMBER", "description": "Even.; multipleOf: 2"}),
    ],
)
def test_what_the_smaller_language_can_say_is_said(schema: Any, written: Any) -> None:
    assert openapi_schema(schema) == written
