"""Example values fit the schemas they are made from."""

import jsonschema
import pytest
from hypothesis import given, strategies as st
from torouter.sandbox.sample import sample


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "format": "date"},
        {"type": "string", "minLength": 12},
        {"type": "string", "maxLength": 3},
        {"type": "integer", "minimum": 10},
        {"type": "number", "maximum": -2},
        {"type": ["null", "string"]},
        {"type": "boolean"},
        {"enum": ["b", "a"]},
        {"const": {"fixed": [1]}},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3},
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["b"]},
        {"properties": {"a": {"type": "string"}}},
        {"$defs": {"at": {"type": "integer"}}, "type": "object", "properties": {"a": {"$ref": "#/$defs/at"}}},
    ],
)
def test_a_sample_is_valid(schema):
    jsonschema.validate(sample(schema), schema)


WORDS = ["type", "properties", "required", "items", "enum", "anyOf", "$ref", "minItems", "minLength", "minimum", "format"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["object", "array", "string", "number", "#", "#/a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(ANYTHING)
def test_whatever_a_client_sends_as_a_schema_is_survived(schema):
    sample(schema)


def test_only_required_members_are_made_unless_none_is_required():
    properties = {"a": {"type": "string"}, "b": {"type": "string"}}
    assert sample({"type": "object", "properties": properties, "required": ["b"]}) == {"b": "example"}
    assert sample({"type": "object", "properties": properties}) == {"a": "example", "b": "example"}


def test_a_requirement_that_is_no_name_is_passed_over():
    assert sample({"properties": {"a": {"type": "string"}}, "required": [["a"], 1, "b"]}) == {"a": "example"}


def test_a_default_or_an_example_is_preferred():
    assert sample({"type": "string", "default": "Paris"}) == "Paris"
    assert sample({"type": "string", "examples": ["Rome"]}) == "Rome"


def test_a_schema_that_contains_itself_many_times_comes_to_an_end():
    node = {"type": "object", "properties": {name: {"$ref": "#"} for name in "abcdefgh"}}
    assert isinstance(sample(node), dict)


@pytest.mark.parametrize("schema", [None, True, "text", {"$ref": 1}, {"$ref": "other.json"}, {"type": 7}, {"enum": []}])
def test_what_is_no_usable_schema_gives_nothing(schema):
    assert sample(schema) is None
