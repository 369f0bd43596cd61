"""JSON inside JSON: arguments written as text, schemas that need a shape."""

from __future__ import annotations

import json
from typing import Any

import orjson

from ..unknown import known
from .registry import Registry

REGISTRY = Registry("JSON")


def dumps(value: Any) -> str:
    """Write a value as compact JSON text, characters unescaped, members in their order."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, UnicodeError, RecursionError):
        # Whole numbers past 64 bits and lone surrogates: rare, and no reason to lose the value.
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)


def loads(text: str) -> Any:
    """Read JSON text; null when it is not JSON."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError, UnicodeError):
        known(text)
        return None


@REGISTRY.add(('json_text(`{"q": "é<b>"}`)', '{"q":"é<b>"}'), ("json_text('a')", '"a"'), ("json_text(null)", None))
def json_text(value: Any) -> str | None:
    """Write a value as compact JSON text; null stays null."""
    return None if value is None else dumps(value)


@REGISTRY.add(("json_value('[1]')", [1]), ("json_value('no')", None), ("json_value(1)", None))
def json_value(text: Any) -> Any:
    """Read JSON text; null when it is not JSON."""
    return loads(text) if isinstance(text, str) else None


@REGISTRY.add(
    ("json_object('{\"a\":1}', 'value')", {"a": 1}),
    ("json_object('', 'value')", {}),
    ("json_object(null, 'value')", {}),
    ("json_object('[1]', 'value')", {"value": [1]}),
    ("json_object('{\"a\":1,}', 'value')", {"a": 1}),
    ("json_object('no', 'value')", {"value": "no"}),
    ("json_object(`{\"a\": 1}`, 'value')", {"a": 1}),
)
def json_object(value: Any, wrap: Any) -> dict[str, Any]:
    """Read JSON text as an object: empty text is `{}`, anything else is wrapped under a name: nothing is lost."""
    if isinstance(value, dict):
        return value
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return {}
    read = value if not isinstance(value, str) else _read_kindly(value)
    if isinstance(read, dict):
        return read
    return {wrap if isinstance(wrap, str) else "value": value if read is None else read}


def _read_kindly(text: str) -> Any:
    """Read JSON text, forgiving one trailing comma before the last bracket."""
    read = loads(text)
    if read is not None:
        return read
    body, last = text.rstrip()[:-1].rstrip(), text.rstrip()[-1:]
    return loads(body[:-1] + last) if body.endswith(",") and last in ("}", "]") else None


@REGISTRY.add(
    ("object_schema(null)", {"type": "object", "properties": {}}),
    ('object_schema(`{"properties": {"a": {}}}`)', {"type": "object", "properties": {"a": {}}}),
    ('object_schema(`{"type": "object"}`)', {"type": "object", "properties": {}}),
)
def object_schema(schema: Any) -> dict[str, Any]:
    """Complete the schema of an object: `type` and `properties` are always there."""
    if not isinstance(schema, dict):
        return {"type": "object", "properties": {}}
    if schema.get("type") == "object" and "properties" in schema:
        return schema
    completed = {"type": "object", **schema}
    if completed["type"] == "object" and not {"properties", "$ref", "anyOf", "oneOf", "allOf"} & completed.keys():
        completed["properties"] = {}
    return completed


_SCHEMA_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMA_MAPS = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
_SCHEMAS = frozenset({"items", "not", "if", "then", "else", "contains", "propertyNames"})


@REGISTRY.add(
    (
        'closed_schema(`{"type": "object", "properties": {"items": {"type": "object"}}}`)',
        {
            "type": "object",
            "properties": {"items": {"type": "object", "additionalProperties": False}},
            "additionalProperties": False,
        },
    ),
    ('closed_schema(`{"type": "string"}`)', {"type": "string"}),
    ("closed_schema(null)", None),
)
def closed_schema(schema: Any) -> Any:
    """Give a JSON Schema in which no object takes members that it does not name."""
    try:
        return _closed(schema)
    except RecursionError:
        return schema


def _closed(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    closed: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _SCHEMAS:
            closed[keyword] = _closed(value)
        elif keyword in _SCHEMA_LISTS and isinstance(value, list):
            closed[keyword] = [_closed(item) for item in value]
        elif keyword in _SCHEMA_MAPS and isinstance(value, dict):
            closed[keyword] = {name: _closed(member) for name, member in value.items()}
        else:
            closed[keyword] = value
    if schema.get("type") == "object" or "properties" in schema:
        closed["additionalProperties"] = False
    return closed
